"""
pytest around `pypi_subset.proof`: one test for each case, results gathered in one place, a report at the end.

The suite is started by `pypi_subset.proof.run_suite`; ``pytest --pyargs pypi_subset.verify --subset-…`` does as well.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.errors import DiskError, SubsetError
from pypi_subset.model.documents import encode
from pypi_subset.model.paths import Paths
from pypi_subset.proof.cache import green_results
from pypi_subset.proof.cases import shards
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.evidence import key
from pypi_subset.proof.isolation.available import NAMESPACES
from pypi_subset.proof.machines import boxes, interpreters
from pypi_subset.proof.report.report import lines_of
from pypi_subset.proof.run import room
from pypi_subset.proof.run.relay import Sender
from pypi_subset.proof.run.session import Session, Suite
from pypi_subset.requirements.of_site import asked
from pypi_subset.support.progress import SILENT
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.model.checks import Check

SUITE = pytest.StashKey[Suite]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings of the suite: where things are, what may be used, what is to be proven."""
    group = parser.getgroup("pypi-subset")
    for name in ("requirements", "packages", "site"):
        group.addoption(f"--subset-{name}", default=name, help=f"the directory {name}/")
    group.addoption("--subset-work", default="", help="a directory for scratch files")
    group.addoption("--subset-python", action="append", default=[], help="an interpreter; may be repeated")
    group.addoption("--subset-target", action="append", default=[], help="prove this target only; may be repeated")
    group.addoption("--subset-shard", default="", help="prove this part only, as in 2/8")
    group.addoption("--subset-all", action="store_true", help="prove again what was proven before")
    group.addoption("--subset-result", default="", help="a file for the report; progress is then sent as lines")
    group.addoption("--subset-key", default="", help="the file with the key of reports (default: the user's own)")
    group.addoption("--subset-isolation", default="none: started without", help="what isolates the code of packages")


def pytest_configure(config: pytest.Config) -> None:
    """Read what there is to prove; xdist's workers are handed what the first process read."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        config.stash[SUITE] = pickle.loads(workerinput["suite"])  # noqa: S301 - our own controller wrote it
        return
    named = config.getoption("--subset-key")
    try:
        suite, own = _read_suite(config), key.made(Path(named) if named else key.key_path())
        if config.getoption("--subset-isolation") == NAMESPACES:
            private = (own.path, suite.paths.packages, suite.paths.requirements)
            boxes.require_unseen(private, [case.interpreter for case in suite.cases if case.interpreter])
        isolation, paths = config.getoption("--subset-isolation"), suite.paths
        memory = green_results.Proven(paths.packages, paths.site, isolation, own)
        if not config.getoption("--subset-all"):
            suite = replace(suite, known=dict(green_results.known(memory, suite.own)))
        room.require(suite)
        result = config.getoption("--subset-result")
        progress = Sender(sys.stdout) if result else SILENT
        session = Session(suite, isolation=isolation, key=own, memory=memory, progress=progress)
    except DiskError as error:
        sys.stdout.write(f"{room.sent(error)}\n")
        pytest.exit(str(error), returncode=room.NO_ROOM)
    except SubsetError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    config.stash[SUITE] = suite
    config.pluginmanager.register(_Gatherer(session, result))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the suite to one of xdist's workers."""
    node.workerinput["suite"] = pickle.dumps(node.config.stash[SUITE])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each case."""
    if "case" in metafunc.fixturenames:
        cases = metafunc.config.stash[SUITE].open
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])


@pytest.fixture
def suite(request: pytest.FixtureRequest) -> Suite:
    """Return what there is to prove."""
    return request.config.stash[SUITE]


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Callable[[Check], None]:
    """Return a function that sends a result to where all are gathered, and fails the test if it is red."""

    def send(*checks: Check) -> None:
        for check in checks:
            record_property("check", asdict(check))
        red = [check.reason for check in checks if check.status == "failed"]
        if red:
            pytest.fail("\n".join(red), pytrace=False)

    return send


class _Gatherer:
    """Hooks of the process that gathers; xdist's workers have none of it."""

    def __init__(self, session: Session, result: str) -> None:
        self.session, self.result = session, result

    def pytest_sessionstart(self) -> None:
        """Begin to show progress."""
        self.session.begin()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in the results that a test sent; a test that could not send one is red by its own words."""
        self.session.heard(report)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the report; a case without a result makes the run red."""
        session.exitstatus = self.session.end(exitstatus)
        if self.session.broken:
            sys.stdout.write(f"{self.session.broken}\n")
        if self.result and self.session.report is not None:
            Path(self.result).write_bytes(encode(self.session.report))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the findings, where pytest was started by hand."""
        for line in lines_of(self.session.report) if self.session.report is not None else ():
            terminalreporter.write_line(printable(line))


def _read_suite(config: pytest.Config) -> Suite:
    """Return everything to prove, read again from ``requirements/``."""
    option = config.getoption
    paths = Paths(**{name: Path(option(f"--subset-{name}")) for name in ("requirements", "packages", "site")})
    subset, paths = asked(paths)
    files = [Path(file) for file in option("--subset-python")] or [Path(sys.executable)]
    work = Path(option("--subset-work") or tempfile.mkdtemp(prefix="pypi-subset-proof-"))
    isolated = option("--subset-isolation") == NAMESPACES
    cases = cases_of(subset, paths, interpreters.find(files), work, isolated=isolated)
    shard = shards.parse(option("--subset-shard"))
    return Suite(paths=paths, subset=subset, cases=cases, shard=shard).restricted(option("--subset-target"))
