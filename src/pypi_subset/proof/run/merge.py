"""Reports of parts, joined to one report of the whole: what several machines proved of the same bytes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.model.manifest import manifest_path, read_manifest
from pypi_subset.model.report import read_report
from pypi_subset.proof.cases.case import cases_of, expected, unanswered
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods.prove import WORST, check_of
from pypi_subset.proof.report.report import report_of, write_report
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Check
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset


_AGAIN = "fetch the site that lies here to that machine, and prove that one"


def merge(paths: Paths, subset: Subset, places: Sequence[Path]) -> Report:
    """
    Return the report of all that the reports at *places* tell, after writing it into the site with all its forms.

    What *subset* asks for and nobody proved is red in it, and so is what was proven and nobody asked for. The site that lies
    here is looked at as it would be before a proof: it and its locks may have changed since.

    :param places: reports, or folders of them. One of them may be the site's own.
    :raises SubsetError: one of *places* holds no report, or one that is not about the bytes of the site.
    :raises FolderError: it cannot be written.
    """
    read_manifest(paths.site)
    parts = {path: _read(path, paths.site) for path in _reports(places)}
    # The host may be another machine, and who proved it there has looked. No name would mean all; "-" is none of a target.
    others = [target.name for target in subset.targets if not target.host]
    looked = inventory.take(paths, subset, others or ["-"])
    had = [*_joined([*looked, *(check for part in parts.values() for check in part.checks)])]
    missing = unanswered(cases_of(subset, paths, (), paths.site), had)
    red = [check_of(case, "failed", "no report has a result") for case in missing]
    checks = [*had, *red, *_strange(subset, parts)]
    seals = sorted({part.seal for part in parts.values()})
    joined = report_of(checks, site=paths.site, seal="; ".join(seals))
    write_report(joined, paths.site)
    return joined


def _reports(places: Sequence[Path]) -> list[Path]:
    """Return each file that is meant, once; a folder means every JSON file below it."""
    found: list[Path] = []
    for place in places:
        own = sorted(place.rglob("*.json")) if place.is_dir() else [place]
        if not own:
            msg = "there is no report in this folder"
            raise SubsetError(msg, path=place, next_step="put each machine's proof/report.json there")
        found += own
    if not found:
        msg = "no report is named"
        raise SubsetError(msg, next_step="as in --reports='one.json other.json', or a folder of them")
    return list({path.resolve(): path for path in found}.values())


def _read(path: Path, site: Path) -> Report:
    """Return the report at *path*, if it is about the bytes of *site*."""
    report = read_report(path)
    if (about := report.manifest_sha256) != (own := files.sha256_of(manifest_path(site))):
        msg = f"this report is about other bytes: a manifest with SHA-256 {about[:12]}…, and here lies {own[:12]}…"
        raise SubsetError(msg, path=path, next_step=_AGAIN)
    return report


def _joined(checks: Sequence[Check]) -> Iterator[Check]:
    """
    Yield each result once.

    Results of one thing, proven in one way with one interpreter, are one: the worst, and if that is red every reason. Kinds
    of proof, ways to the files and interpreters stay apart.
    """
    for _, group in groupby(sorted(checks, key=_place), _place):
        own = list(group)
        worst = min((check.status for check in own), key=WORST.index)
        # What differs in seconds alone is the same; which of them stays must not depend on the order of the reports.
        same: dict[str, Check] = {}
        for check in sorted((one for one in own if one.status == worst), key=repr):
            same.setdefault(check.reason if worst == "failed" else "", check)
        yield from same.values()


def _place(check: Check) -> tuple[str, ...]:
    return check.target, check.set_name, check.request, check.proof, check.way, check.interpreter


def _strange(subset: Subset, parts: Mapping[Path, Report]) -> Iterator[Check]:
    """Yield a red result for each report that did not look at the files, and for each result that *subset* does not know."""
    wanted = {place[:3] for place in expected(subset)}
    for path, part in parts.items():
        if not any(check.proof == "inventory" and check.status != "skipped" for check in part.checks):
            yield inventory.check("failed", f"{path.name}: nobody looked whether the files there were these")
    told = {_place(check)[:3] for part in parts.values() for check in part.checks if check.target}
    for target, set_name, request in sorted(told - wanted):
        what = request or "all together"
        words = "proven, but the requirements here do not ask for it"
        yield inventory.check("failed", f"{target}, {set_name}, {what}: {words}")
