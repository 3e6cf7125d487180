"""Proven sites: what the report of a site has to be before it can be published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.checks import Check
from pypi_subset.proof.report import report

if TYPE_CHECKING:
    from pathlib import Path

GREEN = Check(target="linux", set_name="base", request="", proof="unpacked", status="passed")


#: A red result, a green one and one of the inventory.
CHECKS = [
    Check(target="win", set_name="base", request="aa[b]", proof="unpacked", status="failed", reason="aa is not there"),
    Check(target="linux", set_name="base", request="", proof="installed", status="passed", notes=("needs libX",)),
    Check(target="", set_name="", request="", proof="inventory", status="passed", reason="all there"),
]


def proven(site: Path, *checks: Check) -> Path:
    """Return *site*, now with a report that has *checks*, by default a green one."""
    document = report.report_of(checks or [GREEN], site=site, seal="none")
    report.write_report(document, site)
    return site


def proven_and_stage(root: Path) -> tuple[Path, Path]:
    """Return a proven site without files, and a stage whose manifest is the same."""
    old, stage = root / "old", root / "stage"
    for site in (old, stage):
        site.mkdir()
        (site / "manifest.json").write_text("{}")
    report.write_report(report.report_of(CHECKS, site=old, seal="network namespace", targets=["win", "linux"]), old)
    return old, stage
