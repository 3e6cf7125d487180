"""
Overrides and excludes of uv, as far as pip obeys them.

uv replaces what releases require. pip and every client of the site obey what releases require. Each override is a
constraint for pip, and the answer is accepted if uv's cannot differ: where it may, there is no solution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from pypi_subset.distributions.metadata import dependencies_of, parse_requirement
from pypi_subset.errors import NoSolution
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from packaging.requirements import Requirement

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.requests import Job, Request
    from pypi_subset.upstream.offers import TargetOffers

_STEP = "pip installs by what releases require, whatever the file says; drop the entry, or request releases that agree"


def require_honoured(
    job: Job,
    found: Mapping[NormalizedName, Mapping[str, Any]],
    extras: Mapping[NormalizedName, Collection[str]],
    upstream: TargetOffers,
) -> None:
    """
    Return if uv would choose the same with the overrides and excludes of the set.

    :param found: what pip would install, by project, as its report describes it.
    :param extras: the extras that are requested of each project.
    :raises NoSolution: uv may choose something else; says which entry and why.
    """
    own = job.requirement_set
    if not (own.overrides or own.excludes):
        return
    for entry, project, why in (*_of_overrides(job, found, extras, upstream), *_of_excludes(job, found, upstream)):
        msg = f"{entry} is not honoured: {why}"
        raise NoSolution(msg, target=job.target.name, set_name=own.name, project=project, next_step=_STEP)


def with_reason(gaps: Sequence[NoSolution], job: Job) -> Sequence[NoSolution]:
    """Return *gaps*; those of a project that the set overrides or excludes say that pip cannot obey that."""
    own = job.requirement_set
    overridden = {canonicalize_name(one.requirement.name): one for one in own.overrides}
    excluded = {*map(canonicalize_name, own.excludes)}
    for gap in gaps:
        project = canonicalize_name(gap.project or "")
        if project in overridden:
            one = overridden[project]
            gap.next_step = f"the override {one.requirement} ({one.origin}) is a constraint here: {_STEP}"
        elif project in excluded:
            gap.next_step = f"the exclude of {project} is not honoured: {_STEP}"
    return gaps


def _of_overrides(
    job: Job,
    found: Mapping[NormalizedName, Mapping[str, Any]],
    extras: Mapping[NormalizedName, Collection[str]],
    upstream: TargetOffers,
) -> Iterator[tuple[str, NormalizedName, str]]:
    """Yield the entry, its project and why, for each override that is more than a constraint."""
    stated: dict[NormalizedName, list[Request]] = {}
    for one in job.requirement_set.overrides:
        stated.setdefault(canonicalize_name(one.requirement.name), []).append(one)
    for project, entries in stated.items():
        active = [one for one in entries if _true(one.requirement, job)]
        entry = f"the override {(active or entries)[0].requirement} ({(active or entries)[0].origin})"
        if not active:
            if project in found:
                yield (
                    entry,
                    project,
                    f"its marker is false on {job.target.name}, and {project} is required all the same",
                )
            yield from ((entry, project, why) for why in _newer(project, None, job, found, upstream))
            continue
        bound = SpecifierSet(",".join(str(one.requirement.specifier) for one in active))
        version = newest = _newest(project, bound, job, upstream)
        if project in found:
            version = Version(found[project]["metadata"]["version"])
            if newest is not None and newest != version:
                yield entry, project, f"it admits {newest}, and what requires {project} does not"
        elif who := next(_requiring(project, job, found, extras), None):
            yield entry, project, f"{who} names {project} with a marker that is false on {job.target.name}"
        # Releases that are chosen may require nothing of it, since those that do contradict the entry.
        yield from ((entry, project, why) for why in _newer(project, version, job, found, upstream))


def _of_excludes(
    job: Job, found: Mapping[NormalizedName, Mapping[str, Any]], upstream: TargetOffers
) -> Iterator[tuple[str, NormalizedName, str]]:
    """Yield the entry, its project and why, for each exclude of what is required."""
    for name in job.requirement_set.excludes:
        project = canonicalize_name(name)
        entry = f"the exclude of {name}"
        if project in found:
            yield entry, project, f"it is required on {job.target.name}"
        yield from ((entry, project, why) for why in _newer(project, None, job, found, upstream))


def _newest(project: NormalizedName, bound: SpecifierSet, job: Job, upstream: TargetOffers) -> Version | None:
    """Return the newest version for the target that *bound* and the constraints of the set admit."""
    limits = [one.requirement for one in job.requirement_set.constraints]
    limits = [one for one in limits if canonicalize_name(one.name) == project and _true(one, job)]
    tags, python = frozenset(job.target.tags), ".".join(map(str, job.target.python))
    fitting = {
        one.distribution.version
        for one in upstream.candidates(project)
        if one.tags
        and not one.verdicts
        and one.tags & tags
        and one.distribution.yanked is None
        and SpecifierSet(one.distribution.requires_python or "").contains(python, prereleases=True)
    }
    joined = SpecifierSet(",".join([str(bound), *(str(one.specifier) for one in limits)]))
    return max(joined.filter(fitting, prereleases=job.requirement_set.pre or None), default=None)


def _newer(
    project: NormalizedName,
    version: Version | None,
    job: Job,
    found: Mapping[NormalizedName, Mapping[str, Any]],
    upstream: TargetOffers,
) -> Iterator[str]:
    """Yield each release that pip looked at and passed over since it does not admit *version* of *project*."""
    for one, requirements in _passed_over(job, found, upstream):
        instead = "an older release is chosen" if one.project in found else "it is not chosen"
        for requirement in requirements:
            if canonicalize_name(requirement.name) == project and (
                version is None or not requirement.specifier.contains(version, prereleases=True)
            ):
                yield f"{one.project} {one.version} requires {requirement}, and {instead}"


def _passed_over(
    job: Job, found: Mapping[NormalizedName, Mapping[str, Any]], upstream: TargetOffers
) -> Iterator[tuple[Distribution, list[Requirement]]]:
    """Yield the releases that pip looked at above those in *found*, and below them, each with what it may require here."""
    seen = [
        (one, [each for each in _read(dependencies_of(metadata).requires) if _may_count(each, job)])
        for one, metadata in upstream.metadata_seen()
    ]
    reached = [
        (one, requires)
        for one, requires in seen
        if one.project in found and one.version > Version(found[one.project]["metadata"]["version"])
    ]
    known: set[NormalizedName] = set()
    # What other sets look at is no part of this one: only what a release above leads to is.
    while reached:
        yield from reached
        names = {canonicalize_name(each.name) for _, requires in reached for each in requires} - known - found.keys()
        known |= names
        reached = [(one, requires) for one, requires in seen if one.project in names]


def _may_count(requirement: Requirement, job: Job) -> bool:
    """Whether the marker of *requirement* is true for the target, or may be: one about an extra."""
    return "extra" in str(requirement.marker) or _true(requirement, job)


def _requiring(
    project: NormalizedName,
    job: Job,
    found: Mapping[NormalizedName, Mapping[str, Any]],
    extras: Mapping[NormalizedName, Collection[str]],
) -> Iterator[str]:
    """Yield each request and release that names *project* with a marker that is false, but for an extra that none requests."""
    for one in job.requirement_set.requests:
        if canonicalize_name(one.requirement.name) == project:
            yield one.origin
    for name, item in found.items():
        for requirement in _read(item["metadata"].get("requires_dist", ())):
            marker = str(requirement.marker)
            if canonicalize_name(requirement.name) == project and (
                "extra" not in marker or any(f'"{extra}"' in marker for extra in extras.get(name, ()))
            ):
                yield name


def _read(texts: Iterable[str]) -> Iterator[Requirement]:
    for text in texts:
        try:
            yield parse_requirement(text)
        except InvalidRequirement:
            continue


def _true(requirement: Requirement, job: Job) -> bool:
    try:
        return holds(requirement.marker, job.target.environment)
    except UndefinedName:
        # pip takes it for false; `refuse_open_constraints` names the value.
        return False
