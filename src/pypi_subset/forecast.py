"""
What a run would change, before anything is fetched; and what is older than it might be, with what stands in the way.

pip says nothing when it takes an old release because a newer one has no wheel for the target. Here each such project is
named: the tag, the Requires-Python or the requirement that held it back.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pypi_subset.markers import holds
from pypi_subset.obstacles import fits, obstacle
from pypi_subset.spans import at_patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model import Distribution, Lock, Pin, Plan, Target
    from pypi_subset.offers import Offer

#: The number of the form of the JSON.
SCHEMA = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One project of one job: the versions before and after, joined by " and "; ``""`` for none."""

    set: str
    target: str
    project: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One project that got an older version than the newest release, or than another target, and why."""

    set: str
    target: str
    project: str
    version: str
    newest: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What a target would need, and how much of that would have to be fetched; files that two targets need count twice."""

    target: str
    files: int
    bytes: int
    fetch_files: int
    fetch_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """
    What a run would do.

    :param removed: names of the locks that would go, since no set asks for their targets any more.
    """

    rows: tuple[Row, ...]
    changes: tuple[Change, ...]
    removed: tuple[str, ...]
    held: tuple[Held, ...]

    def document(self) -> dict[str, Any]:
        """Return it as JSON's values."""
        return {"schema": SCHEMA, **asdict(self)}


def rows(plan: Plan, locks: Iterable[Lock], present: Iterable[str]) -> tuple[Row, ...]:
    """
    Return a row for each target that some set serves.

    :param present: names of the files that need not be fetched.
    """
    here, found = set(present), []
    for target, needed in needs(plan, locks).items():
        fetched = [one for name, one in needed.items() if name not in here]
        found.append(
            Row(
                target=target,
                files=len(needed),
                bytes=size_of(needed.values()),
                fetch_files=len(fetched),
                fetch_bytes=size_of(fetched),
            )
        )
    return tuple(found)


def needs(plan: Plan, locks: Iterable[Lock]) -> dict[str, dict[str, Distribution]]:
    """Return what each target that some set serves needs, by file name; what several sets need stands there once."""
    needed: dict[str, dict[str, Distribution]] = {}
    for lock in locks:
        own = needed.setdefault(lock.target_name, {})
        own |= {pin.distribution.filename: pin.distribution for pin in lock.pins}
    return {target.name: needed[target.name] for target in plan.targets if target.name in needed}


def size_of(distributions: Iterable[Distribution]) -> int:
    """Return how many bytes they are together."""
    return sum(one.size or 0 for one in distributions)


def changes(before: Mapping[str, Lock], after: Sequence[Lock]) -> tuple[Change, ...]:
    """
    Return what came, went or changed its version, sorted by job and project; jobs that are no more come last.

    :param before: the locks on disk, by name; what has none there comes as a whole.
    """
    left = before.keys() - {lock.name for lock in after}
    pairs = [(before.get(lock.name), lock) for lock in after]
    pairs += [(before[name], replace(before[name], pins=())) for name in sorted(left)]
    found = []
    for then, lock in pairs:
        old, new = releases(then) if then else {}, releases(lock)
        found += [
            Change(
                set=lock.set_name,
                target=lock.target_name,
                project=project,
                before=" and ".join(old.get(project, ())),
                after=" and ".join(new.get(project, ())),
            )
            for project in sorted(old.keys() | new.keys())
            if old.get(project, {}).keys() != new.get(project, {}).keys()
        ]
    return tuple(found)


def releases(lock: Lock) -> dict[str, dict[str, Distribution]]:
    """Return the distributions of a lock by project and version; Pythons of several patch levels may need several."""
    found: dict[str, dict[str, Distribution]] = {}
    for pin in lock.pins:
        found.setdefault(pin.distribution.project, {})[str(pin.distribution.version)] = pin.distribution
    return found


def held_back(
    plan: Plan,
    locks: Sequence[Lock],
    offers: Callable[[NormalizedName], tuple[Offer, ...]],
    limits: Sequence[str],
    *,
    kept: Iterable[str] = (),
) -> tuple[Held, ...]:
    """
    Return each project of each job that is older than it might be, sorted by job and project.

    :param offers: everything that the indexes have of a project.
    :param limits: the constraints that hold for all sets.
    :param kept: names of the locks that were not resolved anew.
    """
    standing = set(kept)
    targets = {target.name: target for target in plan.targets}
    sets = {one.name: one for one in plan.sets}
    found = []
    for lock in locks:
        stated = [(one.origin, one.requirement) for one in sets[lock.set_name].constraints]
        stated += [("pip's setting 'constraint'", one) for one in _readable(limits)]
        target = targets[lock.target_name]
        for pin in lock.pins:
            newer = _newer(pin, offers(pin.distribution.project))
            if newer:
                asking = [(one.by or one.origin, Requirement(one.requirement)) for one in pin.reasons]
                asking += [each for each in stated if canonicalize_name(each[1].name) == pin.distribution.project]
                at = _first(pin, lock, target)
                found.append(
                    Held(
                        set=lock.set_name,
                        target=lock.target_name,
                        project=pin.distribution.project,
                        version=str(pin.distribution.version),
                        newest=str(max(newer)),
                        why=_why(newer, at, asking, kept=lock.name in standing),
                    )
                )
    return tuple(found)


def _readable(limits: Iterable[str]) -> Iterator[Requirement]:
    """What constraints ask for, hashes aside; pip knows lines that are no requirement, and those limit no version."""
    for line in limits:
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(line.partition(" --hash")[0])


def _first(pin: Pin, lock: Lock, target: Target) -> Target:
    """The target at the first patch level that gets *pin*, where patch levels get different files."""
    if lock.patches == (0,):
        return target
    levels = [replace(at_patch(target, patch), exact=True) for patch in lock.patches]
    return next(at for at in levels if holds(pin.marker, at.environment))


def _newer(pin: Pin, offers: Iterable[Offer]) -> dict[Version, list[Offer]]:
    """The releases that pip would rather take: newer, not yanked, and no pre-release unless the chosen one is."""
    newer: dict[Version, list[Offer]] = {}
    for offer in offers:
        one = offer.distribution
        settled = not one.version.is_prerelease or pin.distribution.version.is_prerelease
        if one.version > pin.distribution.version and settled and one.yanked is None:
            newer.setdefault(one.version, []).append(offer)
    return newer


def _why(
    newer: Mapping[Version, Sequence[Offer]], target: Target, asking: Sequence[tuple[str, Requirement]], *, kept: bool
) -> str:
    """What keeps the newest release from being chosen; where it does not fit, also what is against one that does."""
    unfit = _unfit(newer[max(newer)], target)
    fitting = [version for version, files in newer.items() if not _unfit(files, target)]
    if not fitting:
        return unfit
    against = _against(max(fitting), asking, kept=kept)
    # A pin may keep away what the newest release, which has no wheel here, has nothing to do with.
    return f"{unfit}; {max(fitting)} fits, but {against}" if unfit else against


def _unfit(files: Sequence[Offer], target: Target) -> str:
    """What of a release itself, tags or Requires-Python, shuts out the target; ``""`` if nothing does."""
    reason = obstacle(files, target)
    return reason if reason.startswith("Requires-Python") or not any(fits(one, target) for one in files) else ""


def _against(version: Version, asking: Iterable[tuple[str, Requirement]], *, kept: bool) -> str:
    """What keeps a release that fits from being chosen: a requirement of somebody else, the lock's age, or its own."""
    for who, one in asking:
        if not one.specifier.contains(version, prereleases=True):
            return f"{who} asks for {one.name}{one.specifier}"
    if kept:
        return "the lock was made without it; an update takes it if the rest allows"
    return "what it requires itself does not go with the rest"
