"""
Whether something installs from a heap of wheels, worked out without a line of the proof, of pip or of the resolver.

A mutant may be harmless: another file satisfies the same request. This decides that, from names, tags and METADATA alone,
by trying every combination.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from functools import cache
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.tags import Tag
    from packaging.version import Version

#: Steps after which the search gives up: a subset of this size needs hundreds.
STEPS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheel:
    """One wheel, by its name and its METADATA."""

    filename: str
    project: str
    version: Version
    tags: frozenset[Tag]
    requires: tuple[Requirement, ...]
    python: SpecifierSet


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What decides there: tags, and marker values of one patch level."""

    tags: frozenset[Tag]
    environment: Mapping[str, str]

    def takes(self, wheel: Wheel) -> bool:
        """Whether the wheel is for it."""
        python = self.environment["python_full_version"]
        return bool(wheel.tags & self.tags) and wheel.python.contains(python, prereleases=True)

    def asks(self, requirement: Requirement, extras: Iterable[str]) -> bool:
        """Whether *requirement* counts there, for who asked for *extras*."""
        marker = requirement.marker
        return marker is None or any(marker.evaluate({**self.environment, "extra": one}) for one in ["", *extras])


class UndecidedError(Exception):
    """There are too many combinations to try."""


@cache
def read(path: Path) -> Wheel:
    """Return what the wheel at *path* says of itself."""
    project, version, _, tags = parse_wheel_filename(path.name)
    with zipfile.ZipFile(path) as archive:
        (name,) = (one for one in archive.namelist() if one.count("/") == 1 and one.endswith(".dist-info/METADATA"))
        said = BytesHeaderParser().parsebytes(archive.read(name))
    return Wheel(
        filename=path.name,
        project=project,
        version=version,
        tags=tags,
        requires=tuple(Requirement(" ".join(line.split())) for line in said.get_all("Requires-Dist") or ()),
        python=SpecifierSet(said["Requires-Python"] or ""),
    )


def levels(wheels: Iterable[Wheel], minor: str) -> list[int]:
    """Return the patch levels of X.Y at which anything may change: each that is mentioned, with its neighbours."""
    texts = [text for one in wheels for text in (str(one.python), *(str(line.marker) for line in one.requires))]
    mentioned = {int(found) for text in texts for found in re.findall(rf"\b{re.escape(minor)}\.(\d+)", text)}
    return sorted({0, *mentioned, *(one + 1 for one in mentioned), *(one - 1 for one in mentioned if one)})


def solve(requests: Sequence[Requirement], wheels: Iterable[Wheel], machine: Machine) -> dict[str, Wheel] | None:
    """
    Return wheels, by project, that satisfy *requests* on *machine* with all they need; ``None`` if none do.

    :raises UndecidedError: that cannot be told.
    """
    candidates: dict[str, list[Wheel]] = {}
    for one in sorted(wheels, key=lambda one: one.version, reverse=True):
        if machine.takes(one):
            candidates.setdefault(one.project, []).append(one)
    _thin_out(candidates, machine)
    return next(
        _Search(candidates, machine).found([(one, frozenset[str]()) for one in requests], {}, frozenset()), None
    )


def complete(
    requests: Sequence[Requirement], versions: Mapping[str, str], wheels: Iterable[Wheel], at: Machine
) -> bool:
    """Whether *versions*, by project, are among *wheels* and satisfy *requests* with all they need."""
    chosen = [one for one in wheels if versions.get(one.project) == str(one.version)]
    found = solve(requests, chosen, at)
    return found is not None and found.keys() == versions.keys()


def _thin_out(candidates: dict[str, list[Wheel]], machine: Machine) -> None:
    """Take away wheels that always need what nothing here offers, until there are no more: else the search is long."""
    while True:
        hopeless = {
            one.filename
            for group in candidates.values()
            for one in group
            if not all(_offered(line, candidates) for line in one.requires if machine.asks(line, ()))
        }
        if not hopeless:
            return
        for project, group in candidates.items():
            candidates[project] = [one for one in group if one.filename not in hopeless]


def _offered(requirement: Requirement, candidates: Mapping[str, list[Wheel]]) -> bool:
    named = candidates.get(canonicalize_name(requirement.name), ())
    return any(requirement.specifier.contains(one.version, prereleases=True) for one in named)


class _Search:
    """Depth first over everything that may be chosen."""

    def __init__(self, candidates: Mapping[str, list[Wheel]], machine: Machine) -> None:
        self.candidates, self.machine, self.steps = candidates, machine, 0

    def found(
        self,
        goals: list[tuple[Requirement, frozenset[str]]],
        chosen: dict[str, Wheel],
        seen: frozenset[tuple[str, str]],
    ) -> Iterator[dict[str, Wheel]]:
        """Yield what satisfies *goals* besides what is *chosen*; *seen* are the extras that were followed."""
        self.steps += 1
        if self.steps > STEPS:
            raise UndecidedError
        while goals and not self.machine.asks(*goals[-1]):
            goals = goals[:-1]
        if not goals:
            yield chosen
            return
        (requirement, _), rest = goals[-1], goals[:-1]
        name = canonicalize_name(requirement.name)
        for one in [chosen[name]] if name in chosen else self.candidates.get(name, ()):
            if requirement.specifier.contains(one.version, prereleases=True):
                extras = {canonicalize_name(extra) for extra in requirement.extras}
                new = {"", *extras} - {extra for project, extra in seen if project == name}
                more = [(line, frozenset({extra})) for extra in sorted(new) for line in one.requires]
                yield from self.found([*rest, *more], {**chosen, name: one}, seen | {(name, extra) for extra in new})
