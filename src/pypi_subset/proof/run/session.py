"""One run of the suite: what it is to prove, what came back, and what people see of it."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from pypi_subset.errors import FolderError, TargetError
from pypi_subset.model.checks import Check
from pypi_subset.proof.cases.case import unanswered
from pypi_subset.proof.evidence.author import authored
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.proof.inventory import inventory, unchanged
from pypi_subset.proof.methods.prove import check_of
from pypi_subset.proof.report import report
from pypi_subset.proof.report.verdict import is_red
from pypi_subset.support.machine import memory
from pypi_subset.support.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset
    from pypi_subset.proof.cache.green_results import Proven
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.cases.shards import Shard
    from pypi_subset.proof.evidence.key import Key
    from pypi_subset.support.progress import Progress, Stage


logger = logging.getLogger(__name__)

#: pytest's exit codes for a run that ended by itself, and for Ctrl-C.
_GREEN, _RED, INTERRUPTED = 0, 1, 2

#: What xdist says of a process that vanished.
_CRASHED = "crashed while running"

#: The property of a test for a case that this machine could not prove.
BROKEN = "broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """
    Everything there is to prove.

    :param cases: of all parts, if the run is about one of them.
    :param targets: those that it is restricted to, none for all.
    :param shard: the part of *cases* that is to be proven, ``None`` for all.
    :param known: name of a case → its results from before.
    """

    paths: Paths
    subset: Subset
    cases: tuple[Case, ...]
    targets: tuple[str, ...] = ()
    shard: Shard | None = None
    known: Mapping[str, tuple[Check, ...]] = field(default_factory=dict)

    @property
    def own(self) -> tuple[Case, ...]:
        """The cases that this run is about."""
        return self.cases if self.shard is None else self.shard.of(self.cases)

    @property
    def open(self) -> tuple[Case, ...]:
        """Those of them that are to be proven now."""
        return tuple(case for case in self.own if case.name not in self.known)

    def restricted(self, names: Sequence[str]) -> Suite:
        """
        Return the suite for the targets *names* alone, unchanged if there are none.

        The subset keeps all of its jobs: the inventory is about the whole site.

        :raises TargetError: there is no such target.
        """
        require_targets(self.subset, names)
        if not names:
            return self
        cases = tuple(case for case in self.cases if case.target.name in names)
        return replace(self, cases=cases, targets=tuple(sorted(set(names))))


def require_targets(subset: Subset, names: Sequence[str]) -> None:
    """
    Return if *subset* has targets of all *names*.

    :raises TargetError: there is no such target.
    """
    known = [target.name for target in subset.targets]
    for name in names:
        if name not in known:
            msg = f"there is no target {name!r}"
            raise TargetError(msg, nearest=known, target=name)


class Session:
    """
    Gathers the results of one run and ends it with a report.

    :param isolation: what keeps the code of packages away from this machine, or `none` and why.
    :param key: that of who makes the report; no test and no worker has it.
    :param memory: keeps green results for the next run.
    :param progress: has a stage with a step for each case.
    """

    def __init__(
        self, suite: Suite, *, isolation: str, key: Key, memory: Proven | None = None, progress: Progress = SILENT
    ) -> None:
        self.suite, self.isolation, self._key, self._memory, self._progress = suite, isolation, key, memory, progress
        self.checks: list[Check] = [check for checks in suite.known.values() for check in checks]
        self._shown = contextlib.ExitStack()
        self._stage: Stage = SILENT
        #: The report, once the run has ended by itself.
        self.report: Report | None = None
        #: Why this machine could not run the code of packages, ``""`` if it could.
        self.broken = ""
        self._before = unchanged.snapshot(suite.paths.site)
        self._targets = {case.name: case.target.name for case in suite.open}
        self._left = Counter(self._targets.values())
        self._began = time.monotonic()

    def begin(self) -> None:
        """Show progress from now on: a step for each case, and two for the inventory."""
        self._stage = self._shown.enter_context(self._progress.stage("proving", len(self.suite.open) + 2))
        self._began = time.monotonic()

    def take(self, name: str, *checks: Check) -> None:
        """Add the results of the case *name*."""
        self.checks += checks
        logger.info("%s: %s", name or "inventory", ", ".join(check.status for check in checks))
        self._stage.advance()
        target = self._targets.pop(name, "")
        self._left[target] -= 1
        if target and not self._left[target]:
            self._stage.finished(target, time.monotonic() - self._began)

    def stop(self) -> None:
        """Show no progress any more."""
        self._shown.close()

    def heard(self, test: Any) -> None:
        """
        Take in the results that one test sent.

        :param test: pytest's report on a phase of the test. One that failed without a result is red by its own words:
            the test itself is broken, or the worker that ran it crashed.
        """
        sent = [msgspec.convert(value, Check) for name, value in test.user_properties if name == "check"]
        self.broken = next((str(value) for name, value in test.user_properties if name == BROKEN), self.broken)
        if test.when == "call":
            self.take(_name(test), *sent)
            self._learn(_name(test), sent)
        if test.failed and (test.when != "call" or not any(check.status == "failed" for check in sent)):
            self.checks.append(self._broken(test))
            self._learn(_name(test), ())

    def end(self, exitstatus: int) -> int:
        """
        Write the report and return pytest's exit status.

        After Ctrl-C there is no `report`. If anything is red by then, the report says so, and what has no result is red in it
        too: an older report must not stay green beside it. If nothing is, the older report is left alone.

        :param exitstatus: what pytest would end with.
        """
        self.stop()
        if self._memory is not None:
            # What was proven before Ctrl-C as well.
            self._memory.keep()
        if self.broken:
            return report.BROKEN
        if exitstatus == INTERRUPTED:
            if any(check.status == "failed" for check in self.checks):
                with contextlib.suppress(FolderError):
                    report.write_report(self._report("the run was interrupted"), self.suite.paths.site)
            return exitstatus
        self.checks += self._changes()
        self.report = self._report("there is no result")
        red = is_red(self.report)
        try:
            report.write_report(self.report, self.suite.paths.site)
        except FolderError:
            # Without a report in the site, no other program knows of a green proof.
            return _RED if red else report.UNWRITTEN
        return max(exitstatus, _RED if red else _GREEN)

    def _changes(self) -> Iterator[Check]:
        """Yield a red check for each file of the site that is not what it was when the run began."""
        for sentence in self._before.changes():
            yield inventory.check("failed", sentence)
        if self.suite.open and not all(case.isolated for case in self.suite.open):
            # What ran beside these files could have changed them without a trace.
            suite = self.suite
            try:
                looked = [*inventory.take(suite.paths, suite.subset, suite.targets)]
            except FolderError as error:
                looked = [inventory.check("failed", str(error))]
            yield from (check for check in looked if check.status == "failed" and check not in self.checks)

    def _report(self, missing: str) -> Report:
        """Return the report; a case without a result is red, for the reason *missing*."""
        self.checks += [check_of(case, "failed", missing) for case in unanswered(self.suite.own, self.checks)]
        made = report.report_of(
            self.checks,
            site=self.suite.paths.site,
            isolation=self.isolation,
            targets=self.suite.targets,
            shard=str(self.suite.shard or ""),
            accepted=self.suite.subset.accepted,
        )
        # Of what was there when the run began: what came later is not what was proven.
        made = msgspec.structs.replace(made, manifest_sha256=self._before.manifest_sha256)
        return authored(made, self._key, subset_digest(self.suite.subset))

    def _learn(self, name: str, checks: Sequence[Check]) -> None:
        cases = [case for case in self.suite.open if case.name == name]
        # Results of two cases with one name could not be distinguished.
        if self._memory is not None and len(cases) == 1:
            self._memory.learn(cases[0], checks)

    def _broken(self, test: Any) -> Check:
        """Return a red result for a test that failed without one of its own."""
        words = (str(test.longrepr).strip().splitlines() or ["no reason"])[-1]
        if _CRASHED in words:
            words += f"; see whether it {memory.KILLED}"
        for case in self.suite.cases:
            if case.name == _name(test):
                return check_of(case, "failed", f"the proof itself broke: {words}")
        return inventory.check("failed", f"{test.nodeid}: {words}")


def _name(test: Any) -> str:
    """Return the name of the case that a test is about, ``""`` for another test."""
    return str(test.nodeid).partition("[")[2].rstrip("]")
