"""Projects that got an older release than the newest, or a pre-release, and why."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions.metadata import dependencies_of, parse_requirement
from pypi_subset.resolve.explain.rejections import admits, by_release, fits, obstacle
from pypi_subset.targets.markers import UndefinedName, holds
from pypi_subset.targets.patch_levels import at_patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.model.requests import Subset
    from pypi_subset.model.targets import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Outdated:
    """
    One project that has an older version than the newest release or than another target, or a pre-release, and why.

    :param newest: the newest release; for a pre-release the newest settled one, ``""`` without any.
    """

    set: str
    target: str
    project: str
    version: str
    newest: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """
    What there is to judge by.

    :param metadata: the wheels whose METADATA pip has read, each with its METADATA.
    :param limits: the constraints that hold for all sets.
    :param kept: names of the locks that were not resolved anew.
    """

    candidates: Callable[[NormalizedName], tuple[Candidate, ...]]
    metadata: Sequence[tuple[Distribution, bytes]]
    limits: Sequence[str]
    kept: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """One pin, with the target at the first patch level that gets it, and who asks for the project."""

    pin: Pin
    lock: Lock
    target: Target
    asking: tuple[tuple[str, Requirement], ...]

    def outdated(self, newest: str, why: str) -> Outdated:
        """Return the finding about this pin."""
        one = self.pin.distribution
        return Outdated(
            set=self.lock.set_name,
            target=self.lock.target_name,
            project=one.project,
            version=str(one.version),
            newest=newest,
            why=why,
        )


def held_back(subset: Subset, locks: Sequence[Lock], known: Known) -> tuple[Outdated, ...]:
    """Return each project of each job that is older than it might be, sorted by job and project."""
    found = []
    for case in _cases(subset, locks, known):
        if newer := _newer(case.pin, known.candidates(case.pin.distribution.project)):
            why = _why(newer, case, known) + _elsewhere(newer, case, locks)
            found.append(case.outdated(str(max(newer)), why))
    return tuple(found)


def early(subset: Subset, locks: Iterable[Lock], known: Known) -> tuple[Outdated, ...]:
    """Return each pre-release that was chosen, sorted by job and project, and why no settled release was."""
    found = []
    for case in _cases(subset, locks, known):
        if case.pin.distribution.version.is_prerelease:
            candidates = known.candidates(case.pin.distribution.project)
            settled = _not_yanked(one for one in candidates if not one.distribution.version.is_prerelease)
            why = _why(settled, case, known) if settled else "there is no other release yet"
            found.append(case.outdated(str(max(settled, default="")), why))
    return tuple(found)


def _cases(subset: Subset, locks: Iterable[Lock], known: Known) -> Iterator[_Case]:
    targets = {target.name: target for target in subset.targets}
    sets = {one.name: one for one in subset.sets}
    for lock in locks:
        stated = [(one.origin, one.requirement) for one in sets[lock.set_name].constraints]
        stated += [("pip's setting 'constraint'", one) for one in _readable(known.limits)]
        for pin in lock.pins:
            asking = [(one.by or one.origin, one.requirement) for one in pin.reasons]
            asking += [each for each in stated if canonicalize_name(each[1].name) == pin.distribution.project]
            target = _first(pin, lock, targets[lock.target_name])
            yield _Case(pin=pin, lock=lock, target=target, asking=tuple(asking))


def _readable(limits: Iterable[str]) -> Iterator[Requirement]:
    """What constraints ask for, hashes aside; pip knows lines that are no requirement, and those limit no version."""
    for line in limits:
        with contextlib.suppress(InvalidRequirement):
            yield parse_requirement(line.partition(" --hash")[0])


def _first(pin: Pin, lock: Lock, target: Target) -> Target:
    """The target at the first patch level that gets *pin*, where patch levels get different files."""
    if lock.patches == (0,):
        return target
    levels = [replace(at_patch(target, patch), exact=True) for patch in lock.patches]
    return next(at for at in levels if holds(pin.marker, at.environment))


def _newer(pin: Pin, candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    """The releases that pip would rather take: newer, not yanked, and no pre-release unless the chosen one is."""
    version = pin.distribution.version
    newer = (one for one in candidates if one.distribution.version > version)
    return _not_yanked(one for one in newer if not one.distribution.version.is_prerelease or version.is_prerelease)


def _not_yanked(candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    """The files of each release, yanked ones aside."""
    return by_release(one for one in candidates if one.distribution.yanked is None)


def _why(releases: Mapping[Version, Sequence[Candidate]], case: _Case, known: Known) -> str:
    """What keeps the newest release from being chosen; where it does not fit, also what is against one that does."""
    unfit = _unfit(releases[max(releases)], case.target)
    fitting = [version for version, files in releases.items() if not _unfit(files, case.target)]
    if not fitting:
        return unfit
    against = _against(max(fitting), case, known)
    # A pin may keep away what the newest release, which has no wheel here, has nothing to do with.
    return f"{unfit}; {max(fitting)} fits, but {against}" if unfit else against


def _elsewhere(newer: Mapping[Version, Sequence[Candidate]], case: _Case, locks: Iterable[Lock]) -> str:
    """``; 2.3.3, as on mac: …``: why the target has not even what another target of the set has; else ``""``."""
    project = case.pin.distribution.project
    others = {
        pin.distribution.version: lock.target_name
        for lock in locks
        for pin in lock.pins
        if (lock.set_name, pin.distribution.project) == (case.lock.set_name, project)
        and pin.distribution.version in newer
    }
    best = max(others.keys() - {max(newer)}, default=None)
    if best is None or not (unfit := _unfit(newer[best], case.target)):
        return ""
    return f"; {best}, as on {others[best]}: {unfit}"


def _unfit(files: Sequence[Candidate], target: Target) -> str:
    """What of a release itself, tags or Requires-Python, shuts out the target; ``""`` if nothing does."""
    reason = obstacle(files, target)
    return reason if reason.startswith("Requires-Python") or not any(fits(one, target) for one in files) else ""


def _against(version: Version, case: _Case, known: Known) -> str:
    """What keeps a release that fits from being chosen: another requirement, the lock's age, or its own."""
    for who, one in case.asking:
        if not admits(one, version):
            return f"{who} asks for {one.name}{one.specifier}"
    if case.lock.name in known.kept:
        return "the lock was made without it; an update takes it if the rest allows"
    reasons = (_missing(one, case, known) for one in _requires(version, case, known))
    return next(filter(None, reasons), "what it requires itself does not go with the rest")


def _requires(version: Version, case: _Case, known: Known) -> Iterator[Requirement]:
    """What a release requires on the target, as far as pip looked into it."""
    for one, metadata in known.metadata:
        if (one.project, one.version) != (case.pin.distribution.project, version):
            continue
        for text in dependencies_of(metadata).requires:
            with contextlib.suppress(InvalidRequirement, UndefinedName):
                requirement = parse_requirement(text)
                if holds(requirement.marker, case.target.environment, case.pin.extras):
                    yield requirement


def _missing(requirement: Requirement, case: _Case, known: Known) -> str:
    """What is wrong with a requirement of a release: nothing fits it, or the lock needs another version; ``""`` if neither."""
    name = canonicalize_name(requirement.name)
    asks = f"it requires {requirement.name}{requirement.specifier}"
    releases = _not_yanked(one for one in known.candidates(name) if admits(requirement, one.distribution.version))
    if not releases:
        return f"{asks}, which no index has"
    if all(_unfit(files, case.target) for files in releases.values()):
        return f"{asks}; {name} {max(releases)}: {_unfit(releases[max(releases)], case.target)}"
    pinned = [one.distribution.version for one in case.lock.pins if one.distribution.project == name]
    if pinned and not any(admits(requirement, one) for one in pinned):
        return f"{asks}, and the rest goes with {requirement.name} {max(pinned)}"
    return ""
