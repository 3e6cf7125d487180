"""What the user's lines and the projects of a lock ask for: the requirements that another release has to agree with."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions.metadata import parse_requirement
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.requirements import Requirement
    from packaging.version import Version

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking


def lines_of(job: Job, limits: Iterable[str], target: Target) -> dict[NormalizedName, list[Asking]]:
    """
    Return what the user asks for on *target*, by project: lines of the set, its constraints, those of pip's configuration.

    :param limits: the lines of the latter.
    """
    found: defaultdict[NormalizedName, list[Asking]] = defaultdict(list)
    own = job.requirement_set
    stated = [(one.origin, one.requirement) for one in (*own.requests, *own.constraints)]
    for who, requirement in [*stated, *(("pip's setting 'constraint'", one) for one in readable(limits))]:
        # A marker that the target leaves open is an error of the resolution, not of what explains it.
        with contextlib.suppress(UndefinedName):
            if holds(requirement.marker, target.environment):
                found[canonicalize_name(requirement.name)].append((who, requirement))
    return dict(found)


def readable(limits: Iterable[str]) -> Iterator[Requirement]:
    """Yield what constraints ask for, hashes aside; pip knows lines that are no requirement, and those limit no version."""
    for line in limits:
        with contextlib.suppress(InvalidRequirement):
            yield parse_requirement(line.partition(" --hash")[0])


def pinned_of(
    lock: Lock, target: Target, project: NormalizedName
) -> dict[NormalizedName, tuple[Version, frozenset[NormalizedName]]]:
    """Return version and extras of each project that *lock* holds at the patch level of *target*, but for *project*."""
    return {
        pin.distribution.project: (pin.distribution.version, frozenset(pin.extras))
        for pin in lock.pins
        if holds(pin.marker, target.environment) and pin.distribution.project != project
    }


def rivals_of(lock: Lock, target: Target, own: NormalizedName) -> dict[NormalizedName, list[Asking]]:
    """
    Return, by project, what the projects of *lock* ask for that are there without the project *own*.

    They stay when another release of it is chosen; what it brings itself may go.
    """
    pins = [one for one in lock.pins if holds(one.marker, target.environment)]
    versions = {one.distribution.project: one.distribution.version for one in pins}
    asking: defaultdict[str, list[tuple[NormalizedName, Requirement]]] = defaultdict(list)
    for pin in pins:
        for reason in pin.reasons:
            asking[reason.by].append((pin.distribution.project, reason.requirement))
    waiting, reached = [name for name, _ in asking[""] if name != own], set[str]()
    found: defaultdict[NormalizedName, list[Asking]] = defaultdict(list)
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for project, requirement in asking[name]:
            found[project].append((f"{name} {versions[NormalizedName(name)]}", requirement))
            if project != own:
                waiting.append(project)
    return dict(found)
