"""One run, without pytest: what results become, and what Ctrl-C leaves."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model.checks import Check
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.report import read_report, report_path
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.cases.shards import Shard
from pypi_subset.proof.evidence.author import has_author
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods.prove import check_of
from pypi_subset.proof.report import report
from pypi_subset.proof.run.session import BROKEN, Session, Suite
from pypi_subset.support import files
from tests.support.sites.cases import CLICK, COLORAMA, WINDOWS
from tests.support.sites.published import own_key
from tests.support.sites.subset_on_disk import SubsetOnDisk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a whole subset for Windows."""
    pins = {"windows": [CLICK, COLORAMA]}
    return SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins=pins).write()


@pytest.fixture
def suite(subset: SubsetOnDisk, tmp_path: Path) -> Suite:
    """Return what there is to prove for Windows."""
    return Suite(paths=subset.paths, subset=subset.plan, cases=cases_of(subset.plan, subset.paths, (), tmp_path))


def heard(nodeid: str, when: str, *checks: dict[str, Any], longrepr: str = "") -> SimpleNamespace:
    """Return what pytest reports on one phase of a test."""
    sent = [("check", check) for check in checks]
    return SimpleNamespace(nodeid=nodeid, when=when, user_properties=sent, failed=bool(longrepr), longrepr=longrepr)


def test_a_case_without_a_result_is_red(suite: Suite) -> None:
    """A run in which a case was never answered ends red, even if pytest would call it green."""
    session = Session(suite, isolation="none", key=own_key())
    session.begin()
    joint = Check(target="windows", set_name="base", request="", proof="unpacked", status="passed", notes=("a note",))
    session.heard(heard("test_requests.py::test_request[windows--base]", "setup"))
    session.heard(heard("test_requests.py::test_request[windows--base]", "call", json.loads(json.dumps(asdict(joint)))))
    assert session.checks == [joint]
    assert session.end(0) == 1
    assert session.report is not None
    assert "failed: windows, base, click: there is no result" in report.lines_of(session.report)
    written = read_report(report_path(suite.paths.site))
    assert (has_author(written, own_key()), written.subset_sha256) == (True, subset_digest(suite.subset))


def test_a_test_that_breaks_is_red(suite: Suite) -> None:
    """A test that fails without a result of its own is red by its own last words, whatever it was about."""
    session = Session(suite, isolation="none", key=own_key())
    session.heard(heard("test_requests.py::test_request[windows--base]", "call", longrepr="Traceback\nE   Oh no"))
    session.heard(heard("test_inventory.py::test_inventory", "setup", longrepr="E   no fixture"))
    assert [(check.target, check.status, check.reason) for check in session.checks] == [
        ("windows", "failed", "the proof itself broke: E   Oh no"),
        ("", "failed", "test_inventory.py::test_inventory: E   no fixture"),
    ]


def test_an_interrupted_run_without_a_fault_leaves_no_report(suite: Suite) -> None:
    """After Ctrl-C the last whole report stands, if nothing was red until then."""
    session = Session(suite, isolation="none", key=own_key())
    session.take("", inventory.check("passed", "all there"))
    assert session.end(2) == 2
    assert not report_path(suite.paths.site).exists()


def test_an_interrupted_run_that_was_red_says_so(suite: Suite, subset: SubsetOnDisk) -> None:
    """A green report from before does not outlive what is known to be red; what has no result yet is red as well."""
    green = inventory.check("passed", "all there")
    report.write_report(report.report_of([green], site=suite.paths.site, isolation="none"), suite.paths.site)
    session = Session(suite, isolation="none", key=own_key())
    session.take("windows--base", check_of(suite.cases[0], "failed", "it does not install"))
    assert session.end(2) == 2
    assert report.findings(read_report(report_path(subset.paths.site)).checks) == [
        "failed: windows, base, all together: it does not install",
        "failed: windows, base, click: the run was interrupted",
    ]
    assert "not proven: 2 red" in (suite.paths.site / "proof" / "badge.svg").read_text()


def test_an_interrupted_run_that_cannot_write_ends_all_the_same(suite: Suite) -> None:
    """Where no report can be written, Ctrl-C is still Ctrl-C."""
    session = Session(suite, isolation="none", key=own_key())
    session.take("", inventory.check("failed", "one is gone"))
    (suite.paths.site / "proof").write_text("in the way")
    assert session.end(2) == 2


def test_one_target_alone(suite: Suite) -> None:
    """A run can be restricted to some targets; a name that is none is refused with the nearest."""
    assert suite.restricted(["windows"]).targets == ("windows",)
    assert suite.restricted([]) is suite
    with pytest.raises(SubsetError, match=r"no target 'windos'; did you mean 'windows'\?"):
        suite.restricted(["windos"])


def test_a_part_is_about_its_own_cases(suite: Suite) -> None:
    """A part has its share of the cases; what was proven before is not open."""
    assert suite.own == suite.open == suite.cases
    parts = [replace(suite, shard=Shard(number=number, count=2)) for number in (1, 2)]
    assert {case.name for part in parts for case in part.own} == {case.name for case in suite.cases}
    assert [len(part.own) for part in parts] == [1, 1]
    (first, second) = suite.cases
    known = {first.name: (check_of(first, "passed", ""),)}
    assert replace(suite, known=known).open == (second,)
    assert replace(suite, known=known).own == suite.cases


def test_what_was_known_is_in_the_report(suite: Suite) -> None:
    """Results of an earlier run stand beside those of this one."""
    first, second = suite.cases
    session = Session(
        replace(suite, known={first.name: (check_of(first, "passed", ""),)}), isolation="none", key=own_key()
    )
    session.take(second.name, check_of(second, "passed", ""))
    assert session.end(0) == 0
    assert [check.request for check in read_report(report_path(suite.paths.site)).checks] == ["", "click"]


def test_a_green_run_that_cannot_write_is_no_success(suite: Suite) -> None:
    """What nobody can read is no proof for others: the exit code is one of its own."""
    session = Session(suite, isolation="none", key=own_key())
    for case in suite.cases:
        session.take(case.name, check_of(case, "passed", ""))
    (suite.paths.site / "proof").write_text("in the way")
    assert session.end(0) == report.UNWRITTEN


def test_the_exit_code_of_pytest_stays(suite: Suite) -> None:
    """Where nothing is red and pytest itself failed, its exit code is the run's."""
    session = Session(suite, isolation="none", key=own_key())
    for case in suite.cases:
        session.take(case.name, check_of(case, "passed", ""))
    assert session.end(3) == 3


def test_a_site_that_changed_meanwhile_is_red(suite: Suite, subset: SubsetOnDisk) -> None:
    """A file that another program replaced during the run is red, and the report is about the manifest of the beginning."""
    before = files.sha256_of(manifest_path(suite.paths.site))
    session = Session(suite, isolation="namespaces", key=own_key())
    subset.file(CLICK).write_bytes(b"trojan")
    manifest = manifest_path(suite.paths.site)
    manifest.write_bytes(manifest.read_bytes() + b" ")
    assert session.end(0) == 1
    assert session.report is not None
    assert session.report.manifest_sha256 == before
    red = [check.reason for check in session.report.checks if check.proof == "inventory"]
    assert red == [
        f"{name} was changed while it was proven" for name in ("manifest.json", f"simple/click/{CLICK.filename}")
    ]


def test_without_isolation_all_is_hashed_again(suite: Suite, subset: SubsetOnDisk) -> None:
    """What ran beside the site may have left no trace in inode, size and times: the inventory is taken once more."""
    path = subset.file(CLICK)
    facts, data = path.stat(), path.read_bytes()
    path.write_bytes(bytes(reversed(data)))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    open_cases = tuple(replace(case, isolated=False) for case in suite.cases)
    for cases, found in ((suite.cases, 0), (open_cases, 1)):
        # Both begin when the file is spoilt already, so that nothing changes in their time.
        session = Session(replace(suite, cases=cases), isolation="none", key=own_key())
        session.end(0)
        assert session.report is not None
        red = [check.reason for check in session.report.checks if check.proof == "inventory"]
        assert len(red) == found
    assert CLICK.filename in red[0]


def test_a_machine_that_cannot_make_boxes_reports_nothing(suite: Suite) -> None:
    """A box that failed is no result: no report is written, and the reason is kept for the last line."""
    session = Session(suite, isolation="namespaces", key=own_key())
    test = heard("test_requests.py::test_request[windows--base]", "call", longrepr="BoxFailed")
    test.user_properties.append((BROKEN, "a box could not do its work: it ended without a word"))
    session.heard(test)
    assert session.end(1) == report.BROKEN
    assert (session.report, session.broken) == (None, "a box could not do its work: it ended without a word")
    assert not report_path(suite.paths.site).exists()
