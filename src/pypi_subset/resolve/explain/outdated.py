"""Projects that got an older release than the newest, or a pre-release, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pypi_subset.model.locks import Outdated
from pypi_subset.resolve.explain.obstacles import Inspector
from pypi_subset.resolve.explain.rejections import admits, by_release, fits, obstacle
from pypi_subset.resolve.explain.sentences import step_of, way_to, why_of
from pypi_subset.resolve.explain.stated import lines_of, pinned_of, rivals_of
from pypi_subset.targets.markers import holds
from pypi_subset.targets.patch_levels import at_patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.model.requests import Job
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking
    from pypi_subset.resolve.explain.sentences import Shelves


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """
    What there is to judge by.

    :param limits: the constraints that hold for all sets.
    :param kept: names of the locks that were not resolved in this run.
    """

    offers: Shelves
    limits: Sequence[str]
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    """
    One pin, with the target at the first patch level that gets it.

    :param lines: by project what the user asks for: lines of the set, its constraints, those of pip's configuration.
    :param pre: whether the set takes pre-releases as any release.
    """

    pin: Pin
    lock: Lock
    target: Target
    lines: Mapping[NormalizedName, Sequence[Asking]]
    pre: bool = False

    def finding(self, newest: Version | None, why: str, candidates: Iterable[Candidate], **more: Any) -> Outdated:
        """Return the finding about this pin."""
        one = self.pin.distribution
        days = {each.distribution.version: (each.distribution.upload_time or "")[:10] for each in candidates}
        return Outdated(
            set=self.lock.set_name,
            target=self.lock.target_name,
            project=one.project,
            version=str(one.version),
            newest="" if newest is None else str(newest),
            why=why,
            uploaded=(one.upload_time or days.get(one.version, ""))[:10],
            newest_uploaded="" if newest is None else days.get(newest, ""),
            requested=self.pin.requested,
            **more,
        )


def to_remember(job: Job, lock: Lock, known: Known, others: Sequence[Lock]) -> tuple[Outdated, ...]:
    """
    Return each requested project of a lock that is older than the newest release, and each pre-release, by project.

    A pre-release that another project asks for by its version is none: there is nothing that the user forgot.
    """
    unasked = (one for one in early(job, lock, known) if one.requested or not one.own)
    found = [*held_back(job, lock, known, others=others, requested=True), *unasked]
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
    for case in _cases(job, lock, known):
        one = case.pin.distribution
        if requested and not case.pin.requested:
            continue
        newest = known.offers.newest(one.project)
        if not (one.version.is_prerelease or case.pre or (newest and newest > one.version)):
            # Before a page is read again: most projects have their newest release.
            continue
        line = next((each for each in case.lines.get(one.project, ()) if newest and not admits(each[1], newest)), None)
        if requested and line is not None:
            why = f"{line[0]} asks for {line[1].name}{line[1].specifier}"
            found.append(case.finding(newest, why, (), step=f"change {line[0]}", own=True))
            continue
        candidates = known.offers.candidates(one.project)
        if newer := _newer(case, candidates):
            why, step, own = _why(newer, case, known)
            reason = why + _elsewhere(newer, case, others)
            found.append(case.finding(max(newer), reason, candidates, step=step, own=own))
    return tuple(found)


def early(job: Job, lock: Lock, known: Known) -> tuple[Outdated, ...]:
    """
    Return each pre-release that was chosen, sorted by project, and why no final release was.

    It is the choice of the user or of another project, ``own``, if a requirement names a pre-release.
    """
    found = []
    for case in _cases(job, lock, known):
        if not case.pin.distribution.version.is_prerelease:
            continue
        candidates = known.offers.candidates(case.pin.distribution.project)
        final = _not_yanked(one for one in candidates if not one.distribution.version.is_prerelease)
        lines = case.lines.get(case.pin.distribution.project, ())
        stated = [*(one for _, one in lines), *(one.requirement for one in case.pin.reasons)]
        asked = case.pre or any(one.specifier.prereleases for one in stated)
        accept = _accepting(case)
        if final:
            why, step, own = _why(final, case, known)
            more = {"step": "; or ".join(filter(None, (step, accept))), "own": own or asked}
            found.append(case.finding(max(final), why, candidates, early=True, **more))
        else:
            asking = next((one for one in case.pin.reasons if one.by), None)
            who = (
                f"{asking.by} asks for {asking.requirement.name}{asking.requirement.specifier}, and " if asking else ""
            )
            why = f"{who}there is no other release yet"
            found.append(case.finding(None, why, candidates, early=True, own=asked, step=accept))
    return tuple(found)


def as_remembered(lock: Lock, found: Sequence[Outdated]) -> tuple[Outdated, ...]:
    """Return *found*, each finding as *lock* remembers it where that speaks of the same releases."""
    known = {(one.project, one.version, one.newest, one.early): one for one in lock.outdated or ()}
    return tuple(known.get((one.project, one.version, one.newest, one.early), one) for one in found)


def _cases(job: Job, lock: Lock, known: Known) -> Iterator[_Case]:
    lines: dict[tuple[int, ...], Mapping[NormalizedName, Sequence[Asking]]] = {}
    for pin in lock.pins:
        target = _first(pin, lock, job.target)
        if target.python not in lines:
            lines[target.python] = lines_of(job, known.limits, target)
        yield _Case(pin=pin, lock=lock, target=target, lines=lines[target.python], pre=job.requirement_set.pre)


def _first(pin: Pin, lock: Lock, target: Target) -> Target:
    """The target at the first patch level that gets *pin*, where patch levels get different files."""
    if lock.patches == (0,):
        return target
    levels = [replace(at_patch(target, patch), exact=True) for patch in lock.patches]
    return next(at for at in levels if holds(pin.marker, at.environment))


def _newer(case: _Case, candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    """The releases that pip would rather take: newer, not yanked, and no pre-release unless the chosen one is."""
    version = case.pin.distribution.version
    pre = version.is_prerelease or case.pre
    newer = (one for one in candidates if one.distribution.version > version)
    return _not_yanked(one for one in newer if pre or not one.distribution.version.is_prerelease)


def _not_yanked(candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    """The files of each release, yanked ones aside."""
    return by_release(one for one in candidates if one.distribution.yanked is None)


def _why(releases: Mapping[Version, Sequence[Candidate]], case: _Case, known: Known) -> tuple[str, str, bool]:
    """
    Return what keeps the newest release from being chosen, what changes that, and whether the user's own line does.

    If it does not fit, the text also says what is against the newest release that fits.
    """
    newest = max(releases)
    lines = case.lines.get(case.pin.distribution.project, ())
    own = any(not admits(one, newest) for _, one in lines)
    unfit = _unfit(releases[newest], case.target)
    fitting = [version for version, files in releases.items() if not _unfit(files, case.target)]
    if not fitting:
        return unfit, way_to(releases[newest], case.target, known.offers), own
    why, step = _against(max(fitting), releases[max(fitting)], case, known)
    # A pin may keep away what the newest release, which has no wheel here, has nothing to do with.
    return f"{unfit}; {max(fitting)} fits, but {why}" if unfit else why, step, own


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


def _against(version: Version, files: Sequence[Candidate], case: _Case, known: Known) -> tuple[str, str]:
    """Return what keeps a release that fits from being chosen, and what changes that."""
    project = case.pin.distribution.project
    for who, one in case.lines.get(project, ()):
        if not admits(one, version):
            return f"{who} asks for {one.name}{one.specifier}", f"change {who}"
    rivals = rivals_of(case.lock, case.target, project)
    wanted = _wanted(version, case)
    for who, one in rivals.get(project, ()):
        if not admits(one, version):
            return f"{who} asks for {one.name}{one.specifier}", wanted
    for rival in ({}, rivals):
        inspector = Inspector(
            target=case.target,
            offers=known.offers,
            pre=case.pre,
            limits=case.lines,
            rivals=rival,
            pinned=pinned_of(case.lock, case.target, project),
        )
        found = inspector.inside(project, files, frozenset(case.pin.extras))
        if found is not None:
            step = step_of(found, case.target, known.offers) or (wanted if found.kind == "clash" else "")
            return why_of(found, project, case.target, known.offers), step
    if case.lock.name in known.kept:
        return "the lock was made without it", "run `make update`, which takes it if the rest allows"
    return "what it requires itself does not go with the rest", wanted


def _wanted(version: Version, case: _Case) -> str:
    """How the user says that the newer release matters more than what excludes it."""
    project = case.pin.distribution.project
    origin = next((one.origin for one in case.pin.reasons if not one.by), "")
    # Other projects get lower versions then.
    command = "make update ALLOW_DOWNGRADE=yes"
    step = f"write '{project}>={version}' in {origin} and run `{command}`, or put it into a set of its own"
    return step if origin else ""


def _accepting(case: _Case) -> str:
    """How the user says that the pre-release is meant; ``""`` where no line requests the project."""
    one, origin = case.pin.distribution, next((one.origin for one in case.pin.reasons if not one.by), "")
    return f"write '{one.project}=={one.version}' in {origin} if it is meant" if origin else ""
