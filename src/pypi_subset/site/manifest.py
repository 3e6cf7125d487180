"""The manifest of a site from its subset and locks. It holds no clock and no path of the machine that made it."""

from __future__ import annotations

import contextlib
import difflib
from collections import defaultdict
from typing import TYPE_CHECKING, NoReturn, cast

from msgspec import UNSET, UnsetType
from packaging.utils import canonicalize_name

from pypi_subset.errors import SubsetError, TargetError
from pypi_subset.locks.gaps import accepted_gaps
from pypi_subset.locks.why import chains, edges
from pypi_subset.model.closures.closure import Step, closures_in
from pypi_subset.model.closures.numbers import listed
from pypi_subset.model.door import require_readable
from pypi_subset.model.manifest import (
    BuiltFrom,
    ClosureEntry,
    Edge,
    File,
    GapEntry,
    Link,
    Manifest,
    Need,
    OtherFileEntry,
    RequestEntry,
    SetEntry,
    TargetEntry,
)
from pypi_subset.model.paths import file_path
from pypi_subset.requirements.of_site import derived

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pypi_subset.model.distributions import Artifact, BadFile, Distribution, Project
    from pypi_subset.model.intake.other_files import CarriedFile
    from pypi_subset.model.locks import AcceptedGap, Lock
    from pypi_subset.model.requests import Request, RequirementSet, Subset
    from pypi_subset.model.targets import Target


def manifest_of(  # noqa: PLR0913 - the parts of the document
    subset: Subset,
    locks: Sequence[Lock],
    projects: Sequence[Project],
    bad: Sequence[BadFile] = (),
    *,
    pages: Mapping[str, str] | None = None,
    needs: Mapping[str, Sequence[Need]] | None = None,
    others: Sequence[CarriedFile] = (),
) -> Manifest:
    """
    Return the manifest of a site, everything sorted by name.

    :param pages: SHA-256 of everything else in the site, by its path below it.
    :param needs: the `needs_of` the locks, if they are known.
    :param others: the other files; *pages* has them as well.
    :raises LockError: a lock lists a file that nothing requires, or leaves out a request that no acceptance covers.
    """
    needs = needs_of(subset, locks) if needs is None else needs
    gaps = accepted_gaps(subset, locks)
    found = (_file(project, artifact, needs) for project in projects for artifact in project.artifacts)
    entries = tuple(sorted(found, key=lambda entry: entry.path))
    steps, closures = _closures(subset, locks, entries)
    made = Manifest(
        schema=Manifest.version,
        targets=tuple(sorted(map(_target, subset.targets), key=lambda entry: entry.name)),
        sets=tuple(sorted((_set(one, gaps) for one in subset.sets), key=lambda entry: entry.name)),
        files=entries,
        pages=dict(sorted((pages or {}).items())),
        edges=steps,
        closures=closures,
        bad_files=tuple(bad),
        other_files=tuple(map(_other, others)) or UNSET,
    )
    return require_readable(made)


def needs_of(subset: Subset, locks: Sequence[Lock]) -> dict[str, list[Need]]:
    """
    Return each set and target that need a file, with the shortest chain of requirements, by file name.

    :raises LockError: a lock lists a file that nothing requires.
    """
    targets = {target.name: target for target in subset.targets}
    needs: defaultdict[str, list[Need]] = defaultdict(list)
    for lock in sorted(locks, key=lambda one: (one.set_name, one.target_name)):
        for filename, chain in chains(lock, targets[lock.target_name]).items():
            links = tuple(Link(requirement=step.text, by=step.by, origin=step.origin) for step in chain)
            needs[filename].append(Need(set_name=lock.set_name, target=lock.target_name, chain=links))
    return needs


def why(manifest: Manifest, project: str, target: str | None = None) -> tuple[str, ...]:
    """
    Return one line for each (file, set, target) of *project*: release, who needs it, and the chain of requirements.

    :param target: the name of one target, or ``None`` for all.
    :raises SubsetError: the site does not hold the project, or the target is unknown; the nearest names are given.
    """
    name = canonicalize_name(project)
    held = [entry for entry in manifest.files if entry.project == name]
    if not held:
        _refuse("the site holds no project", name, {entry.project for entry in manifest.files})
    targets = {entry.name for entry in manifest.targets}
    if target is not None and target not in targets:
        _refuse("there is no target", target, targets)
    needs = [(entry, need) for entry in held for need in entry.needed_by]
    lines = [_line(entry, need) for entry, need in needs if target in {None, need.target}]
    elsewhere = ", ".join(sorted({need.target for _, need in needs}))
    return tuple(lines or [f"{name}: not needed on {target}; needed on {elsewhere}"])


def required_by(manifest: Manifest, project: str, target: str | None = None) -> tuple[str, ...]:
    """
    Return the projects that require *project*, sorted, each with the extra that does: ``httpx[http2]``.

    :param target: the name of one target, or ``None`` for all.
    :raises SubsetError: the closures of the manifest do not go with its files.
    """
    name = canonicalize_name(project)
    try:
        found = closures_in(manifest)
    except ValueError as error:
        msg = f"the manifest is damaged: {error}"
        raise SubsetError(msg, next_step="run `pypi-subset mirror`") from error
    steps = {step for (_, own), closure in found.items() if target in {None, own} for step in closure.steps}
    return tuple(
        sorted(f"{one.by}[{one.extra}]" if one.extra else one.by for one in steps if one.by and one.to == name)
    )


def largest(manifest: Manifest, target: str | None = None) -> tuple[File, ...]:
    """
    Return the files of the site, or those that *target* needs, from the largest to the smallest.

    :raises SubsetError: the target is unknown; the nearest names are given.
    """
    targets = {entry.name for entry in manifest.targets}
    if target is not None and target not in targets:
        _refuse("there is no target", target, targets)
    needed = [one for one in manifest.files if target is None or target in {need.target for need in one.needed_by}]
    return tuple(sorted(needed, key=lambda one: (-one.size, one.path)))


def requested_by(file: File, target: str | None = None) -> tuple[str, ...]:
    """Return the requirement of each request that brings *file*, to *target* or to any, sorted."""
    needs = [need for need in file.needed_by if target in {None, need.target}]
    return tuple(sorted({need.chain[0].requirement for need in needs}))


def _file(project: Project, artifact: Artifact, needs: Mapping[str, Sequence[Need]]) -> File:
    distribution = artifact.distribution
    return File(
        filename=distribution.filename,
        path=file_path(project.name, distribution.filename),
        project=project.name,
        version=str(distribution.version),
        # An artifact's size and hash are known: its file was read.
        size=cast("int", distribution.size),
        sha256=cast("str", distribution.sha256),
        requires_python=distribution.requires_python,
        metadata=artifact.metadata,
        needed_by=tuple(needs.get(distribution.filename, ())),
        source=distribution.source or UNSET,
        index=distribution.index or UNSET,
        built_from=_built_from(distribution),
    )


def _other(one: CarriedFile) -> OtherFileEntry:
    return OtherFileEntry(path=one.path, size=one.size, sha256=one.sha256, url=one.url or UNSET)


def _built_from(one: Distribution) -> BuiltFrom | UnsetType:
    built = one.built
    return UNSET if built is None else BuiltFrom(filename=built.filename, sha256=built.sha256, url=built.url)


def _target(target: Target) -> TargetEntry:
    return TargetEntry(
        name=target.name,
        tag=target.tag,
        python=target.release,
        markers=dict(sorted(target.lasting_markers.items())),
        digest=target.digest,
        brought=dict(target.brought) or UNSET,
        exact=target.exact or UNSET,
        tags=_tags(target) or UNSET,
    )


def _tags(target: Target) -> tuple[str, ...]:
    """Return the tags of a machine that described itself, or of the host, if others follow from its tag."""
    markers = target.lasting_markers
    with contextlib.suppress(TargetError):
        if derived(target.name, target.tag, markers, exact=target.exact).tags == target.tags:
            return ()
    return tuple(map(str, target.tags))


def _closures(
    subset: Subset, locks: Sequence[Lock], entries: Sequence[File]
) -> tuple[tuple[Edge, ...], tuple[ClosureEntry, ...]]:
    """Return all edges of the locks, each once, and what each set gets on each of its targets."""
    by_name = {(lock.set_name, lock.target_name): lock for lock in locks}
    jobs = sorted((one.name, target) for one in subset.sets for target in one.targets)
    targets = {target.name: target for target in subset.targets}
    steps = {job: edges(by_name[job], targets[job[1]]) for job in jobs if job in by_name}
    every = sorted(frozenset[Step]().union(*steps.values()))
    places = {entry.filename: number for number, entry in enumerate(entries)}
    numbers = {step: number for number, step in enumerate(every)}
    closures = []
    for job in jobs:
        pins = by_name[job].pins if job in by_name else ()
        names = (pin.distribution.filename for pin in pins)
        closures.append(
            ClosureEntry(
                set_name=job[0],
                target=job[1],
                pins=listed(places[name] for name in names if name in places),
                edges=listed(numbers[step] for step in steps.get(job, ())),
            )
        )
    return tuple(Edge(*step) for step in every), tuple(closures)


def _set(requirement_set: RequirementSet, gaps: Sequence[AcceptedGap]) -> SetEntry:
    own = tuple(_gap(one) for one in gaps if one.set == requirement_set.name)
    return SetEntry(
        name=requirement_set.name,
        requests=tuple(map(_request, requirement_set.requests)),
        targets=requirement_set.targets,
        gaps=own or UNSET,
        constraints=tuple(map(_request, requirement_set.constraints)) or UNSET,
    )


def _request(one: Request) -> RequestEntry:
    return RequestEntry(requirement=str(one.requirement), origin=one.origin, hashes=one.hashes or UNSET)


def _gap(one: AcceptedGap) -> GapEntry:
    return GapEntry(
        requirement=one.request,
        target=one.target,
        project=one.project,
        why=one.why,
        reason=one.reason,
        until=one.until,
    )


def _line(entry: File, need: Need) -> str:
    first, *rest = need.chain
    path = " -> ".join([f"{first.origin} {first.requirement}", *(step.requirement for step in rest)])
    return f"{entry.project} {entry.version} ({need.target}, {need.set_name}): {path}"


def _refuse(what: str, name: str, known: Iterable[str]) -> NoReturn:
    """Raise an error that says that *name* is unknown, and what comes near."""
    near = difflib.get_close_matches(name, sorted(known), n=3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see `site/index.html` for what there is"
    msg = f"{what} {name!r}"
    raise SubsetError(msg, next_step=hint)
