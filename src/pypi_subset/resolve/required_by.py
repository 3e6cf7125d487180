"""Who requires what, worked out from metadata under the target's markers."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions.metadata import parse_requirement
from pypi_subset.errors import Gaps, NoSolution, UndefinedMarker
from pypi_subset.model.locks import Reason
from pypi_subset.targets.markers import UndefinedName, decided, holds
from pypi_subset.targets.tag import line_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from packaging.requirements import Requirement

    from pypi_subset.model.requests import Job, Request
    from pypi_subset.model.targets import Target


def asked_of(job: Job) -> list[Request]:
    """
    Return the requests that concern the target.

    :raises UndefinedMarker: whether one does depends on a value that the target leaves open.
    :raises Gaps: the same of several.
    """
    found: list[Request] = []
    wrong: list[NoSolution] = []
    for one in job.requirement_set.requests:
        with _gathered(wrong):
            if _holds(one.requirement, (), job, f"{one.origin}: {one.requirement}"):
                found.append(one)
    _refuse(wrong)
    return found


@contextlib.contextmanager
def _gathered(wrong: list[NoSolution]) -> Iterator[None]:
    """Add an open marker of the block to *wrong*."""
    try:
        yield
    except UndefinedMarker as error:
        wrong.append(error)


def _refuse(wrong: Sequence[NoSolution]) -> None:
    if wrong:
        raise wrong[0] if len(wrong) == 1 else Gaps(wrong)


def refuse_open_constraints(job: Job, constraints: Iterable[Requirement], found: Mapping[NormalizedName, str]) -> None:
    """
    Refuse a constraint that excludes a version of *found* if the target leaves open whether it applies.

    pip took it for false. A version that it admits is the answer if it is true as well.

    :param found: the versions that pip chose.
    :raises UndefinedMarker: names the constraint and the values.
    :raises Gaps: several do.
    """
    wrong: list[NoSolution] = []
    for one in constraints:
        chosen = found.get(canonicalize_name(one.name))
        # A pre-release in a constraint lets pip take other pre-releases.
        same = chosen is not None and one.specifier.contains(chosen) and not one.specifier.prereleases and not one.url
        if chosen is not None and not same:
            with _gathered(wrong):
                _holds(one, (), job, f"the constraint {one}")
    _refuse(wrong)


def who_asks(
    asked: Iterable[Request], job: Job, found: Mapping[NormalizedName, Mapping[str, Any]]
) -> tuple[dict[NormalizedName, set[Reason]], dict[NormalizedName, set[NormalizedName]], frozenset[NormalizedName]]:
    """
    Return, for each project, the requirements that lead to it and the extras that they request; and what is brought.

    The last are the projects that are required, and that the interpreter of the target brings itself.

    An extra can bring in requirements that request further extras: a project whose extras grew is read again. pip takes
    a marker that depends on an open value for false; each of them is refused here, once all extras are known.

    :raises UndefinedMarker: a marker of the answer depends on a value that the target leaves open.
    :raises Gaps: several do.
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
    wrong: list[NoSolution] = []
    for project, item in found.items():
        for requirement in _required(item["metadata"]):
            where = f"{project} {item['metadata']['version']} requires {str(requirement)!r}"
            with _gathered(wrong):
                _holds(requirement, extras[project], job, where, partial(_lines, project, reasons))
    _refuse(wrong)
    return reasons, extras, frozenset(taken)


def _lines(project: str, reasons: Mapping[NormalizedName, set[Reason]]) -> list[str]:
    """Return the lines that lead to *project*."""
    found, waiting, seen = list[str](), [project], {project}
    while waiting:
        for reason in sorted(reasons[NormalizedName(waiting.pop())]):
            if not reason.by:
                found.append(reason.origin)
            elif reason.by not in seen:
                seen.add(reason.by)
                waiting.append(reason.by)
    return sorted(set(found))


def _dependencies(
    metadata: Mapping[str, Any], project: NormalizedName, extras: Iterable[NormalizedName], target: Target
) -> Iterator[Reason]:
    """Yield the requirements of one release that are known to hold on the target with these extras (PEP 508)."""
    for requirement in _required(metadata):
        if decided(requirement.marker, target.environment, extras) is True:
            yield Reason(requirement=requirement, by=project)


def _required(metadata: Mapping[str, Any]) -> Iterator[Requirement]:
    return map(parse_requirement, metadata.get("requires_dist", ()))


def _holds(
    requirement: Requirement,
    extras: Iterable[str],
    job: Job,
    where: str,
    lines: Callable[[], Sequence[str]] | None = None,
) -> bool:
    """
    Return whether *requirement* holds on the target of *job*.

    :param where: the beginning of the error: which requirement of what it is.
    :param lines: returns the lines that lead to it; ``None`` for a line itself.
    :raises UndefinedMarker: the target leaves it open.
    """
    try:
        return holds(requirement.marker, job.target.environment, extras)
    except UndefinedName as error:
        own = [one.origin for one in job.requirement_set.requests if one.requirement is requirement]
        problem, step = f"{where}; its marker has a comparison that is not defined", "correct it, or leave it out"
        if error.names:
            problem = f"{where}; its marker depends on {error}, which the target leaves open"
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
            requests=own if lines is None else lines(),
        ) from error
