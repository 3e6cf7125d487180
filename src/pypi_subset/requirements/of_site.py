"""What a site is for, by its own manifest: a site that was imported or fetched comes without ``requirements/``."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import parse_tag

from pypi_subset.errors import SubsetError
from pypi_subset.model.door import read_bytes
from pypi_subset.model.intake.other_files import OtherFile
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import LOCKS, MANIFEST, OTHERS
from pypi_subset.model.policy import GAP, PROVEN, Acceptance, has_expired, today
from pypi_subset.model.report import read_report, report_path
from pypi_subset.model.requests import Job, Request, RequirementSet, Subset
from pypi_subset.requirements.subset import read_subset
from pypi_subset.targets.tag import OPEN_MARKERS, flagged, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pypi_subset.model.manifest import Manifest, OtherFileEntry, SetEntry, TargetEntry
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.targets import Target

_AGAIN = "verify it with its requirements/, or have it made again with the version that is used here"


def asked(paths: Paths) -> tuple[Subset, Paths]:
    """
    Return what the site at *paths* is for, and where its locks are.

    Without ``requirements/``, the site itself states both.

    :raises InputFaults: as `read_subset`.
    :raises SubsetError: as `subset_of`.
    """
    if os.path.lexists(paths.requirements) or not manifest_path(paths.site).is_file():
        return read_subset(paths.requirements), paths
    return subset_of(paths.site), replace(paths, locked=paths.site / LOCKS)


def subset_of(site: Path, *, day: str = "") -> Subset:
    """
    Return what *site* is for: sets, targets and accepted findings, as its manifest and its report state them.

    :param day: the date in UTC on which accepted gaps must hold, ``YYYY-MM-DD``; ``""`` for today.
    :raises SubsetError: the manifest cannot be read, is older than 1.5, describes a target that this version cannot
        make of its tag, or leaves out a request by an acceptance that has ended.
    """
    manifest, data = read_bytes(site)
    path, day = manifest_path(site), day or today()
    if not manifest.closures:
        msg = "the manifest is older than 1.5, and does not state all of its sets and targets"
        raise SubsetError(msg, path=path, next_step=_AGAIN)
    targets = {one.name: target_of(one, path) for one in manifest.targets}
    try:
        sets = tuple(_set(one, path) for one in manifest.sets)
    except InvalidRequirement as error:
        msg = f"a line of a set is no requirement: {str(error).partition(chr(10))[0]}"
        raise SubsetError(msg, path=path, next_step="do not trust that site") from error
    for gap in (gap for one in manifest.sets for gap in one.gaps or ()):
        if has_expired(gap.until, day):
            msg = f"the acceptance of the gap {gap.requirement} on {gap.target} ended on {gap.until}"
            raise SubsetError(msg, path=path, next_step="bring a site that was made after it was accepted again")
    return Subset(
        root=site,
        sets=sets,
        targets=tuple(targets.values()),
        jobs=tuple(Job(requirement_set=one, target=targets[name]) for one in sets for name in one.targets),
        accepted=(*_gaps(manifest), *_findings(site, hashlib.sha256(data).hexdigest(), day)),
        other_files=tuple(_other(one) for one in manifest.other_files or ()),
    )


def derived(name: str, tag: str, markers: Mapping[str, str], *, exact: bool) -> Target:
    """
    Return the target that follows from its tag and its marker values.

    :param exact: whether the patch level binds.
    :raises TargetError: nothing follows from them.
    """
    python = markers["python_full_version"] if exact else None
    given = {one: markers[one] for one in OPEN_MARKERS if one in markers}
    return parse(name, tag, python, given=given)


def target_of(stated: TargetEntry, path: Path) -> Target:
    """
    Return the target that *stated* describes.

    :raises SubsetError: this version gives it other tags or markers.
    """
    try:
        found = derived(stated.name, stated.tag, stated.markers, exact=stated.exact is True)
        if stated.tags:
            tags = tuple(one for tag in stated.tags for one in parse_tag(tag))
            abis, platforms = flagged(found.interpreter, tags)
            found = replace(found, tags=tags, abis=abis or found.abis, platforms=platforms or found.platforms)
    except (SubsetError, KeyError, ValueError) as error:
        msg = f"the target {stated.name} cannot be made of {stated.tag!r}"
        raise SubsetError(msg, path=path, next_step=_AGAIN) from error
    found = replace(
        found,
        markers=tuple(sorted(stated.markers.items())),
        described=bool(stated.tags),
        brought=tuple(sorted((stated.brought or {}).items())),
    )
    if found.digest != stated.digest:
        msg = f"the target {stated.name} has other tags there than {stated.tag!r} has in this version of pypi-subset"
        raise SubsetError(msg, path=path, next_step=_AGAIN)
    return found


def _other(stated: OtherFileEntry) -> OtherFile:
    to = stated.path.removeprefix(f"{OTHERS}/")
    return OtherFile(to=to, sha256=stated.sha256, url=stated.url or "")


def _set(stated: SetEntry, path: Path) -> RequirementSet:
    asked = tuple(_request(one.requirement, one.origin, one.hashes or ()) for one in stated.requests)
    limits = tuple(_request(one.requirement, one.origin, one.hashes or ()) for one in stated.constraints or ())
    return RequirementSet(name=stated.name, path=path, requests=asked, constraints=limits, targets=stated.targets)


def _request(line: str, origin: str, hashes: tuple[str, ...]) -> Request:
    name, _, number = origin.rpartition(":")
    return Request(requirement=Requirement(line), path=Path(name), line=int(number), hashes=hashes)


def _gaps(manifest: Manifest) -> Iterator[Acceptance]:
    """Yield an acceptance for each request that is left out."""
    for gap in (gap for one in manifest.sets for gap in one.gaps or ()):
        yield Acceptance(
            rule=GAP,
            project=gap.project,
            reason=gap.reason,
            until=gap.until,
            targets=(gap.target,),
            origin=MANIFEST,
        )


def _findings(site: Path, digest: str, day: str) -> Iterator[Acceptance]:
    """
    Yield what the report of *site* says that the user accepts, while it holds: a red import stays accepted here.

    :param digest: SHA-256 of the manifest that the report must be about.
    """
    try:
        report = read_report(report_path(site))
    except SubsetError:
        return
    if report.manifest_sha256 != digest:
        return
    found: dict[Acceptance, None] = {}
    for check in report.checks:
        for one in check.findings:
            if one.rule in PROVEN and one.reason and not has_expired(one.until, day):
                own = {"rule": one.rule, "project": one.project, "reason": one.reason, "until": one.until}
                found[Acceptance(**own, targets=(check.target,), origin=report_path(site).name)] = None
    yield from found
