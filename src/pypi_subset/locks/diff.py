"""What differs between locks, and what a target needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """
    One project of one job: the versions before and after, joined by " and "; ``""`` for none.

    :param build_of: the project whose build requires it; ``""`` for a pin.
    """

    set: str
    target: str
    project: str
    before: str
    after: str
    build_of: str = ""


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
        found += _changes_of_builds(then, lock) if then else []
    return tuple(found)


def _changes_of_builds(then: Lock, lock: Lock) -> Iterator[Change]:
    """Yield what differs in the builds of the projects that both locks have."""
    old, new = builds(then), builds(lock)
    for built in sorted(old.keys() & new.keys()):
        before, after = old[built], new[built]
        for project in sorted(before.keys() | after.keys()):
            if before.get(project) != after.get(project):
                yield Change(
                    set=lock.set_name,
                    target=lock.target_name,
                    project=project,
                    before=" and ".join(before.get(project, ())),
                    after=" and ".join(after.get(project, ())),
                    build_of=built,
                )


def builds(lock: Lock) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return what the builds of *lock* require: built project → project → versions, sorted."""
    found: dict[str, dict[str, set[str]]] = {}
    for pin in lock.pins:
        one = pin.distribution
        held = {(str(each.project), str(each.version)) for each in pin.build}
        held |= {(name, version) for name, version, _ in (one.built.requires if one.built else ())}
        for project, version in held:
            found.setdefault(one.project, {}).setdefault(project, set()).add(version)
    return {
        built: {project: tuple(sorted(versions, key=Version)) for project, versions in own.items()}
        for built, own in found.items()
    }


def releases(lock: Lock) -> dict[str, dict[str, Distribution]]:
    """Return the distributions of a lock by project and version; Pythons of several patch levels may need several."""
    found: dict[str, dict[str, Distribution]] = {}
    for pin in lock.pins:
        found.setdefault(pin.distribution.project, {})[str(pin.distribution.version)] = pin.distribution
    return found
