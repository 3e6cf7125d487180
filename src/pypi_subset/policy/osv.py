"""
One record of an advisory database in OSV JSON (OSV schema 1.7.5).

Unknown fields are ignored, as the schema asks. Everything else is either understood or refused: a record that was
misread could hide a vulnerability.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name

from pypi_subset.model.documents import parse

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

#: The part of an ecosystem's name before a colon, in small letters.
ECOSYSTEM = "pypi"

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+/-]{0,199}")
#: RFC 3339 in UTC, as the schema has it; seconds may have a fraction.
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?Z")
#: Characters of a text from a record in a message.
_SHOWN = 80
#: Characters of a message.
_LONGEST = 240


class Package(msgspec.Struct, frozen=True):
    """``affected[].package``."""

    ecosystem: str
    name: str

    @property
    def project(self) -> NormalizedName | None:
        """The project of PyPI that is meant, ``None`` for another ecosystem."""
        if self.ecosystem.partition(":")[0].strip().casefold() != ECOSYSTEM:
            return None
        return canonicalize_name(self.name, validate=True)


class Event(msgspec.Struct, frozen=True):
    """``affected[].ranges[].events[]``: exactly one of the four."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(msgspec.Struct, frozen=True):
    """``affected[].ranges[]``."""

    type: str
    events: tuple[Event, ...] = ()


class Score(msgspec.Struct, frozen=True):
    """``severity[]``: a vector of the CVSS version that *type* names."""

    type: str
    score: str


class Affected(msgspec.Struct, frozen=True):
    """``affected[]``; a record about a repository alone has no package."""

    package: Package | None = None
    ranges: tuple[Range, ...] | None = None
    versions: tuple[str, ...] | None = None
    severity: tuple[Score, ...] | None = None

    @property
    def project(self) -> NormalizedName | None:
        """As `Package.project`."""
        return self.package.project if self.package else None

    @property
    def is_judged(self) -> bool:
        """Whether it names versions that PyPI's order can judge: a list, or a range of type ``ECOSYSTEM``."""
        return bool(self.versions) or any(one.type == "ECOSYSTEM" for one in self.ranges or ())


class Record(msgspec.Struct, frozen=True):
    """
    One record.

    :param modified: the last change, RFC 3339 in UTC.
    :param published: when it was first published, in the same form, ``None`` if it does not say.
    :param withdrawn: since when it no longer holds, or ``None``.
    :param database_specific: only its ``severity`` is read.
    """

    id: str
    modified: str
    published: str | None = None
    withdrawn: str | None = None
    aliases: tuple[str, ...] | None = None
    severity: tuple[Score, ...] | None = None
    affected: tuple[Affected, ...] | None = None
    database_specific: object = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its id and its aliases."""
        return (self.id, *(self.aliases or ()))

    @property
    def day(self) -> str:
        """The date of `modified`, ``YYYY-MM-DD``."""
        return self.modified[:10]


def read_record(data: bytes) -> Record:
    """
    Return the record that *data* holds, with the entries about PyPI alone in `Record.affected`.

    :raises ValueError: it is no record; the message says what is wrong, without line breaks.
    """
    try:
        record = parse(data, Record)
        _check(record)
    except ValueError as error:
        raise ValueError(str(error)[:_LONGEST]) from error
    own = tuple(one for one in record.affected or () if one.project)
    return msgspec.structs.replace(record, affected=own)


def _check(record: Record) -> None:
    if not all(map(_ID.fullmatch, record.names)):
        wrong = next(one for one in record.names if not _ID.fullmatch(one))
        _refuse(f"{wrong[:_SHOWN]!a} is no id")
    for time in (record.modified, record.published, record.withdrawn):
        if time is not None and not _is_time(time):
            _refuse(f"{time[:_SHOWN]!a} is no time in UTC")
    for entry in record.affected or ():
        for one in entry.ranges or () if entry.project else ():
            _check_range(one)


def _check_range(one: Range) -> None:
    if not one.events:
        _refuse("a range has no events")
    for event in one.events:
        if sum(value is not None for value in msgspec.structs.astuple(event)) != 1:
            _refuse("an event is not exactly one of introduced, fixed, last_affected and limit")


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if not found:
        return False
    try:
        datetime.fromisoformat(found[1])
    except ValueError:
        return False
    return True


def _refuse(what: str) -> None:
    raise ValueError(what)
