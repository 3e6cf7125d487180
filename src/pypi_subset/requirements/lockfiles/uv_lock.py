"""``uv.lock`` and ``script.py.lock``: the graph of uv's lock, walked from the project or the script for each target."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.requirements.lockfiles.entries import (
    Conditions,
    Entry,
    Malformed,
    hashes_of,
    name_of,
    specifiers_of,
    version_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.requirements.lockfiles.entries import Truths
    from pypi_subset.requirements.lockfiles.uv_format import Edge, Requirement, UvLock

#: Kinds of source whose files are the user's own: no index has them, and what they require is locked.
_OWN = ("virtual", "editable", "directory")
#: Other kinds that are no index, and what they are called.
_PLACES = {
    "git": "git",
    "url": "a URL",
    "path": "a path",
    "editable": "a path",
    "directory": "a path",
    "virtual": "a path",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """
    uv's lock, with the part of it that is asked for.

    :param lines: the line of each package.
    :param extras: normalized names of the chosen extras of the project.
    :param groups: the same of the groups.
    :param member: normalized name of the member of the workspace that is meant; ``""`` for the project of the lock.
    """

    lock: UvLock
    path: Path
    lines: Sequence[int]
    extras: frozenset[str]
    groups: frozenset[str]
    member: str = ""
    conditions: Conditions = field(default_factory=Conditions)
    named: dict[str, list[int]] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    entries: dict[int, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """
        Parse all markers.

        :raises Malformed: one of them is none.
        """
        self.members.update(map(canonicalize_name, self.lock.manifest.members))
        for number, (package, line) in enumerate(zip(self.lock.package, self.lines, strict=True)):
            self.named.setdefault(canonicalize_name(package.name), []).append(number)
            for edges in (
                package.dependencies,
                *package.optional_dependencies.values(),
                *package.dev_dependencies.values(),
            ):
                for edge in edges:
                    self.conditions.add(edge.marker, line)
        for one in self._stated():
            self.conditions.add(one.marker, None)

    @property
    def roots(self) -> list[int]:
        """The project of the lock, or its member that is meant; in a workspace without a project, all members."""
        packages = self.lock.package
        if self.member:
            return [number for number in self.named.get(self.member, []) if self._is_own(number)]
        root = [number for number, one in enumerate(packages) if any(one.source.get(kind) == "." for kind in _OWN)]
        return root or [number for number, one in enumerate(packages) if canonicalize_name(one.name) in self.members]

    @property
    def folder(self) -> str | None:
        """The directory of the member that is meant, relative to that of the lock; ``None`` if the lock has none of that name."""
        places = (self.lock.package[number].source for number in self.roots)
        return next((str(place) for one in places for kind, place in one.items() if kind in _OWN), None)

    def known_extras(self) -> set[str]:
        """Return the names of the extras that the project has."""
        found: set[str] = set()
        for one in (self.lock.package[number] for number in self.roots):
            found |= {*one.optional_dependencies, *(one.metadata.provides_extras if one.metadata else ())}
        return found

    def known_groups(self) -> set[str]:
        """Return the names of the groups that the project has."""
        found = set() if self.member else {*self.lock.manifest.dependency_groups}
        for one in (self.lock.package[number] for number in self.roots):
            found |= {*one.dev_dependencies, *(one.metadata.requires_dev if one.metadata else ())}
        return found

    def chosen(self, environment: Mapping[str, str]) -> Mapping[Entry, frozenset[str]]:
        """
        Return the entries that the project leads to, each with the extras that are requested of it.

        Extras that conflict are values of ``extra`` in markers, also those that a dependency requests of a member.
        """
        active = frozenset(self._conflicting())
        while True:
            reached = self._walk(environment, active)
            wider = active | {
                _item("extra", self.lock.package[number].name, extra)
                for number, extras in reached.items()
                for extra in extras
            }
            if wider == active:
                break
            active = wider
        roots = {*self.roots}
        return {
            self._entry(number): frozenset(extras)
            for number, extras in reached.items()
            if number not in roots and not self._is_member(number)
        }

    def _walk(self, environment: Mapping[str, str], active: frozenset[str]) -> dict[int, set[str]]:
        """Return the packages that are reached, by number, with their extras."""
        truths = self.conditions.on(environment, active)
        reached: dict[int, set[str]] = {}
        waiting: list[tuple[int, str | None]] = []
        for number in self.roots:
            reached[number] = set()
            waiting += [(number, None), *((number, extra) for extra in sorted(self.extras))]
            package, line = self.lock.package[number], self.lines[number]
            for name, edges in package.dev_dependencies.items():
                if canonicalize_name(name) in self.groups:
                    waiting += self._followed(edges, truths, line, reached)
        waiting += self._required(truths, reached)
        while waiting:
            number, extra = waiting.pop()
            package = self.lock.package[number]
            edges = package.dependencies if extra is None else _at(package.optional_dependencies, extra)
            waiting += self._followed(edges, truths, self.lines[number], reached)
        return reached

    def _followed(
        self, edges: Iterable[Edge], truths: Truths, line: int, reached: dict[int, set[str]]
    ) -> Iterator[tuple[int, str | None]]:
        """Yield the package of each of *edges* that counts, and the package with each extra, if it is new in *reached*."""
        for edge in edges:
            if truths.holds(edge.marker, line):
                yield from _new(self._target_of(edge, line), edge.extra, reached)

    def _required(self, truths: Truths, reached: dict[int, set[str]]) -> Iterator[tuple[int, str | None]]:
        """Yield what a script, or the root of a workspace without a project, requires itself."""
        for one in self._stated():
            if not truths.holds(one.marker):
                continue
            found = self.named.get(canonicalize_name(one.name), [])
            bound = specifiers_of(one.specifier)
            fitting = [
                number
                for number in found
                if len(found) == 1
                or (bound is not None and bound.contains(self.lock.package[number].version or "", prereleases=True))
            ]
            if len(fitting) != 1:
                msg = f"{one.name} is required by [manifest], and no single package is that"
                raise Malformed(msg)
            yield from _new(fitting[0], one.extras, reached)

    def _stated(self) -> Iterator[Requirement]:
        if self.member:
            return
        yield from self.lock.manifest.requirements
        for name, stated in self.lock.manifest.dependency_groups.items():
            if canonicalize_name(name) in self.groups:
                yield from stated

    def _target_of(self, edge: Edge, line: int) -> int:
        """Return the number of the package that *edge* means: version and source are named where several have its name."""
        packages = self.lock.package
        fitting = [
            number
            for number in self.named.get(canonicalize_name(edge.name), [])
            if edge.version in {None, packages[number].version} and edge.source in (None, packages[number].source)
        ]
        if len(fitting) != 1:
            msg = f"a dependency on {edge.name} means {'no package' if not fitting else 'several packages'} of the lock"
            raise Malformed(msg, line)
        return fitting[0]

    def _entry(self, number: int) -> Entry:
        if number not in self.entries:
            package, line = self.lock.package[number], self.lines[number]
            name = name_of(package.name, line)
            files = [*([package.sdist] if package.sdist else []), *package.wheels]
            registry = package.source.get("registry")
            place = (
                ""
                if isinstance(registry, str)
                else next((_PLACES[one] for one in package.source if one in _PLACES), "elsewhere")
            )
            self.entries[number] = Entry(
                name=name,
                version=version_of(package.version, name, line) if package.version else "0",
                line=line,
                hashes=hashes_of((one.hash for one in files), name, line),
                registry=_absolute(registry, self.path) if isinstance(registry, str) else "",
                place=place,
            )
        return self.entries[number]

    def _is_own(self, number: int) -> bool:
        """Whether the source of a package is a directory of the user's own."""
        return any(kind in self.lock.package[number].source for kind in _OWN)

    def _is_member(self, number: int) -> bool:
        """Whether a package is a member of the workspace: the user's own, as the project is."""
        return self._is_own(number) and canonicalize_name(self.lock.package[number].name) in self.members

    def _conflicting(self) -> Iterator[str]:
        """Yield what is chosen, as markers about conflicts spell it."""
        for one in (self.lock.package[number] for number in self.roots):
            yield _item("project", one.name, "")
            yield from (_item("extra", one.name, extra) for extra in self.extras)
            yield from (_item("group", one.name, group) for group in self.groups)


def _item(kind: str, package: str, name: str) -> str:
    """Return how a marker about conflicts spells an extra or a group of *package*, or *package* itself."""
    plain = canonicalize_name(package)
    return "-".join([kind, str(len(plain)), plain, *([canonicalize_name(name)] if name else [])])


def _at(table: Mapping[str, list[Edge]], name: str) -> list[Edge]:
    return next((edges for key, edges in table.items() if canonicalize_name(key) == canonicalize_name(name)), [])


def _new(number: int, extras: Iterable[str], reached: dict[int, set[str]]) -> Iterator[tuple[int, str | None]]:
    if number not in reached:
        reached[number] = set()
        yield number, None
    for extra in extras:
        if canonicalize_name(extra) not in reached[number]:
            reached[number].add(canonicalize_name(extra))
            yield number, extra


def _absolute(registry: str, path: Path) -> str:
    """Return an index as it is, and a directory of files as a whole path."""
    return registry if "://" in registry else os.path.normpath(path.parent / registry)
