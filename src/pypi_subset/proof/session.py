"""One run of the suite: what it is to prove, what came back, and what people see of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pypi_subset.errors import FolderError, TargetError
from pypi_subset.proof import inventory, report
from pypi_subset.proof.case import unanswered
from pypi_subset.proof.prove import check_of
from pypi_subset.proof.verdict import read_check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model import Check, Paths, Plan
    from pypi_subset.proof.case import Case

#: Columns of the table where the terminal does not say how many it has.
WIDTH = 140

#: pytest's exit codes for a run that ended by itself, and for Ctrl-C.
_GREEN, _RED, _INTERRUPTED = 0, 1, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """Everything there is to prove; *targets* are those that it is restricted to, none for all."""

    paths: Paths
    plan: Plan
    cases: tuple[Case, ...]
    targets: tuple[str, ...] = ()

    def restricted(self, names: Sequence[str]) -> Suite:
        """
        Return the suite for the targets *names* alone, unchanged if there are none.

        The plan keeps all of its jobs: the inventory is about the whole site.

        :raises TargetError: there is no such target.
        """
        known = [target.name for target in self.plan.targets]
        for name in names:
            if name not in known:
                msg = f"there is no target {name!r}"
                raise TargetError(msg, nearest=known, target=name)
        if not names:
            return self
        cases = tuple(case for case in self.cases if case.target.name in names)
        return replace(self, cases=cases, targets=tuple(sorted(set(names))))


class Session:
    """Gathers the results of one run, shows how it goes, and ends it with a table and a report."""

    def __init__(self, suite: Suite, *, seal: str) -> None:
        self.suite, self.seal = suite, seal
        self.checks: list[Check] = []
        terminal = sys.stdout.isatty()
        self.console = Console(width=None if terminal else WIDTH, highlight=False)
        columns = (
            TextColumn("proving"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        self._progress = Progress(*columns, console=self.console, transient=True, disable=not terminal)
        self._task = self._progress.add_task("", total=len(suite.cases) + 2)

    def begin(self) -> None:
        """Show progress from now on, if there is a terminal."""
        self._progress.start()

    def take(self, name: str, *checks: Check) -> None:
        """Take in the results of a case; *name* is what people see of it."""
        self.checks += checks
        self._progress.update(self._task, advance=1, description=name)

    def stop(self) -> None:
        """Show no progress any more: the run is over, or was cut off."""
        self._progress.stop()

    def heard(self, test: Any) -> None:
        """
        Take in the results that one test sent.

        :param test: pytest's report on a phase of the test. One that failed without a result is red by its own words:
            the test itself is broken, or the worker that ran it crashed.
        """
        sent = [read_check(value) for name, value in test.user_properties if name == "check"]
        if test.when == "call":
            self.take(test.nodeid.partition("[")[2].rstrip("]"), *sent)
        if test.failed and (test.when != "call" or not any(check.status == "failed" for check in sent)):
            self.checks.append(self._broken(test))

    def end(self, exitstatus: int) -> int:
        """
        Show the table and write the report, unless the run was interrupted; return pytest's exit status.

        :param exitstatus: what pytest would end with.
        """
        self.stop()
        if exitstatus == _INTERRUPTED:
            return exitstatus
        self.checks += [
            check_of(case, "failed", "there is no result") for case in unanswered(self.suite.cases, self.checks)
        ]
        document = report.report_of(self.checks, site=self.suite.paths.site, seal=self.seal, targets=self.suite.targets)
        self.console.print(report.table_of(self.checks))
        # What is so by each way in is said once.
        said = [*report.remarks(self.checks), *report.opinions(self.checks), *report.findings(self.checks)]
        for line in dict.fromkeys(said):
            self.console.print(line, markup=False, soft_wrap=True)
        totals = document["totals"]
        counts = [f"{totals[word]} {word}" for word in ("passed", "failed", "skipped")]
        counts += [f"{totals['differs']} of another opinion"] if totals["differs"] else []
        self.console.print(f"{', '.join(counts)}; seal: {self.seal}", markup=False)
        try:
            report.write_report(document, self.suite.paths.site)
        except FolderError:
            # What was proven has been said; but without a report nobody else can know it.
            return _RED if totals["failed"] else report.UNWRITTEN
        return max(exitstatus, _RED if totals["failed"] else _GREEN)

    def _broken(self, test: Any) -> Check:
        """Return a red result for a test that failed without one of its own."""
        words = str(test.longrepr).strip().splitlines() or ["no reason"]
        reason = f"{test.nodeid}: {words[-1]}"
        name = test.nodeid.partition("[")[2].rstrip("]")
        for case in self.suite.cases:
            if case.name == name:
                return check_of(case, "failed", f"the proof itself broke: {words[-1]}")
        return inventory.check("failed", reason)
