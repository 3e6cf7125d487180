"""Who requires what, worked out from metadata under the target's markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions.metadata import parse_requirement
from pypi_subset.errors import UndefinedMarker
from pypi_subset.model.locks import Reason
from pypi_subset.targets.markers import UndefinedName, decided, holds
from pypi_subset.targets.tag import line_with

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from packaging.requirements import Requirement

    from pypi_subset.model.requests import Job, Request
    from pypi_subset.model.targets import Target


def asked_of(job: Job) -> list[Request]:
    """
    Return the requests that concern the target.

    :raises UndefinedMarker: whether one does depends on a value that the target leaves open.
    """
    requests = job.requirement_set.requests
    return [one for one in requests if _holds(one.requirement, (), job, f"{one.origin}: {one.requirement}")]


def refuse_open_constraints(job: Job, constraints: Iterable[Requirement], found: Collection[NormalizedName]) -> None:
    """
    Refuse a constraint on a project of *found* if the target leaves open whether it applies.

    :raises UndefinedMarker: names the constraint and the values.
    """
    for one in constraints:
        if canonicalize_name(one.name) in found:
            _holds(one, (), job, f"the constraint {one}")


def who_asks(
    asked: Iterable[Request], job: Job, found: Mapping[NormalizedName, Mapping[str, Any]]
) -> tuple[dict[NormalizedName, set[Reason]], dict[NormalizedName, set[NormalizedName]], frozenset[NormalizedName]]:
    """
    Return, for each project, the requirements that lead to it and the extras that they request; and what is brought.

    The last are the projects that are required, and that the interpreter of the target brings itself.

    An extra can bring in requirements that request further extras: a project whose extras grew is read again. pip takes
    a marker that depends on an open value for false; each of them is refused here, once all extras are known.

    :raises UndefinedMarker: a marker of the answer depends on a value that the target leaves open.
    """
    reasons: dict[NormalizedName, set[Reason]] = {project: set() for project in found}
    extras: dict[NormalizedName, set[NormalizedName]] = {project: set() for project in found}
    brought, taken = dict(job.target.brought), set[NormalizedName]()
    waiting = [Reason(requirement=request.requirement, origin=request.origin) for request in asked]
    while waiting:
        reason = waiting.pop()
        project = canonicalize_name(reason.requirement.name)
        if project not in found and project in brought:
            taken.add(project)
            continue
        further = {canonicalize_name(extra) for extra in reason.requirement.extras} - extras[project]
        is_new = not reasons[project]
        reasons[project].add(reason)
        extras[project] |= further
        if is_new or further:
            waiting += _dependencies(found[project]["metadata"], project, extras[project], job.target)
    for project, item in found.items():
        for requirement in _required(item["metadata"]):
            where = f"{project} {item['metadata']['version']} requires {str(requirement)!r}"
            _holds(requirement, extras[project], job, where)
    return reasons, extras, frozenset(taken)


def _dependencies(
    metadata: Mapping[str, Any], project: NormalizedName, extras: Iterable[NormalizedName], target: Target
) -> Iterator[Reason]:
    """Yield the requirements of one release that are known to hold on the target with these extras (PEP 508)."""
    for requirement in _required(metadata):
        if decided(requirement.marker, target.environment, extras) is True:
            yield Reason(requirement=requirement, by=project)


def _required(metadata: Mapping[str, Any]) -> Iterator[Requirement]:
    return map(parse_requirement, metadata.get("requires_dist", ()))


def _holds(requirement: Requirement, extras: Iterable[str], job: Job, where: str) -> bool:
    """
    Return whether *requirement* holds on the target of *job*.

    :param where: the beginning of the error: which requirement of what it is.
    :raises UndefinedMarker: the target leaves it open.
    """
    try:
        return holds(requirement.marker, job.target.environment, extras)
    except UndefinedName as error:
        own = [one.origin for one in job.requirement_set.requests if one.requirement is requirement]
        problem, step = f"{where}; its marker has a comparison that is not defined", "correct it, or leave it out"
        if error.names:
            problem = f"{where}; its marker depends on {error}, which the target {job.target.name} leaves open"
            step = (
                f"write in [targets]: {line_with(job.target, error.names)} (describe_target.py prints the value there)"
            )
        msg = f"{job.name}: {problem}"
        raise UndefinedMarker(
            msg,
            set_name=job.requirement_set.name,
            target=job.target.name,
            project=canonicalize_name(requirement.name),
            next_step=step,
            problem=problem,
            requests=own,
        ) from error
