"""Who requires what, worked out from metadata under the target's markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions.metadata import parse_requirement
from pypi_subset.errors import UndefinedMarker
from pypi_subset.model.locks import Reason
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.requirements import Requirement

    from pypi_subset.model.requests import Job, Request
    from pypi_subset.model.targets import Target


def undefined(error: UndefinedName, where: str, target: Target) -> UndefinedMarker:
    """Return the error for a marker that the target leaves open."""
    msg = f"{where!r} has a marker that reads {error}, which target {target.name} leaves open"
    step = f'add {error} = "…" to the target in subset.toml, as that machine says it, or leave the project out there'
    return UndefinedMarker(msg, target=target.name, next_step=step)


def asked_of(job: Job) -> list[Request]:
    """The requests that concern the target; the others are not requested here."""
    requests = job.requirement_set.requests
    return [one for one in requests if _holds(one.requirement, job.target, (), f"{one.origin}: {one.requirement}")]


def who_asks(
    asked: Iterable[Request], target: Target, found: Mapping[NormalizedName, Mapping[str, Any]]
) -> tuple[dict[NormalizedName, set[Reason]], dict[NormalizedName, set[NormalizedName]]]:
    """
    For each project: the requirements that lead to it, and the extras that anybody asks of it.

    An extra can bring in requirements that ask for further extras, so a project whose extras grew is read again.
    """
    reasons: dict[NormalizedName, set[Reason]] = {project: set() for project in found}
    extras: dict[NormalizedName, set[NormalizedName]] = {project: set() for project in found}
    waiting = [Reason(requirement=request.requirement, origin=request.origin) for request in asked]
    while waiting:
        reason = waiting.pop()
        project = canonicalize_name(reason.requirement.name)
        further = {canonicalize_name(extra) for extra in reason.requirement.extras} - extras[project]
        is_new = not reasons[project]
        reasons[project].add(reason)
        extras[project] |= further
        if is_new or further:
            waiting += _dependencies(found[project]["metadata"], project, extras[project], target)
    return reasons, extras


def _dependencies(
    metadata: Mapping[str, Any], project: NormalizedName, extras: Iterable[NormalizedName], target: Target
) -> Iterator[Reason]:
    """The requirements of one release that hold on the target with these extras (PEP 508)."""
    for text in metadata.get("requires_dist", ()):
        requirement = parse_requirement(text)
        if _holds(requirement, target, extras, f"{project} {metadata['version']}: {text}"):
            yield Reason(requirement=requirement, by=project)


def _holds(requirement: Requirement, target: Target, extras: Iterable[str], where: str) -> bool:
    try:
        return holds(requirement.marker, target.environment, extras)
    except UndefinedName as error:
        raise undefined(error, where, target) from error
