"""The report: one value, bound to the site that it is about, and honest about its age."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from pypi_subset.model import Check
from pypi_subset.proof import carry_over, report

SCHEMA = json.loads(Path(report.__file__).parents[1].joinpath("schemas", "report.schema.json").read_bytes())

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
    document = json.loads(report.report_path(sites[0]).read_bytes())
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert document["totals"] == {"passed": 2, "failed": 1, "skipped": 0, "differs": 0}
    assert document["manifest_sha256"] == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert [check["target"] for check in document["checks"]] == ["", "linux", "win"]


def test_report_is_carried_over(sites: tuple[Path, Path]) -> None:
    """A rebuild to the same bytes keeps the report as it is."""
    old, stage = sites
    carry_over(old, stage)
    assert report.report_path(stage).read_bytes() == report.report_path(old).read_bytes()


def test_report_shows_itself_stale(sites: tuple[Path, Path]) -> None:
    """A rebuild to other bytes marks the report; one back to the old bytes takes the mark away."""
    old, stage = sites
    (stage / "manifest.json").write_text("{ }")
    carry_over(old, stage)
    assert json.loads(report.report_path(stage).read_bytes())["stale"] is True
    carry_over(stage, old)
    assert json.loads(report.report_path(old).read_bytes())["stale"] is False


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 2}'])
def test_unreadable_report_is_left_behind(sites: tuple[Path, Path], text: str) -> None:
    """A report that is damaged, or of a later version, is not carried over as if it were understood."""
    old, stage = sites
    report.report_path(old).write_text(text)
    carry_over(old, stage)
    assert not report.report_path(stage).exists()


def test_findings_name_place_and_reason() -> None:
    """A line for each red check, square brackets and all, and one for each note."""
    assert report.findings(CHECKS) == ["failed: win, base, aa[b]: aa is not there"]
    assert report.remarks(CHECKS) == ["note: linux, base, all together: needs libX"]
