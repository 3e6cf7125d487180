"""The report: one value, bound to the site that it is about, and honest about its age."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pypi_subset.model.checks import Check
from pypi_subset.model.report import Report, report_path
from pypi_subset.proof.report import badge, junit, page, report
from pypi_subset.proof.report.report import carry_over
from pypi_subset.proof.report.verdict import NOTHING, verdict_of
from pypi_subset.support.html import escape
from tests.support.checkout import schema
from tests.support.pages.page_check import luminance
from tests.support.values import BRISK

SCHEMA = schema("report")

CHECKS = [
    Check(target="win", set_name="base", request="aa[b]", proof="unpacked", status="failed", reason="aa is not there"),
    Check(target="linux", set_name="base", request="", proof="installed", status="passed", notes=("needs libX",)),
    Check(target="", set_name="", request="", proof="inventory", status="passed", reason="all there"),
]


@pytest.fixture
def sites(tmp_path: Path) -> tuple[Path, Path]:
    """Return a proven site, and a stage whose manifest is the same."""
    old, stage = tmp_path / "old", tmp_path / "stage"
    for site in (old, stage):
        site.mkdir()
        (site / "manifest.json").write_text("{}")
    report.write_report(report.report_of(CHECKS, site=old, seal="network namespace", targets=["win", "linux"]), old)
    return old, stage


def test_report_follows_its_schema(sites: tuple[Path, Path]) -> None:
    """What is written is what the committed schema describes, bound to the manifest by its hash."""
    document = json.loads(report_path(sites[0]).read_bytes())
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert document["totals"] == {"passed": 2, "failed": 1, "skipped": 0, "differs": 0}
    assert document["manifest_sha256"] == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert [check["target"] for check in document["checks"]] == ["", "linux", "win"]


def test_report_is_carried_over(sites: tuple[Path, Path]) -> None:
    """A rebuild to the same bytes keeps the report as it is."""
    old, stage = sites
    carry_over(old, stage)
    assert report_path(stage).read_bytes() == report_path(old).read_bytes()


def test_report_shows_itself_stale(sites: tuple[Path, Path]) -> None:
    """A rebuild to other bytes marks the report; one back to the old bytes takes the mark away."""
    old, stage = sites
    (stage / "manifest.json").write_text("{ }")
    carry_over(old, stage)
    assert json.loads(report_path(stage).read_bytes())["stale"] is True
    for name in ("index.html", "badge.svg", "junit.xml"):
        assert "stale" in (stage / "proof" / name).read_text(), name
    carry_over(stage, old)
    assert json.loads(report_path(old).read_bytes())["stale"] is False
    assert "not proven: 1 red" in (old / "proof" / "badge.svg").read_text()


def test_all_forms_of_a_report_are_carried_over(sites: tuple[Path, Path]) -> None:
    """A rebuild to the same bytes gives the same page, badge and list for build servers."""
    old, stage = sites
    carry_over(old, stage)
    written = {path.name: path.read_bytes() for path in (old / "proof").iterdir()}
    assert written.keys() == {"report.json", "index.html", "junit.xml", "badge.svg"}
    assert {path.name: path.read_bytes() for path in (stage / "proof").iterdir()} == written


def test_a_report_of_before_is_understood(sites: tuple[Path, Path]) -> None:
    """What an earlier version wrote lacks ways, commands and versions, and is carried over all the same."""
    old, stage = sites
    document = json.loads(report_path(old).read_bytes())
    for check in document["checks"]:
        for later in ("way", "command", "versions"):
            del check[later]
    del document["totals"]["differs"]
    jsonschema.validate(document, SCHEMA)
    report_path(old).write_text(json.dumps(document))
    carry_over(old, stage)
    assert "aa is not there" in (stage / "proof" / "index.html").read_text()


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "manifest_sha256": ""}'])
def test_unreadable_report_is_left_behind(sites: tuple[Path, Path], text: str) -> None:
    """A report that is damaged, or of a later version, is not carried over as if it were understood."""
    old, stage = sites
    report_path(old).write_text(text)
    carry_over(old, stage)
    assert not report_path(stage).exists()
    assert not (stage / "proof" / "junit.xml").exists()
    assert "Nothing proven yet" in (stage / "proof" / "index.html").read_text()


def test_the_front_page_leads_somewhere_before_anything_is_proven(tmp_path: Path) -> None:
    """A site that was never proven has a page and a badge that say so."""
    carry_over(tmp_path / "nothing", tmp_path)
    assert sorted(path.name for path in (tmp_path / "proof").iterdir()) == ["badge.svg", "index.html"]
    assert "nothing proven yet" in (tmp_path / "proof" / "badge.svg").read_text()


@pytest.mark.parametrize("turn", [1, -1])
def test_the_same_results_give_the_same_bytes(sites: tuple[Path, Path], turn: int) -> None:
    """The order in which results came does not show, not even of those that differ in their seconds alone."""
    checks = [*CHECKS, replace(CHECKS[0], seconds=2.0), replace(CHECKS[0], way="simple")][::turn]
    found = report.report_of(checks, site=sites[0], seal="none").checks
    assert [(one.target, one.way, one.seconds) for one in found] == [
        ("", "", 0.0),
        ("linux", "", 0.0),
        ("win", "", 0.0),
        ("win", "", 2.0),
        ("win", "simple", 0.0),
    ]


def made_of(*statuses: str, **more: object) -> Report:
    """Return a report with one result of each status."""
    checks = [
        replace(CHECKS[1], status=status, proof=proof, request=f"a{number}")  # type: ignore[arg-type]
        for number, status in enumerate(statuses)
        for proof in ("second opinion" if status == "differs" else "installed",)
    ]
    return structs.replace(report.report_of(checks, site=Path("nowhere"), seal="none"), **more)


def test_an_inventory_alone_proves_nothing() -> None:
    """Where all files are there and every case was skipped, nothing is green, and the last lines say so."""
    skipped = replace(CHECKS[1], status="skipped", notes=())
    document = report.report_of([CHECKS[2], skipped], site=Path("nowhere"), seal="none")
    assert (verdict_of(document).state, verdict_of(document).words) == ("none", "nothing was proven")
    assert report.lines_of(document) == ["nothing was proven", "1 passed, 0 failed, 1 skipped; seal: none"]


def test_a_request_that_no_target_asks_for_is_told() -> None:
    """A request that is skipped on every target of its set, as by a typo in its marker; not where a part was tried."""
    line = 'aa; platform_system == "linux"'
    nowhere = [replace(CHECKS[1], target=name, request=line, status="skipped", notes=()) for name in ("linux", "win")]
    there = replace(nowhere[0], request="bb")
    checks = [*nowhere, there, replace(there, target="win", status="passed"), CHECKS[2]]
    document = report.report_of(checks, site=Path("nowhere"), seal="none")
    sentence = f"set base, {line}: no target of the set asks for it"
    assert report.lines_of(document)[:-1] == [f"note: {sentence}"]
    assert escape(sentence) in page.render(document, verdict_of(document))
    part = structs.replace(document, targets=("linux",))
    assert report.lines_of(part)[:-1] == ["only a part was tried: the targets linux"]


@pytest.mark.parametrize(
    ("document", "state", "words"),
    [
        (made_of("passed", "passed", "skipped", "differs"), "green", "proven: 2 of 2"),
        (made_of("passed", "failed", "failed"), "red", "not proven: 2 red"),
        (made_of("passed", targets=("linux",)), "part", "proven in part: 1 of 1"),
        (made_of("passed", stale=True), "stale", "stale"),
        (made_of("failed", targets=("linux",), stale=True), "stale", "stale"),
        (made_of("failed", targets=("linux",)), "red", "not proven: 1 red"),
        (made_of("skipped"), "none", "nothing proven yet"),
        (made_of(), "none", "nothing proven yet"),
    ],
)
def test_what_a_report_comes_to(document: Report, state: str, words: str) -> None:
    """Green is only a whole report of these very bytes in which something passed and nothing failed; the badge says so."""
    verdict = verdict_of(document)
    assert (verdict.state, verdict.words) == (state, words)
    texts = [element.text for element in tree(badge.render(verdict)).iter() if element.tag.endswith("}text")]
    assert texts == ["packages", words]


def test_the_badge_can_be_read() -> None:
    """White on each of its colours has a contrast of 4.5 or more (WCAG 2.2, 1.4.3), and it needs nothing from elsewhere."""
    for colour in (*badge.COLOURS.values(), "#3b4046"):
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5, colour
    assert re.findall(r"\w+://[^\"]+", badge.render(NOTHING)) == ["http://www.w3.org/2000/svg"]


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
    root = read_junit(report.report_of([red, *CHECKS[1:]], site=sites[0], seal="none"))
    assert cases(root) == {
        ("pypi-subset.site", "all files (inventory)"): "passed",
        ("pypi-subset.linux.base", "all together (installed)"): "passed",
        ("pypi-subset.win.base", "aa[b] (unpacked, simple)"): "failure",
    }
    (failure,) = root.iter("failure")
    assert (failure.get("message"), failure.text) == ("aa is not there", "aa is not there\npip install aa")
    assert [out.text for out in root.iter("system-out")] == ["needs libX", "bb==1"]


def test_a_case_keeps_its_name(sites: tuple[Path, Path]) -> None:
    """Whatever the outcome, and however much the inventory finds, so that a build server can follow it."""
    checks = [replace(CHECKS[2], status="failed", reason=reason) for reason in ("one is gone", "two is gone")]
    both = (report.report_of(given, site=sites[0], seal="none") for given in (checks, CHECKS[2:]))
    found, green = (cases(read_junit(document)) for document in both)
    assert found == {("pypi-subset.site", "all files (inventory)"): "failure"}
    assert green == {("pypi-subset.site", "all files (inventory)"): "passed"}


def test_nothing_of_a_stale_report_counts_as_passed(sites: tuple[Path, Path]) -> None:
    """A build server sees what was red as red, and the rest as skipped."""
    found = cases(read_junit(structs.replace(report.report_of(CHECKS, site=sites[0], seal="none"), stale=True)))
    assert sorted(found.values()) == ["failure", "skipped", "skipped"]


ODD = st.text(max_size=15) | st.sampled_from(["<script>", "]]>", "\"'>", "&lt;", "<!--", "\0\ud800\x1b[31m"])


@BRISK
@given(request=ODD, reason=ODD, note=ODD, seal=ODD, command=ODD)
def test_nothing_hostile_gets_into_the_forms(request: str, reason: str, note: str, seal: str, command: str) -> None:
    """Whatever requests, reasons and notes hold, JSON, XML and SVG can be read, with the same elements."""
    checks = [
        replace(CHECKS[0], request=f"a{request}", reason=f"b{reason}", command=command, notes=(note,)),
        replace(CHECKS[1], notes=(note, reason), versions=(command,)),
    ]
    document = report.report_of(checks, site=Path("nowhere"), seal=seal)
    assert [element.tag for element in read_junit(document).iter("testcase")] == ["testcase"] * 2
    hostile = replace(NOTHING, words=request)
    assert [element.tag for element in tree(badge.render(hostile)).iter()] == [
        element.tag for element in tree(badge.render(NOTHING)).iter()
    ]


def test_a_name_that_is_no_text_can_be_reported(sites: tuple[Path, Path]) -> None:
    """Half a surrogate pair, as the name of a file may hold, is written as JSON's own escape."""
    old, _ = sites
    report.write_report(report.report_of([replace(CHECKS[0], reason="\udcff")], site=old, seal="none"), old)
    assert json.loads(report_path(old).read_bytes())["checks"][0]["reason"] == "\udcff"


def test_findings_name_place_and_reason() -> None:
    """A line for each red check, square brackets and all, and one for each note."""
    assert report.findings(CHECKS) == ["failed: win, base, aa[b]: aa is not there"]
    assert report.remarks(CHECKS) == ["note: linux, base, all together: needs libX"]
