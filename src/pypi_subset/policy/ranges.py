"""
Whether a version is affected: the evaluation algorithm of the OSV schema, in the order of PEP 440.

The schema leaves three cases open. Each is read so that more versions are affected, never fewer:

- Events of the same version: ``fixed`` counts before ``introduced``, ``last_affected`` after it.
- A range without ``introduced`` starts with the first version.
- A version that PEP 440 does not know, such as ``2.6.0-cu124``, counts as all versions that begin with its release,
  2.6.0. An end without such a release ends nothing, and a beginning without one is the first version.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from pypi_subset.policy.osv import Affected, Range

#: The type of the ranges whose versions are PyPI's own. Others are not evaluated: `Affected.is_judged`.
TYPE = "ECOSYSTEM"
#: The lowest version of all (PEP 440, "Summary of permitted suffixes and relative ordering").
FIRST = Version("0.dev0")
#: The kinds of events in the order in which those of one version count. A beginning comes before every version.
BEGINNING, FIXED, INTRODUCED, LAST_AFFECTED = range(4)

#: Characters of a version that is read; a longer one can only be equal to itself.
_LONGEST = 200
_RELEASE = re.compile(r"\s*v?((?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """
    A range.

    A local part of a version counts only beside a bound that has one (PEP 440, "Local version identifiers").

    :param events: in their order: the bound, its kind, and whether it has a local part.
    :param limits: bounds, one of which a version must be below, and the same; any version if there is none.
    """

    events: tuple[tuple[Version, int, bool], ...]
    limits: tuple[tuple[Version, bool], ...] = ()

    def covers(self, version: Version, public: Version) -> bool:
        """
        Return whether *version* is affected (OSV schema, "Evaluation", ``IncludedInRanges`` and ``BeforeLimits``).

        :param public: *version* without its local part.
        """
        if self.limits and not any((version if is_local else public) < end for end, is_local in self.limits):
            return False
        affected = False
        for bound, kind, is_local in self.events:
            own = version if is_local else public
            if kind == BEGINNING or (kind == INTRODUCED and own >= bound):
                affected = True
            elif (kind == FIXED and own >= bound) or (kind == LAST_AFFECTED and own > bound):
                affected = False
        return affected


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """
    Which versions one or more entries about a project affect.

    :param versions: those that are listed.
    :param fixed: those that are named as fixes.
    """

    versions: frozenset[Version]
    spans: tuple[Span, ...]
    fixed: frozenset[Version]

    def covers(self, version: Version) -> bool:
        """Return whether *version* is affected; a local version is, where its public version is."""
        public = public_of(version)
        if version in self.versions or public in self.versions:
            return True
        return any(span.covers(version, public) for span in self.spans)


def reach_of(entries: tuple[Affected, ...]) -> Reach:
    """Return which versions *entries* of one project affect."""
    ranges = [one for entry in entries for one in entry.ranges or () if one.type == TYPE]
    listed = (version_of(text) for entry in entries for text in entry.versions or ())
    fixes = (version_of(event.fixed) for one in ranges for event in one.events if event.fixed is not None)
    return Reach(
        # A text that is no version is equal to no version, and every release has one.
        versions=frozenset(one for one in listed if one),
        spans=tuple(map(span_of, ranges)),
        fixed=frozenset(one for one in fixes if one),
    )


def span_of(one: Range) -> Span:
    """Return the span of a range of type `TYPE`."""
    events, limits, is_open = [], [], False
    for event in one.events:
        if event.introduced is not None:
            events.append(_begin(event.introduced))
        elif event.limit is not None:
            ends = [] if "*" in event.limit else _end(event.limit, FIXED)
            is_open = is_open or not ends
            limits += [bound for bound, _ in ends]
        elif event.fixed is not None:
            events += _end(event.fixed, FIXED)
        else:
            events += _end(event.last_affected or "", LAST_AFFECTED)
    if not any(kind in {BEGINNING, INTRODUCED} for _, kind in events):
        events.append(_begin("0"))
    return Span(
        events=tuple((bound, kind, bool(bound.local)) for bound, kind in sorted(events)),
        limits=() if is_open else tuple((bound, bool(bound.local)) for bound in limits),
    )


@functools.lru_cache(maxsize=1 << 16)
def version_of(text: str) -> Version | None:
    """Return the version that *text* is, ``None`` if PEP 440 does not know it."""
    try:
        return Version(text) if len(text) <= _LONGEST else None
    except ValueError:
        return None


@functools.lru_cache(maxsize=1 << 12)
def public_of(version: Version) -> Version:
    """Return *version* without its local part."""
    return Version(version.public) if version.local else version


def _begin(text: str) -> tuple[Version, int]:
    """Return the version from which on ``introduced`` affects, and its kind."""
    if text != "0" and (version := version_of(text)):
        return version, INTRODUCED
    release = _release(text) if text != "0" else ""
    return (Version(f"{release}.dev0"), INTRODUCED) if release else (FIRST, BEGINNING)


def _end(text: str, kind: int) -> list[tuple[Version, int]]:
    """Return the version of another event than ``introduced`` and its kind, nothing if it can end nothing."""
    if version := version_of(text):
        return [(version, kind)]
    if not (release := _release(text)):
        return []
    # The first version that does not begin with it.
    rest, dot, last = release.rpartition(".")
    epoch, mark, number = last.rpartition("!")
    return [(Version(f"{rest}{dot}{epoch}{mark}{int(number) + 1}.dev0"), FIXED)]


def _release(text: str) -> str:
    found = _RELEASE.match(text) if len(text) <= _LONGEST else None
    return found[1] if found else ""
