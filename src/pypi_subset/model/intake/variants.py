"""
Variants: builds of one project that differ by target.

They have different local parts (PEP 440, "Local version identifiers"), or come from different sources of ``subset.toml``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pypi_subset.model.paths import view_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.manifest import File, Manifest


class Held(NamedTuple):
    """
    A file on a target that needs it.

    :param version: normalized.
    :param source: the source of ``subset.toml`` that it comes from, ``""`` for pip's indexes.
    """

    project: str
    target: str
    version: str
    filename: str
    source: str


#: What the platform tag of a wheel for every system is.
_ANY = "any"


def local_part(version: str) -> str:
    """Return the local part of a normalized *version*, ``""`` without one: ``cpu`` of ``2.13.0+cpu``."""
    return version.partition("+")[2]


def variants_of(held: Iterable[Held]) -> dict[str, dict[str, tuple[str, ...]]]:
    """
    Return each project that has variants, with the versions on each of its targets; everything sorted.

    A project has variants if two of its targets have different sets of local parts, or if the union index would offer a
    target a file from a source that does not serve it. A client of that index would get the highest version and the
    most specific wheel, which can be the build for another target.
    """
    found: defaultdict[str, defaultdict[str, set[Held]]] = defaultdict(lambda: defaultdict(set))
    for one in held:
        found[one.project][one.target].add(one)
    return {
        project: {target: tuple(sorted({one.version for one in ones})) for target, ones in sorted(targets.items())}
        for project, targets in sorted(found.items())
        if len({frozenset(local_part(one.version) for one in ones) for ones in targets.values()}) > 1
        or any(_foreign(ones, others) for ones in targets.values() for others in targets.values())
    }


def foreign_in(manifest: Manifest) -> dict[str, dict[str, str]]:
    """
    Return the files that each target must not get: target → path in the site → the source that the file comes from.

    They are of a project that the target needs, and their source does not serve it there.
    """
    found: defaultdict[str, defaultdict[str, set[Held]]] = defaultdict(lambda: defaultdict(set))
    for one in held_in(manifest.files):
        found[one.project][one.target].add(one)
    paths = {one.filename: one.path for one in manifest.files}
    result: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for targets in found.values():
        for target, own in targets.items():
            for others in targets.values():
                result[target] |= {paths[one.filename]: one.source for one in _foreign(own, others)}
    return dict(result)


def _foreign(own: set[Held], others: set[Held]) -> list[Held]:
    """Return those of *others* that a target with *own* could take, and that come from a source of none of *own*."""
    sources, names = {one.source for one in own}, {one.filename for one in own}
    systems = {system for one in own for system in _systems(one.filename)}
    return [
        one
        for one in others
        if one.source not in sources and one.filename not in names and _meet(systems, _systems(one.filename))
    ]


def _systems(filename: str) -> frozenset[str]:
    """Return the kinds of system that a file is for, by its name: ``linux``, ``win``, ``macosx``, or ``any``."""
    if not filename.endswith(".whl"):
        return frozenset({_ANY})
    platforms = filename.removesuffix(".whl").rpartition("-")[2].split(".")
    return frozenset("linux" if "linux" in one else one.rstrip("0123456789").partition("_")[0] for one in platforms)


def _meet(systems: Iterable[str], others: Iterable[str]) -> bool:
    both = {*systems}, {*others}
    return _ANY in both[0] | both[1] or not both[0].isdisjoint(both[1])


def held_in(entries: Iterable[File]) -> Iterator[Held]:
    """Yield the files of a manifest, each once for each set and target that needs it."""
    return (
        Held(one.project, need.target, one.version, one.filename, one.source or "")
        for one in entries
        for need in one.needed_by
    )


def held_by(one: Distribution, target: str) -> Held:
    """Return a distribution on a target that needs it."""
    return Held(one.project, target, str(one.version), one.filename, one.source or "")


def is_apart(one: Distribution) -> bool:
    """Whether *one* alone can make its project have variants; a site has thousands that cannot."""
    return bool(one.version.local or one.source)


def variants_in(manifest: Manifest) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return `variants_of` the files that *manifest* names."""
    return variants_of(held_in(manifest.files))


def together_in(manifest: Manifest) -> dict[str, frozenset[str]]:
    """Return the projects of which one target has several local parts, by target: its sets lock different variants."""
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in held_in(manifest.files):
        found[one.target][one.project].add(local_part(one.version))
    return {
        target: frozenset(project for project, parts in projects.items() if len(parts) > 1)
        for target, projects in found.items()
    }


def variants_locked(locks: Iterable[Lock]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return `variants_of` the files that *locks* name; only projects with a file that `is_apart` are looked at twice."""
    locks = tuple(locks)
    apart = {pin.distribution.project for lock in locks for pin in lock.pins if is_apart(pin.distribution)}
    return variants_of(
        held_by(pin.distribution, lock.target_name)
        for lock in locks
        for pin in lock.pins
        if pin.distribution.project in apart
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
        f"the union index simple/ leaves out {stated}, as the build differs by target: "
        "use the index targets/TARGET/simple/"
    )
