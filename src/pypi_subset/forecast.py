"""What a run would change, before anything is fetched; and the form of what else there is to say about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pypi_subset.model import Distribution, Lock, Plan

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
class Early:
    """One project that got a pre-release, and why not the newest settled release; ``newest`` is ``""`` without any."""

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
    early: tuple[Early, ...]

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
