"""Proven sites: reports as a proof leaves them, complete, with an author, and about the bytes of their site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.checks import WAYS, Check, Finding
from pypi_subset.model.door import read_manifest
from pypi_subset.proof.evidence import key
from pypi_subset.proof.evidence.author import authored
from pypi_subset.proof.report import report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Proof
    from pypi_subset.model.report import Report

GREEN = Check(target="linux", set_name="base", request="", proof="unpacked", status="passed")
LOOKED = Check(target="", set_name="", request="", proof="inventory", status="passed", reason="all there")

#: A result that lacks what no metadata declares.
AMBER = Check(
    target="linux",
    set_name="base",
    request="soupsieve",
    proof="installed",
    status="amber",
    reason="soupsieve lacks bs4",
    findings=(Finding(rule="undeclared", project="soupsieve", what="soupsieve lacks bs4", likely="beautifulsoup4"),),
)

#: A red result, a green one and one of the inventory.
CHECKS = [
    Check(target="win", set_name="base", request="aa[b]", proof="unpacked", status="failed", reason="aa is not there"),
    Check(target="linux", set_name="base", request="", proof="installed", status="passed", notes=("needs libX",)),
    LOOKED,
]


def case_checks(target: str, set_name: str, request: str = "", proof: Proof = "unpacked") -> list[Check]:
    """Return green results of one case: by each route, and a second opinion."""

    def check(proof: Proof, way: str) -> Check:
        return Check(target=target, set_name=set_name, request=request, proof=proof, status="passed", way=way)

    return [*(check(proof, way) for way in WAYS), check("second opinion", WAYS[-1])]


def complete(site: Path) -> list[Check]:
    """Return green results of all that the manifest of *site* asks for."""
    places = [
        (target, one.name, request)
        for one in read_manifest(site).sets
        for target in one.targets
        for request in ("", *(line.requirement for line in one.requests))
    ]
    return [LOOKED, *(check for place in places for check in case_checks(*place))]


def own_key() -> key.Key:
    """Return the key of who runs the test."""
    return key.made(key.key_path())


def made(
    site: Path,
    checks: Sequence[Check],
    *,
    subset_sha256: str = "",
    targets: Sequence[str] = (),
    shard: str = "",
    own: key.Key | None = None,
) -> Report:
    """
    Return the report with *checks* as a run of this tool would make it now.

    :param own: who makes it, by default who runs the test.
    """
    plain = report.report_of(checks, site=site, isolation="namespaces", targets=targets, shard=shard)
    return authored(plain, own or own_key(), subset_sha256)


def proven(site: Path, *checks: Check, subset_sha256: str = "") -> Path:
    """Return *site*, now with a report that has *checks*, by default all green."""
    report.write_report(made(site, checks or complete(site), subset_sha256=subset_sha256), site)
    return site


def proven_and_stage(root: Path) -> tuple[Path, Path]:
    """Return a proven site without files, and a stage whose manifest is the same."""
    old, stage = root / "old", root / "stage"
    for site in (old, stage):
        site.mkdir()
        (site / "manifest.json").write_text("{}")
    report.write_report(
        report.report_of(CHECKS, site=old, isolation="network namespace", targets=["win", "linux"]), old
    )
    return old, stage
