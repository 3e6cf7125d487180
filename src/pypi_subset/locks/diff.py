"""What differs between locks, and what a target needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One project of one job: the versions before and after, joined by " and "; ``""`` for none."""

    set: str
    target: str
    project: str
    before: str
    after: str


def needs(subset: Subset, locks: Iterable[Lock]) -> dict[str, dict[str, Distribution]]:
    """Return what each target that some set serves needs, by file name; what several sets need stands there once."""
    needed: dict[str, dict[str, Distribution]] = {}
    for lock in locks:
        own = needed.setdefault(lock.target_name, {})
        own |= {one.filename: one for one in lock.distributions}
    return {target.name: needed[target.name] for target in subset.targets if target.name in needed}


def size_of(distributions: Iterable[Distribution]) -> int:
    """Return how many bytes they are together."""
    return sum(one.size or 0 for one in distributions)


def changes(before: Mapping[str, Lock], after: Sequence[Lock]) -> tuple[Change, ...]:
    """Return what came, went or changed since the locks *before*, sorted by job; jobs that are no more come last."""
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
