"""Build requirements that a site has beside another version of their project, and those of which a lock lacks the files."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import structs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.version import Version

    from pypi_subset.model.locks import Lock


def with_own_facts(lock: Lock, own: Mapping[str, Mapping[str, Any]]) -> Lock:
    """
    Return *lock* with facts as its files have them.

    :param own: fields of `Distribution` by file name: METADATA with other newlines or another description than that of
        the index, and a size that the index states wrongly.
    """
    if {pin.distribution.filename for pin in lock.pins}.isdisjoint(own):
        return lock
    pins = (
        replace(pin, distribution=structs.replace(one, **own.get(one.filename, {})))
        for pin, one in ((pin, pin.distribution) for pin in lock.pins)
    )
    return replace(lock, pins=tuple(pins))


def resized(own: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a sentence about the files of *own* with a wrong size, none if there are none."""
    names = sorted(name for name, facts in own.items() if "size" in facts)
    if not names:
        return []
    which = f"{len(names)} file{'s' * (len(names) > 1)}: {', '.join(names)}"
    return [f"a wrong size is stated of {which}; the hash is right, and the lock has the size of the bytes"]


def unstated(locks: Iterable[Lock]) -> list[str]:
    """
    Return a sentence for each release that was built, if its lock does not state the files of its build environment.

    Locks of built wheels did not always state them. An update adds them.
    """
    found = [
        f"the lock {lock.name} does not state the files that {one.project} {one.version} was built with, so mirror and publish "
        "do not know whether these are gone: run `pypi-subset update`, which adds them"
        for lock in locks
        for one in lock.distributions
        if one.built and one.built.requires and not one.built.files
    ]
    return sorted(set(found))


def beside_locked(locks: Iterable[Lock]) -> list[str]:
    """
    Return a sentence for each build requirement of a kept sdist that has another version than its target has locked.

    The index and the view of the target have both. pip takes the newer one, if a client names no version.
    """
    locks = tuple(locks)
    locked: defaultdict[tuple[str, str], set[Version]] = defaultdict(set)
    for lock in locks:
        for one in (pin.distribution for pin in lock.pins):
            locked[lock.target_name, one.project].add(one.version)
    found = {}
    for lock in locks:
        for pin in (one for one in lock.pins if one.is_kept):
            for one in pin.build:
                others = locked.get((lock.target_name, one.project), set())
                if others and one.version not in others:
                    versions = " and ".join(map(str, sorted(others)))
                    what = f"{one.project} {one.version}, which the build of {pin.distribution.project} requires"
                    sentence = f"{what}, is beside {one.project} {versions} on {lock.target_name}"
                    found[sentence] = f"{sentence}: pip takes the newer one, unless a client names a version"
    return sorted(found.values())
