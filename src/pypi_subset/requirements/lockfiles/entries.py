"""What all locks have in common: entries with hashes, and markers that decide which of them count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from pypi_subset.requirements.lines.requirements_txt import is_hash
from pypi_subset.support import bounds
from pypi_subset.support.text import depth, has_long_number, printable
from pypi_subset.targets.markers import decided, reads, reduced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

#: Different markers in one lock. A lock of 300 projects with conflicting extras has about 1,500.
_MOST_MARKERS = 10_000


class Malformed(ValueError):
    """
    A lock cannot be read; carries what is wrong and, where it is known, the line.

    :param what: what is wrong, without the place.
    :param step: what to do, if it is not to write the lock again.
    """

    def __init__(self, what: str, line: int | None = None, step: str = "") -> None:
        super().__init__(what)
        self.what, self.line, self.step = what, line, step


class Open(LookupError):
    """
    Whether an entry counts depends on values that a target leaves open.

    :param names: the names of these values, sorted.
    """

    def __init__(self, text: str, names: Iterable[str], line: int | None = None) -> None:
        self.text, self.names, self.line = text, tuple(sorted(names)), line
        super().__init__(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """
    One release in a lock.

    :param name: normalized.
    :param line: the line of the lock at which it begins.
    :param hashes: of all its files, ``sha256:…``.
    :param registry: the index that the lock takes it from, a URL or a path; ``""`` if the lock does not say.
    :param place: where it comes from if that is no index, as in ``git``; ``""`` for an index.
    """

    name: str
    version: str
    line: int
    hashes: tuple[str, ...]
    registry: str = ""
    place: str = ""


class Locked(Protocol):
    """A lock that was read."""

    @property
    def conditions(self) -> Conditions:
        """All its markers."""

    def chosen(self, environment: Mapping[str, str]) -> Mapping[Entry, frozenset[str]]:
        """
        Return the entries for a machine with these marker values, each with the extras that are requested of it.

        :raises Open: that depends on a value that *environment* does not have.
        """


@dataclass(frozen=True, slots=True)
class Conditions:
    """The markers of a lock, each parsed once, by text."""

    parsed: dict[str, Marker] = field(default_factory=dict)

    def add(self, text: str | None, line: int | None) -> None:
        """
        Parse *text*, a marker at *line*.

        :raises Malformed: it is no marker, or the lock has too many.
        """
        if text is None or text in self.parsed:
            return
        if len(text) > bounds.LONGEST_LINE or depth(text) > bounds.DEEPEST or has_long_number(text):
            msg = "a marker is too long or too deep"
            raise Malformed(msg, line)
        if len(self.parsed) >= _MOST_MARKERS:
            msg = f"there are more than {_MOST_MARKERS:,} different markers"
            raise Malformed(msg, line)
        try:
            self.parsed[text] = Marker(text)
        except InvalidMarker as error:
            msg = f"not a marker: {printable(text[:80])!r}"
            raise Malformed(msg, line) from error

    def on(self, environment: Mapping[str, str], active: frozenset[str] = frozenset()) -> Truths:
        """
        Return what tells which of the markers are true.

        :param active: the values that ``extra`` has, all at once.
        """
        return Truths(conditions=self, environment=environment, active=active)


@dataclass(frozen=True, kw_only=True, slots=True)
class Truths:
    """The truth of the markers of a lock on one machine."""

    conditions: Conditions
    environment: Mapping[str, str]
    active: frozenset[str]
    known: dict[str, bool] = field(default_factory=dict)

    def holds(self, text: str | None, line: int | None = None) -> bool:
        """
        Return whether the marker *text* is true; without one it is.

        :raises Open: that depends on a value that the machine leaves open.
        """
        if text is None:
            return True
        if text not in self.known:
            self.known[text] = self._decided(text, line)
        return self.known[text]

    def _decided(self, text: str, line: int | None) -> bool:
        marker: Marker | bool = self.conditions.parsed[text]
        if isinstance(marker, Marker) and "extra" in reads(marker):
            # Locks compare `extra` several times in one marker, where each extra of a set of them counts.
            marker = reduced(marker, {"extra"}, self._has)
        found = decided(marker, self.environment) if isinstance(marker, Marker) else marker
        if isinstance(found, Marker):
            raise Open(text, reads(found) - self.environment.keys(), line)
        return found

    def _has(self, comparison: Marker) -> bool:
        text = str(comparison)
        quote = '"' if '"' in text else "'"
        _, value, _ = text.split(quote, 2)
        return (value in self.active) != ("!=" in text.replace(f"{quote}{value}{quote}", ""))


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """
    An entry, and when it counts: if one of *groups* is chosen and its marker is true.

    :param groups: normalized name of each group → the marker for it, ``None`` for none.
    :param extras: the extras that the lock requests of the project.
    """

    entry: Entry
    groups: Mapping[NormalizedName, str | None]
    extras: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Grouped:
    """
    The rows of a lock, with what is chosen.

    :param groups: normalized names of the chosen groups.
    :param extras: the values that ``extra`` has in markers.
    """

    rows: Sequence[Row]
    groups: frozenset[str]
    extras: frozenset[str] = frozenset()
    conditions: Conditions = field(default_factory=Conditions)

    def __post_init__(self) -> None:
        """
        Parse all markers.

        :raises Malformed: one of them is none.
        """
        for row in self.rows:
            for marker in row.groups.values():
                self.conditions.add(marker, row.entry.line)

    def chosen(self, environment: Mapping[str, str]) -> Mapping[Entry, frozenset[str]]:
        """
        Return the entries of chosen groups whose markers are true, each with the extras that are requested of it.

        :raises Open: that depends on a value that *environment* does not have.
        """
        truths = self.conditions.on(environment, self.extras)
        found: dict[Entry, frozenset[str]] = {}
        for row in self.rows:
            stated = (row.groups[name] for name in row.groups if name in self.groups)
            if any(truths.holds(marker, row.entry.line) for marker in stated):
                found[row.entry] = found.get(row.entry, frozenset()) | row.extras
        return found


class File(Struct, frozen=True):
    """A file of a package, as uv, poetry and PDM list it."""

    hash: str | None = None


def hashes_of(values: Iterable[str | None], name: str, line: int) -> tuple[str, ...]:
    """
    Return the different hashes among *values* as pip takes them.

    :raises Malformed: one of them is no hash.
    """
    found = tuple(dict.fromkeys(value.lower() for value in values if value is not None))
    if wrong := next((value for value in found if not is_hash(value)), None):
        msg = f"{name} has a hash that is none: {printable(wrong[:80])!r}"
        raise Malformed(msg, line)
    return found


def name_of(text: str, line: int) -> NormalizedName:
    """
    Return the name of a project, normalized.

    :raises Malformed: *text* is no name.
    """
    try:
        return canonicalize_name(text, validate=True)
    except InvalidName:
        msg = f"not a name of a project: {printable(text[:80])!r}"
        raise Malformed(msg, line) from None


def version_of(text: str, name: str, line: int) -> str:
    """
    Return the version *text* of the project *name*.

    :raises Malformed: it is no version.
    """
    try:
        if not has_long_number(text):
            return str(Version(text))
    except InvalidVersion:
        pass
    msg = f"{name} has no version that is one: {printable(text[:80])!r}"
    raise Malformed(msg, line)


def specifiers_of(text: str) -> SpecifierSet | None:
    """Return the version specifiers in *text*, ``None`` if it has none that can be read."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None
