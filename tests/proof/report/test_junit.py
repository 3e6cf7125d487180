"""The report for build servers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pypi_subset.proof.report import badge, junit, report
from pypi_subset.proof.report.verdict import NOTHING
from tests.support.sites.published import AMBER, CHECKS, proven_and_stage
from tests.support.stages.values import BRISK

if TYPE_CHECKING:
    from pypi_subset.model.report import Report


@pytest.fixture
def sites(tmp_path: Path) -> tuple[Path, Path]:
    """Return a proven site, and a stage whose manifest is the same."""
    return proven_and_stage(tmp_path)


#: Element → its attributes, and the elements it may hold, as build servers read it.
COUNTS = {"name", "tests", "failures", "errors", "skipped", "time"}


FORM: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": (COUNTS, {"testsuite"}),
    "testsuite": (COUNTS, {"properties", "testcase"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"classname", "name", "time"}, {"failure", "skipped", "system-out"}),
    "failure": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
}


def tree(text: str) -> ET.Element:
    """Return the root of an XML document that we wrote."""
    return ET.fromstring(text)  # noqa: S314 - it is ours


def read_junit(document: Report) -> ET.Element:
    """Return the root of the report in its form for build servers, which keeps to the form and counts right."""
    root = tree(junit.render(document))
    for element in root.iter():
        attributes, inside = FORM[element.tag]
        assert set(element.keys()) == attributes
        assert {child.tag for child in element} <= inside
    for suite in [root, *root.iter("testsuite")]:
        counted = Counter(child.tag for case in suite.iter("testcase") for child in case)
        assert suite.get("tests") == str(len(list(suite.iter("testcase"))))
        assert suite.get("errors") == "0"
        assert (suite.get("failures"), suite.get("skipped")) == (str(counted["failure"]), str(counted["skipped"]))
    return root


def cases(root: ET.Element) -> dict[tuple[str | None, str | None], str]:
    """Return class and name of each case → how it went."""
    found = {}
    for case in root.iter("testcase"):
        words = [child.tag for child in case if child.tag != "system-out"]
        found[case.get("classname"), case.get("name")] = words[0] if words else "passed"
    assert len(found) == len(list(root.iter("testcase")))
    return found


def test_build_servers_get_a_case_for_each_result(sites: tuple[Path, Path]) -> None:
    """Named by target, set, request, kind and way; what is red has its reason and its command."""
    red = replace(CHECKS[0], way="simple", command="pip install aa", versions=("bb==1",))
    root = read_junit(report.report_of([red, *CHECKS[1:]], site=sites[0], isolation="none"))
    assert cases(root) == {
        ("pypi-subset.site", "all files (inventory)"): "passed",
        ("pypi-subset.linux.base", "all together (installed)"): "passed",
        ("pypi-subset.win.base", "aa[b] (unpacked, simple)"): "failure",
    }
    (failure,) = root.iter("failure")
    assert (failure.get("message"), failure.text) == ("aa is not there", "aa is not there\npip install aa")
    assert [out.text for out in root.iter("system-out")] == ["needs libX", "bb==1"]


def test_amber_is_passed_and_named() -> None:
    """A build server has no such state: the case passes, its output says why, and the suite counts."""
    root = read_junit(report.report_of([AMBER, *CHECKS[1:]], site=Path("nowhere"), isolation="none"))
    assert cases(root)["pypi-subset.linux.base", "soupsieve (installed)"] == "passed"
    assert "amber: soupsieve lacks bs4" in [out.text for out in root.iter("system-out")]
    assert {one.get("value") for one in root.iter("property") if one.get("name") == "amber"} == {"1"}


def test_a_case_keeps_its_name(sites: tuple[Path, Path]) -> None:
    """Whatever the outcome, and however much the inventory finds, so that a build server can follow it."""
    checks = [replace(CHECKS[2], status="failed", reason=reason) for reason in ("one is gone", "two is gone")]
    both = (report.report_of(given, site=sites[0], isolation="none") for given in (checks, CHECKS[2:]))
    found, green = (cases(read_junit(document)) for document in both)
    assert found == {("pypi-subset.site", "all files (inventory)"): "failure"}
    assert green == {("pypi-subset.site", "all files (inventory)"): "passed"}


def test_nothing_of_a_stale_report_counts_as_passed(sites: tuple[Path, Path]) -> None:
    """A build server sees what was red as red, and the rest as skipped."""
    found = cases(read_junit(structs.replace(report.report_of(CHECKS, site=sites[0], isolation="none"), stale=True)))
    assert sorted(found.values()) == ["failure", "skipped", "skipped"]


ODD = st.text(max_size=15) | st.sampled_from(["<script>", "]]>", "\"'>", "&lt;", "<!--", "\0\ud800\x1b[31m\u202e"])


@BRISK
@given(request=ODD, reason=ODD, note=ODD, isolation=ODD, command=ODD)
def test_nothing_hostile_gets_into_the_forms(
    request: str, reason: str, note: str, isolation: str, command: str
) -> None:
    """Whatever requests, reasons and notes hold, JSON, XML and SVG can be read, with the same elements."""
    checks = [
        replace(CHECKS[0], request=f"a{request}", reason=f"b{reason}", command=command, notes=(note,)),
        replace(CHECKS[1], notes=(note, reason), versions=(command,)),
    ]
    document = report.report_of(checks, site=Path("nowhere"), isolation=isolation)
    assert [element.tag for element in read_junit(document).iter("testcase")] == ["testcase"] * 2
    pages = [
        document[name].decode(errors="surrogatepass")
        for document in [report.forms_of(document)]
        for name in report.FORMS[1:]
    ]
    assert all(line.isprintable() for page in pages for line in page.split("\n"))
    hostile = replace(NOTHING, words=request)
    assert [element.tag for element in tree(badge.render(hostile)).iter()] == [
        element.tag for element in tree(badge.render(NOTHING)).iter()
    ]
