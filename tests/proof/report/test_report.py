"""The report: one value, bound to the site that it is about, and honest about its age."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from pypi_subset.model.documents import encode
from pypi_subset.model.report import report_path
from pypi_subset.proof.report import report
from pypi_subset.proof.report.report import carry_over
from tests.support.checkout import schema
from tests.support.sites.published import AMBER, CHECKS, GREEN, proven_and_stage

SCHEMA = schema("report")


@pytest.fixture
def sites(tmp_path: Path) -> tuple[Path, Path]:
    """Return a proven site, and a stage whose manifest is the same."""
    return proven_and_stage(tmp_path)


def test_report_follows_its_schema(sites: tuple[Path, Path]) -> None:
    """What is written is what the committed schema describes, bound to the manifest by its hash."""
    document = json.loads(report_path(sites[0]).read_bytes())
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert document["totals"] == {"passed": 2, "failed": 1, "skipped": 0, "differs": 0, "amber": 0, "accepted": 0}
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
    assert written.keys() == {"report.json", "index.html", "page.css", "page.js", "junit.xml", "badge.svg"}
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
    assert sorted(path.name for path in (tmp_path / "proof").iterdir()) == [
        *("badge.svg", "index.html", "page.css", "page.js")
    ]
    assert "nothing proven yet" in (tmp_path / "proof" / "badge.svg").read_text()


@pytest.mark.parametrize("turn", [1, -1])
def test_the_same_results_give_the_same_bytes(sites: tuple[Path, Path], turn: int) -> None:
    """The order in which results came does not show, not even of those that differ in their seconds alone."""
    checks = [*CHECKS, replace(CHECKS[0], seconds=2.0), replace(CHECKS[0], way="simple")][::turn]
    found = report.report_of(checks, site=sites[0], isolation="none").checks
    assert [(one.target, one.way, one.seconds) for one in found] == [
        ("", "", 0.0),
        ("linux", "", 0.0),
        ("win", "", 0.0),
        ("win", "", 2.0),
        ("win", "simple", 0.0),
    ]


def test_a_name_that_is_no_text_can_be_reported(sites: tuple[Path, Path]) -> None:
    """Half a surrogate pair, as the name of a file may hold, is written as JSON's own escape."""
    old, _ = sites
    report.write_report(report.report_of([replace(CHECKS[0], reason="\udcff")], site=old, isolation="none"), old)
    assert json.loads(report_path(old).read_bytes())["checks"][0]["reason"] == "\udcff"


def test_findings_name_place_and_reason(sites: tuple[Path, Path]) -> None:
    """A line for each red check, square brackets and all, and one for each note."""
    assert report.findings(CHECKS) == ["failed: win, base, aa[b]: aa is not there"]
    told = report.lines_of(report.report_of(CHECKS, site=sites[0], isolation="none"))
    assert told[0] == "note: linux, base, all together: needs libX"


def test_a_note_is_printed_once() -> None:
    """The line has the first place of a note, and counts the others: each request and each route may have it."""
    noted = replace(GREEN, notes=("needs libX",))
    checks = [replace(noted, way="simple"), noted, replace(noted, request="aa"), replace(noted, target="mac")]
    lines = [
        report.lines_of(report.report_of(checks[:count], site=Path("nowhere"), isolation="none")) for count in (2, 3, 4)
    ]
    assert [[line for line in told if line.startswith("note: ")] for told in lines] == [
        ["note: linux, base, all together: needs libX"],
        ["note: linux, base, all together: needs libX (and at 1 other place)"],
        ["note: linux, base, all together: needs libX (and at 2 other places)"],
    ]


def test_what_is_skipped_is_named_for_each_target() -> None:
    """Three requests that a marker leaves out are named, each once whatever its routes; the others are counted."""
    left_out = [
        replace(
            GREEN, request=f"p{number}; sys_platform == 'win32'", status="skipped", reason="not requested here", way=way
        )
        for number in range(5)
        for way in ("", "simple")
    ]
    there = [replace(one, target="win", status="passed", reason="") for one in left_out]
    other = replace(left_out[0], reason="uv is not on this machine")
    checks = [GREEN, *left_out, replace(left_out[0], target="mac"), *there, other]
    told = report.lines_of(report.report_of(checks, site=Path("nowhere"), isolation="none"))
    assert [line for line in told if "skipped on" in line] == [
        "note: skipped on linux (not requested here): "
        + "; ".join(f"p{number}; sys_platform == 'win32'" for number in range(3))
        + "; and 2 more",
        "note: skipped on linux (uv is not on this machine): p0; sys_platform == 'win32'",
        "note: skipped on mac (not requested here): p0; sys_platform == 'win32'",
    ]


def test_amber_has_a_line_and_a_count() -> None:
    """The line names the place and what is missing; the totals count it."""
    document = report.report_of([AMBER, *CHECKS[1:]], site=Path("nowhere"), isolation="none")
    told = report.lines_of(document)
    assert "amber: linux, base, soupsieve: soupsieve lacks bs4" in told
    assert told[-1] == "2 passed, 1 amber, 0 failed, 0 skipped; isolation: none"
    jsonschema.validate(json.loads(encode(document)), SCHEMA)
