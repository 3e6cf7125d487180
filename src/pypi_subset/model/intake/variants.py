"""Variants: versions of one project that have different local parts on different targets (PEP 440, "Local version identifiers")."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.paths import view_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.manifest import Manifest


def local_part(version: str) -> str:
    """Return the local part of a normalized *version*, ``""`` without one: ``cpu`` of ``2.13.0+cpu``."""
    return version.partition("+")[2]


def variants_of(held: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, tuple[str, ...]]]:
    """
    Return each project that has variants, with the versions on each of its targets; everything sorted.

    A project has variants if two of its targets have different sets of local parts. A client of the union index would
    get the highest version, which can be the build for another target.

    :param held: project, target and normalized version of each file on each target that needs it.
    """
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for project, target, version in held:
        found[project][target].add(version)
    return {
        project: {target: tuple(sorted(versions)) for target, versions in sorted(targets.items())}
        for project, targets in sorted(found.items())
        if len({frozenset(map(local_part, versions)) for versions in targets.values()}) > 1
    }


def variants_in(manifest: Manifest) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return `variants_of` the files that *manifest* names."""
    return variants_of((one.project, need.target, one.version) for one in manifest.files for need in one.needed_by)


def variants_locked(locks: Iterable[Lock]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return `variants_of` the files that *locks* name; only what has a local part somewhere is looked at twice."""
    locks = tuple(locks)
    local = {pin.distribution.project for lock in locks for pin in lock.pins if pin.distribution.version.local}
    return variants_of(
        (pin.distribution.project, lock.target_name, str(pin.distribution.version))
        for lock in locks
        for pin in lock.pins
        if pin.distribution.project in local
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewsOnly:
    """
    A project that the union index leaves out, since it has variants.

    :param versions: target → the versions that its view has.
    :param index: path in the site of the index that has the project, for each target.
    """

    project: str
    versions: dict[str, tuple[str, ...]]
    index: str


def views_only(variants: Mapping[str, Mapping[str, tuple[str, ...]]]) -> tuple[ViewsOnly, ...]:
    """Return what only views of targets have, of `variants_locked`."""
    index = f"{view_of('TARGET')}/"
    return tuple(
        ViewsOnly(project=project, versions=dict(versions), index=index) for project, versions in variants.items()
    )


def notice(variants: Mapping[str, Mapping[str, Iterable[str]]]) -> str:
    """Return one sentence about *variants*, ``""`` without any: what the union index lacks, and what to use instead."""
    if not variants:
        return ""
    stated = ", ".join(
        f"{project} ({', '.join(f'{version} on {name}' for name, own in targets.items() for version in own)})"
        for project, targets in variants.items()
    )
    return (
        f"the union index simple/ leaves out {stated}, as the local part differs by target: "
        "use the index targets/TARGET/simple/"
    )
