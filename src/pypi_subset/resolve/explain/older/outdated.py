"""Projects that got an older release than the newest, or a pre-release, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import Version

from pypi_subset.model.requests import BOOTSTRAP
from pypi_subset.resolve.explain.older.causes import (
    OF_SET,
    UNKNOWN,
    UNTRIED,
    Case,
    Known,
    accepting,
    stated_by,
    unfit_of,
    why_older,
)
from pypi_subset.resolve.explain.rejections import admits, by_release
from pypi_subset.resolve.explain.stated import lines_of
from pypi_subset.targets.markers import holds
from pypi_subset.targets.patch_levels import at_patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.locks import Lock, Outdated, Pin
    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking


def to_remember(job: Job, lock: Lock, known: Known, others: Sequence[Lock]) -> tuple[Outdated, ...]:
    """
    Return each requested project of a lock that is older than the newest release, and each pre-release, by project.

    The set of ``[bootstrap]`` is there for old Pythons: what such a Python is too old for is left out.
    """
    found = [*held_back(job, lock, known, others=others, requested=True), *early(job, lock, known)]
    if job.requirement_set.name == BOOTSTRAP:
        found = [one for one in found if not one.why.startswith("Requires-Python")]
    return tuple(sorted(found, key=lambda one: (one.project, one.version, one.early)))


def held_back(
    job: Job, lock: Lock, known: Known, *, others: Sequence[Lock] = (), requested: bool = False
) -> tuple[Outdated, ...]:
    """
    Return each project of a lock that is older than the newest release, sorted by project.

    :param others: all locks of the run: another target of the set may have a newer release.
    :param requested: leave out what no line of the set requests.
    """
    found = []
    for case in cases_of(job, lock, known):
        one = case.pin.distribution
        if requested and not case.pin.requested:
            continue
        newest = known.newest(one.project)
        if not (one.version.is_prerelease or case.pre or (newest and newest > one.version)):
            # Before a page is read again: most projects have their newest release.
            continue
        if requested and newest and newest > one.version and (stated := _pinned(case, newest)):
            # Nor for what a line holds at one version.
            found.append(case.finding(newest, stated[0], (), step=stated[1], own=True))
            continue
        candidates = known.candidates(one.project)
        if newer := newer_than(case, candidates):
            cause, step, own = why_older(newer, case, known, requested=requested)
            reason = cause if own else cause + _elsewhere(newer, case, others)
            found.append(case.finding(max(newer), reason, candidates, step=step, own=own))
    return tuple(found)


def _pinned(case: Case, newest: Version) -> tuple[str, str] | None:
    """Return cause and remedy if a line admits one version alone, and that is not *newest*; else ``None``."""
    lines = case.lines.get(case.pin.distribution.project, ())
    exact = any(
        each.operator in {"==", "==="} and not each.version.endswith(".*") for _, one in lines for each in one.specifier
    )
    return next((stated_by(who, one) for who, one in lines if exact and not admits(one, newest)), None)


def early(job: Job, lock: Lock, known: Known) -> tuple[Outdated, ...]:
    """
    Return each pre-release that was chosen, sorted by project, and why no final release was.

    It is the choice of the user or of another project, ``own``, if a requirement names a pre-release.
    """
    found = []
    for case in cases_of(job, lock, known):
        if not case.pin.distribution.version.is_prerelease:
            continue
        candidates = known.candidates(case.pin.distribution.project)
        final = _not_yanked(one for one in candidates if not one.distribution.version.is_prerelease)
        lines = case.lines.get(case.pin.distribution.project, ())
        others = [] if case.pin.requested else [one.requirement for one in case.pin.reasons]
        asked = case.pre or any(one.specifier.prereleases for one in [*(one for _, one in lines), *others])
        found.append(_early(case, final, candidates, known, asked=asked))
    return tuple(found)


def _early(
    case: Case,
    final: Mapping[Version, Sequence[Candidate]],
    candidates: Sequence[Candidate],
    known: Known,
    *,
    asked: bool,
) -> Outdated:
    """Return the finding about a pre-release, beside which the index has the releases *final*."""
    accept = accepting(case)
    if case.pre and case.pin.distribution.version > max(final, default=Version("0")):
        return case.finding(max(final, default=None), OF_SET, candidates, early=True, own=True)
    if final:
        why, step, own = why_older(final, case, known, requested=True)
        ways = "; or ".join(filter(None, (step, accept)))
        return case.finding(max(final), why, candidates, early=True, step=ways, own=own or asked)
    asking = next((one for one in case.pin.reasons if one.by), None)
    who = f"{asking.by} asks for {asking.requirement.name}{asking.requirement.specifier}, and " if asking else ""
    return case.finding(None, f"{who}there is no other release yet", candidates, early=True, own=asked, step=accept)


def as_remembered(lock: Lock, found: Sequence[Outdated]) -> tuple[Outdated, ...]:
    """
    Return *found*, each finding as *lock* remembers it where that speaks of the same releases.

    What was in the way and is not any more, as an sdist that the user built, is not repeated.
    """
    known = {(one.project, one.version, one.newest, one.early): one for one in lock.outdated or ()}
    return tuple(_as_remembered(known.get((one.project, one.version, one.newest, one.early)), one) for one in found)


def _as_remembered(before: Outdated | None, now: Outdated) -> Outdated:
    if before is None or (now.why.endswith(UNTRIED) and not before.why.endswith(UNKNOWN)):
        return now
    return before


def cases_of(job: Job, lock: Lock, known: Known) -> Iterator[Case]:
    """Yield each pin of a lock with what the user asks for."""
    lines: dict[tuple[int, ...], Mapping[NormalizedName, Sequence[Asking]]] = {}
    for pin in lock.pins:
        target = _first(pin, lock, job.target)
        if target.python not in lines:
            lines[target.python] = lines_of(job, known.limits, target)
        yield Case(pin=pin, lock=lock, target=target, lines=lines[target.python], pre=job.requirement_set.pre)


def _first(pin: Pin, lock: Lock, target: Target) -> Target:
    """The target at the first patch level that gets *pin*, where patch levels get different files."""
    if lock.patches == (0,):
        return target
    levels = [replace(at_patch(target, patch), exact=True) for patch in lock.patches]
    return next(at for at in levels if holds(pin.marker, at.environment))


def newer_than(case: Case, candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    """Return the releases that pip would rather take: newer, not yanked, and no pre-release unless the chosen one is."""
    version = case.pin.distribution.version
    pre = version.is_prerelease or case.pre
    newer = (one for one in candidates if one.distribution.version > version)
    return _not_yanked(one for one in newer if pre or not one.distribution.version.is_prerelease)


def _not_yanked(candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    """The files of each release, yanked ones aside."""
    return by_release(one for one in candidates if one.distribution.yanked is None)


def _elsewhere(newer: Mapping[Version, Sequence[Candidate]], case: Case, locks: Iterable[Lock]) -> str:
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
    if best is None or not (unfit := unfit_of(newer[best], case.target)):
        return ""
    return f"; {best}, as on {others[best]}: {unfit}"
