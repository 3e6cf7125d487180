"""Reports of parts, joined to one report of the whole: what several machines proved of the same bytes."""

from __future__ import annotations

from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.model.door import read_manifest
from pypi_subset.model.paths import REPORT
from pypi_subset.proof.cases.case import cases_of, expected, unanswered
from pypi_subset.proof.evidence import key, newest
from pypi_subset.proof.evidence.author import authored
from pypi_subset.proof.evidence.complete import gaps
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods.prove import WORST, check_of
from pypi_subset.proof.report.report import report_of, write_report
from pypi_subset.proof.run.admission import admitted
from pypi_subset.proof.run.parts import require_own
from pypi_subset.support.machine import holding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Check
    from pypi_subset.model.manifest import Manifest
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.report import Part, Report
    from pypi_subset.model.requests import Subset
    from pypi_subset.proof.evidence.key import Key
    from pypi_subset.proof.run.admission import Admitted


def merge(
    paths: Paths, subset: Subset, places: Sequence[Path], *, bound: Mapping[Path, Sequence[str]] = MappingProxyType({})
) -> Report:
    """
    Return the report of all that the reports at *places* say, after writing it into the site with all its forms.

    What *subset* asks for and no part proved is red in it, as is what was proven and is not asked for. The site
    here is looked at as it would be before a proof: it and its locks may have changed since.

    :param places: reports, or directories of them. One of them may be the site's own.
    :param bound: report → the targets of the job that made it; it must be about just these.
    :raises SubsetError: one of *places* holds no report, or one that is not about the bytes of the site, that has no author
        who counts here, or that says more than it was to prove.
    :raises FolderError: it cannot be written, or another run works with the site.
    """
    with holding.beside(paths.site):
        return _merged(paths, subset, places, bound)


def _merged(paths: Paths, subset: Subset, places: Sequence[Path], bound: Mapping[Path, Sequence[str]]) -> Report:
    """Return what `merge` does, while this run holds the site."""
    manifest = read_manifest(paths.site)
    own = key.made(key.key_path())
    cases = cases_of(subset, paths, (), paths.site)
    parts = [admitted(path, paths, subset, cases, own) for path in _reports(places)]
    for part in parts:
        require_own(part.path, part.report, bound.get(part.path, ()))
    _require_newest(parts, own)
    # The host may be another machine, and who proved it there has looked. No name would mean all; "-" is none of a target.
    others = [target.name for target in subset.targets if not target.host]
    looked = inventory.take(paths, subset, others or ["-"])
    had = [*_joined([*looked, *(check for part in parts for check in part.report.checks)])]
    red = [check_of(case, "failed", "no report has a result") for case in unanswered(cases, had)]
    checks = [*had, *red, *_strange(subset, parts)]
    checks += _incomplete(manifest, checks)
    kinds = sorted({part.report.isolation for part in parts})
    made = report_of(checks, site=paths.site, isolation="; ".join(kinds), accepted=subset.accepted)
    joined = authored(made, own, subset_digest(subset), _told(parts))
    write_report(joined, paths.site)
    return joined


def _reports(places: Sequence[Path]) -> list[Path]:
    """Return each file that is meant, once; a directory means every JSON file below it."""
    found: list[Path] = []
    for place in places:
        own = sorted(place.rglob("*.json")) if place.is_dir() else [place]
        if not own:
            msg = "there is no report in this directory"
            raise SubsetError(msg, path=place, next_step=f"put each machine's {REPORT} there")
        found += own
    if not found:
        msg = "no report is named"
        raise SubsetError(
            msg, next_step="as in `pypi-subset merge-reports one.json other.json`, or a directory of them"
        )
    return list({path.resolve(): path for path in found}.values())


def _require_newest(parts: Sequence[Admitted], own: Key) -> None:
    """Refuse a part in whose place there is a newer one, unless that is joined as well; record all of them."""
    known = {part.report.mac for part in parts}
    for part in parts:
        seen = newest.replaced(own, part.report, part.about.signer, known)
        if seen is not None:
            msg = f"this report is of {part.report.created}, and these bytes were proven again at {seen.created}"
            raise SubsetError(msg, path=part.path, next_step="join that newer report too, or prove the part once more")
    with newest.held(own):
        for part in parts:
            newest.record(own, part.report, part.about.signer)


def _told(parts: Sequence[Admitted]) -> list[Part]:
    """Return what the joined report says of its parts; those of one that was joined here before stay its parts."""
    own = (one for part in parts for one in ((not part.about.signer and part.report.parts) or (part.about,)))
    return sorted({one.sha256: one for one in own}.values(), key=lambda one: one.sha256)


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
            same.setdefault(check.reason if worst in {"failed", "amber", "accepted"} else "", check)
        yield from same.values()


def _place(check: Check) -> tuple[str, ...]:
    return check.target, check.set_name, check.request, check.proof, check.way, check.interpreter


def _strange(subset: Subset, parts: Sequence[Admitted]) -> Iterator[Check]:
    """Yield a red result for each report that did not look at the files, and for each result that *subset* does not know."""
    wanted = {place[:3] for place in expected(subset)}
    for part in parts:
        if not any(check.proof == "inventory" and check.status != "skipped" for check in part.report.checks):
            yield inventory.check("failed", f"{part.path.name}: no run compared the files there with these")
    about = {_place(check)[:3] for part in parts for check in part.report.checks if check.target}
    for target, set_name, request in sorted(about - wanted):
        what = request or "all together"
        words = "proven, but the requirements here do not ask for it"
        yield inventory.check("failed", f"{target}, {set_name}, {what}: {words}")


def _incomplete(manifest: Manifest, checks: Sequence[Check]) -> Iterator[Check]:
    """Yield a red result for each that the manifest asks for and that is not there, where nothing is red already."""
    red = {(check.target, check.set_name, check.request) for check in checks if check.status == "failed"}
    for gap in gaps(manifest, checks):
        if gap.what == "missing" and gap.place not in red:
            yield inventory.check("failed", f"{gap}: no report has a result")
