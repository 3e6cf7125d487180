"""
Whether requirements have a solution: a bounded search that stays as close to a lock as it can.

A remedy that the tool offers must work. pip itself would answer, but reads every release of a project where there is no
solution. This search reads a bounded number of releases and answers "no" where that is not enough.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.errors import BadDistribution, HashMismatch, UpstreamError
from pypi_subset.resolve.explain.rejections import admits
from pypi_subset.targets.markers import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.version import Version

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking, Inspector

#: Releases that are chosen at most, and those of them that the lock does not have, each of which may be a download.
CHOICES, READ = 3000, 300


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    """Requirements by project, and the release that is chosen of some of these projects, with its extras."""

    asks: Mapping[NormalizedName, tuple[Asking, ...]]
    chosen: Mapping[NormalizedName, tuple[Version, frozenset[NormalizedName]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A release of a lock, with the extras that are asked of it there, and what it requires with them."""

    version: Version
    extras: frozenset[NormalizedName]
    requires: tuple[Requirement, ...]


def held_of(lock: Lock, target: Target) -> tuple[list[Asking], dict[NormalizedName, Held]]:
    """Return what the lines of the user ask for in *lock*, and its releases at the patch level of *target*."""
    pins = [one for one in lock.pins if holds(one.marker, target.environment)]
    asked = [(reason.origin, reason.requirement) for pin in pins for reason in pin.reasons if not reason.by]
    needed: defaultdict[str, list[Requirement]] = defaultdict(list)
    for reason in (reason for pin in pins for reason in pin.reasons):
        needed[reason.by].append(reason.requirement)
    held = {
        pin.distribution.project: Held(
            version=pin.distribution.version,
            extras=frozenset(pin.extras),
            requires=tuple(needed[pin.distribution.project]),
        )
        for pin in pins
    }
    return asked, held


@dataclass(kw_only=True)
class Search:
    """
    Looks for releases that satisfy requirements together, on one target.

    :param inspector: knows what the indexes have, and what holds besides.
    :param locked: by project what is tried first, which no page is read for.
    """

    inspector: Inspector
    locked: Mapping[NormalizedName, Held]
    _choices: int = CHOICES
    _read: int = READ
    _usable: dict[tuple[NormalizedName, frozenset[str]], list[Version]] = field(default_factory=dict)

    def solves(self, asked: Iterable[Asking]) -> bool:
        """Return whether a solution for *asked* was found; ``False`` also where the search was given up."""
        self._choices, self._read = CHOICES, READ
        start = self._with(_State(asks={}, chosen={}), asked)
        stack = [iter(() if start is None else (start,))]
        while stack:
            state = next(stack[-1], None)
            if state is None:
                stack.pop()
            elif (project := self._next(state)) is None:
                return True
            else:
                stack.append(self._choose(state, project))
        return False

    def _next(self, state: _State) -> NormalizedName | None:
        """Return the project to choose a release of: first what cannot stay as it is, with the fewest releases."""
        waiting = [project for project in state.asks if project not in state.chosen]
        moved = [project for project in waiting if not self._stays(project, state.asks[project])]
        if moved:
            return min(moved, key=lambda project: len(self._releases(project, state.asks[project])))
        return next(iter(waiting), None)

    def _stays(self, project: NormalizedName, asking: Sequence[Asking]) -> bool:
        held = self.locked.get(project)
        every = [*asking, *self.inspector.limits.get(project, ())]
        return (
            held is not None and held.extras >= _extras(asking) and all(admits(one, held.version) for _, one in every)
        )

    def _choose(self, state: _State, project: NormalizedName) -> Iterator[_State]:
        """Yield *state* with each release of *project* that goes with it, the locked one first, then the newest."""
        asking = state.asks[project]
        stays = self._stays(project, asking)
        if stays:
            self._choices -= 1
            held = self.locked[project]
            if (found := self._chosen(state, project, held.version, held.extras, held.requires)) is not None:
                yield found
        for version in self._releases(project, asking):
            if stays and version == self.locked[project].version:
                continue
            if self._choices <= 0 or self._read <= 0:
                return
            self._choices -= 1
            self._read -= 1
            release = self.inspector.offer(project).fitting[version]
            try:
                needed = list(self.inspector.requires(release, _extras(asking)))
            except (BadDistribution, InvalidRequirement, UpstreamError, HashMismatch):
                continue
            if (found := self._chosen(state, project, version, _extras(asking), needed)) is not None:
                yield found

    def _chosen(
        self,
        state: _State,
        project: NormalizedName,
        version: Version,
        extras: frozenset[NormalizedName],
        needed: Iterable[Requirement],
    ) -> _State | None:
        """Return *state* with a release of *project*, which needs *needed*; ``None`` if that does not go with the rest."""
        chosen = _State(asks=state.asks, chosen={**state.chosen, project: (version, extras)})
        return self._with(chosen, [(f"{project} {version}", one) for one in needed])

    def _with(self, state: _State, asked: Iterable[Asking]) -> _State | None:
        """Return *state* with the requirements *asked*; ``None`` if one of them has no release there."""
        asks, chosen = dict(state.asks), dict(state.chosen)
        brought = dict(self.inspector.target.brought)
        for who, one in asked:
            project = canonicalize_name(one.name)
            if project in brought:
                continue
            asks[project] = (*asks.get(project, ()), (who, one))
            if one.url or not self._is_possible(project, one, asks[project], chosen):
                return None
            if project in chosen and not chosen[project][1] >= _extras([(who, one)]):
                # Its requirements are read once more, with these extras.
                asks[project] = (*asks[project], (who, Requirement(f"{project}=={chosen[project][0]}")))
                del chosen[project]
        return _State(asks=asks, chosen=chosen)

    def _is_possible(
        self,
        project: NormalizedName,
        one: Requirement,
        asking: Sequence[Asking],
        chosen: Mapping[NormalizedName, tuple[Version, frozenset[NormalizedName]]],
    ) -> bool:
        if project in chosen:
            return admits(one, chosen[project][0])
        return self._stays(project, asking) or bool(self._releases(project, asking))

    def _releases(self, project: NormalizedName, asking: Sequence[Asking]) -> list[Version]:
        """Return the releases that satisfy *asking* and what holds besides, newest first."""
        every = [*asking, *self.inspector.limits.get(project, ())]
        key = project, frozenset(str(one.specifier) for _, one in every)
        if key not in self._usable:
            try:
                self._usable[key] = self.inspector.usable(every, self.inspector.offer(project))
            except (UpstreamError, HashMismatch):
                # What an index does not answer now is no way out.
                self._usable[key] = []
        return self._usable[key]


def _extras(asking: Iterable[Asking]) -> frozenset[NormalizedName]:
    return frozenset(canonicalize_name(extra) for _, one in asking for extra in one.extras)
