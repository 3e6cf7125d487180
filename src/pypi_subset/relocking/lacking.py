"""What a site lacks for a lock: packages that the lock needs on a target, and no file of which installs there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.errors import SubsetError
from pypi_subset.relocking.holdings import fits
from pypi_subset.requirements.lockfiles.choosing import patches_of
from pypi_subset.requirements.lockfiles.entries import Malformed, Open
from pypi_subset.requirements.lockfiles.uv_lock import Graph
from pypi_subset.requirements.pylock import settled
from pypi_subset.targets.markers import decided
from pypi_subset.targets.patch_levels import at_patch, of_bound, of_marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.markers import Marker
    from packaging.pylock import Pylock

    from pypi_subset.model.targets import Target
    from pypi_subset.relocking.entries import Package
    from pypi_subset.relocking.holdings import Holdings
    from pypi_subset.requirements.lockfiles.uv_format import UvLock

    #: Name and version of a release, both normalized.
    Release = tuple[str, str]


class Needs(Protocol):
    """What a lock needs, and where."""

    def on(self, target: Target) -> set[Release]:
        """
        Return the releases that the lock needs at some patch level of *target*, with all its extras and groups.

        :raises Open: that depends on a value that *target* leaves open.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class UvNeeds:
    """The needs of uv's lock: its graph, walked from each project, once for each choice among extras and groups that conflict."""

    lock: UvLock
    path: Path
    lines: Sequence[int]

    def on(self, target: Target) -> set[Release]:
        """Return the releases that the lock needs on *target*."""
        found: set[Release] = set()
        for graph in self._graphs():
            for patch in patches_of(target, graph):
                at = target if target.exact else at_patch(target, patch)
                found |= {(one.name, one.version) for one in graph.chosen(at.environment)}
        return found

    def _graphs(self) -> Iterator[Graph]:
        members = ["", *map(canonicalize_name, self.lock.manifest.members)]
        for member in members:
            bare = self._graph(member, frozenset(), frozenset())
            extras, groups = _normal(bare.known_extras()), _normal(bare.known_groups())
            either = [
                (kind, canonicalize_name(one[kind])) for row in self.lock.conflicts for one in row for kind in one
            ]
            apart = {name for kind, name in either if kind != "package"}
            yield self._graph(member, extras - apart, groups - apart)
            for name in sorted(apart & (extras | groups)):
                yield self._graph(member, (extras - apart) | ({name} & extras), (groups - apart) | ({name} & groups))

    def _graph(self, member: str, extras: frozenset[str], groups: frozenset[str]) -> Graph:
        return Graph(lock=self.lock, path=self.path, lines=self.lines, extras=extras, groups=groups, member=member)


@dataclass(frozen=True, kw_only=True, slots=True)
class PylockNeeds:
    """The needs of a lock of PEP 751: the packages whose markers are true."""

    lock: Pylock

    def on(self, target: Target) -> set[Release]:
        """
        Return the releases that the lock needs on *target*.

        :raises Malformed: a marker cannot be evaluated.
        """
        groups = {*(self.lock.dependency_groups or ()), *(self.lock.default_groups or ())}
        chosen = {"extras": _normal(self.lock.extras or ()), "dependency_groups": _normal(groups)}
        found: set[Release] = set()
        for package in self.lock.packages:
            try:
                marker = settled(package.marker, chosen) if package.marker else True
            except ValueError as error:
                msg = f"{package.name} has a marker that cannot be evaluated: {error}"
                raise Malformed(msg) from error
            if marker is True or (marker is not False and _is_needed(marker, target)):
                found.add((str(package.name), str(package.version or "")))
        return found


def _is_needed(marker: Marker, target: Target) -> bool:
    """Return whether *marker* is true, or may be, at some patch level of *target*."""
    levels = [target] if target.exact else [at_patch(target, one) for one in {0, *of_marker(marker, target)}]
    return any(decided(marker, one.environment) is not False for one in levels)


def _normal(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(canonicalize_name, names))


def concerned(
    targets: Sequence[Target], requires_python: str | None, environments: Sequence[Marker]
) -> tuple[Target, ...]:
    """
    Return the *targets* that a lock is for.

    :param requires_python: the Pythons of the lock.
    :param environments: markers of the machines of the lock; without any, it is for all.
    """
    return tuple(
        one
        for one in targets
        if _takes(requires_python or "", one)
        and (not environments or any(_is_needed(marker, one) for marker in environments))
    )


def _takes(requires_python: str, target: Target) -> bool:
    """Return whether *requires_python* holds at some patch level of *target*."""
    try:
        versions = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return True
    major, minor, _ = target.python
    levels = [target.release]
    if not target.exact:
        levels = [f"{major}.{minor}.{patch}" for patch in {0, *of_bound(requires_python, major, minor)}]
    return any(versions.contains(one, prereleases=True) for one in levels)


def missing(
    needs: Needs, packages: Iterable[Package], targets: Sequence[Target], holdings: Holdings, path: Path
) -> list[str]:
    """
    Return a line for each package that *needs* has on some of *targets*, and of which no file installs there.

    :param packages: those of the lock that are from an index.
    :param path: of the lock.
    :raises SubsetError: what the lock needs depends on a value that a target leaves open.
    """
    own: Mapping[Release, Package] = {(one.name, one.version): one for one in packages}
    lacking: dict[Release, list[str]] = {}
    for target in targets:
        tags = frozenset(target.tags)
        try:
            needed = needs.on(target)
        except Open as error:
            msg = f"what the lock needs on {target.name} depends on {' and '.join(error.names)}, which it leaves open"
            step = "state these values in [targets] of subset.toml, and mirror again"
            raise SubsetError(msg, path=path, line=error.line, target=target.name, next_step=step) from error
        for release in sorted(needed & own.keys()):
            if not fits(own[release].files, target.name, tags):
                lacking.setdefault(release, []).append(target.name)
    return [
        f"{path}:{own[key].line}: {key[0]} {key[1]} has no file for {', '.join(names)}; {_reason(own[key], holdings)}"
        for key, names in sorted(lacking.items(), key=lambda item: own[item[0]].line)
    ]


def _reason(package: Package, holdings: Holdings) -> str:
    if package.files:
        return "the site has files for other targets"
    return holdings.instead(package.name)
