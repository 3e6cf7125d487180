"""Where projects come from: sources that serve named projects alone, beside the indexes of pip's configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packaging.utils import NormalizedName

#: The name of the source that needs no table: ``requirements/wheels``.
OWN_WHEELS = "wheels"
#: The target that build requirements are resolved for: this machine. No target of ``subset.toml`` has such a name.
BUILD = "_build"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """
    One ``[sources.NAME]`` of ``subset.toml``: the projects in it come from there and from nowhere else.

    :param index: URL of a simple index without the last slash; ``""`` if *wheels* is given.
    :param wheels: a directory of distributions; ``None`` if *index* is given.
    :param projects: normalized names, and prefixes that end with ``*``.
    :param targets: names of the targets where it counts, sorted; none for all.
    :param min_age: seconds since its upload that a file must have, in place of the policy's; ``None``: as the policy says.
    :param only: whether no other place serves these projects. It can be false for a directory alone; `Sources.source_of`
        says which other place that is.
    :param found: those of *projects* that have a file in the directory, and that no line names.
    :param beyond: the source that serves a project as well if *only* is false; ``None`` for pip's indexes.
    """

    name: str
    projects: tuple[str, ...]
    index: str = ""
    wheels: Path | None = None
    targets: tuple[str, ...] = ()
    min_age: int | None = None
    only: bool = True
    found: tuple[str, ...] = ()
    beyond: Source | None = None

    @property
    def chain(self) -> tuple[Source, ...]:
        """The source and those that serve its project as well, since *only* is false."""
        return (self, *(self.beyond.chain if self.beyond else ()))

    @property
    def is_open(self) -> bool:
        """Whether pip's indexes serve its project as well."""
        return not self.chain[-1].only

    @property
    def place(self) -> str:
        """The index or the directory, for messages."""
        return self.index or str(self.wheels)

    @property
    def stated(self) -> dict[str, object]:
        """What ``subset.toml`` states, as plain values; the directory counts by its last name."""
        values: dict[str, object] = {
            "index": self.index,
            "wheels": self.wheels.name if self.wheels else "",
            "projects": [one for one in self.projects if one not in self.found],
            "targets": [*self.targets],
            "min_age": self.min_age,
            "only": self.only,
        }
        return {key: value for key, value in values.items() if value not in ("", [], None, True)}

    def rank(self, project: NormalizedName, target: str) -> tuple[bool, int] | None:
        """
        Return how well the source fits *project* on *target*, ``None`` if it does not serve it.

        A name ranks above each prefix, and a longer prefix above a shorter one. On `BUILD` a source serves its projects
        whatever its targets are: otherwise pip's indexes would learn the names, and could serve other projects.
        """
        if self.targets and target not in {*self.targets, BUILD}:
            return None
        return max((_rank(pattern) for pattern in self.projects if covers(pattern, project)), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """
    All sources of a subset.

    :param named: in the order of ``subset.toml``.
    :param private: names and prefixes of projects that pip's indexes are never asked for.
    :param lost: project and file name of each wheel that a lock has from ``requirements/wheels``, where no wheel of the
        project is left. pip's indexes are not asked for these projects either: theirs may be other ones.
    """

    named: tuple[Source, ...] = ()
    private: tuple[str, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()

    def source_of(self, project: NormalizedName, target: str) -> Source | None:
        """
        Return where *project* comes from on *target*: the source that fits best, ``None`` for pip's indexes.

        On `BUILD` sources of different targets may fit equally well: the first of them counts. Beside a directory with
        ``only = false``, what would serve the project without it does: the next source, and pip's indexes only if there is
        none and the project is not private.
        """
        ranked = [(rank, one) for one in self.named if (rank := one.rank(project, target))]
        # Sorting keeps the order of equal ones.
        ranked.sort(key=lambda pair: (pair[0], not pair[1].only), reverse=True)
        found: Source | None = None
        last = next((number for number, (_, one) in enumerate(ranked) if one.only), len(ranked) - 1)
        for _, one in reversed(ranked[: last + 1]):
            found = replace(one, beyond=found) if found else self._for(project, one)
        return found

    def beside_own(self, project: NormalizedName, target: str) -> Source | None:
        """Return the source that would serve *project* beside ``requirements/wheels``; ``None`` for pip's indexes."""
        return replace(self, named=tuple(one for one in self.named if one.name != OWN_WHEELS)).source_of(
            project, target
        )

    def named_as(self, name: str | None) -> Source | None:
        """Return the source of that name."""
        return next((one for one in self.named if one.name == name), None)

    def _for(self, project: NormalizedName, source: Source) -> Source:
        return replace(source, only=True) if not source.only and self.is_private(project) else source

    def is_private(self, project: NormalizedName) -> bool:
        """Whether pip's indexes are never asked for *project*."""
        return any(covers(pattern, project) for pattern in self.private) or self.lost_file(project) is not None

    def has(self, project: NormalizedName) -> bool:
        """Whether pip's indexes are not asked for *project* on some target: it is private, or a source serves it there."""
        patterns = (pattern for one in self.named for pattern in one.projects)
        return self.is_private(project) or any(covers(pattern, project) for pattern in patterns)

    def lost_file(self, project: NormalizedName) -> str | None:
        """Return the file in ``lost`` of *project*, ``None`` without one."""
        return dict(self.lost).get(project)

    def stated_on(self, target: str) -> dict[str, object]:
        """Return what ``subset.toml`` states of sources on *target*, by name; empty without any."""
        counting = [one for one in self.named if not one.targets or target in one.targets]
        # A directory that no line names may be absent where a lock is used.
        counting = [one for one in counting if one.found != one.projects or not one.only]
        return {**{one.name: one.stated for one in counting}, **({"private": [*self.private]} if self.private else {})}


def covers(pattern: str, project: str) -> bool:
    """Whether *pattern*, a normalized name or a prefix with ``*``, means *project*."""
    return project.startswith(pattern[:-1]) if pattern.endswith("*") else project == pattern


def overlapping(one: Source, other: Source) -> list[str]:
    """
    Return the patterns that both have on the same target: neither of the two outranks the other there.

    A directory with ``only = false`` and another source serve them together.
    """
    if one.only != other.only:
        return []
    apart = one.targets and other.targets and set(one.targets).isdisjoint(other.targets)
    return [] if apart else sorted({*one.projects} & {*other.projects})


def uncovered(private: Iterable[str], sources: Iterable[Source]) -> list[str]:
    """Return those of *private* that no pattern of a source means as a whole."""
    patterns = [pattern for one in sources for pattern in one.projects]
    return [
        name
        for name in private
        if not any(name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1])) for pattern in patterns)
    ]


def _rank(pattern: str) -> tuple[bool, int]:
    return not pattern.endswith("*"), len(pattern)
