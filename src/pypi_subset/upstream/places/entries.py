"""Entries of a page, of which some may be damaged: one matters if a target could take its file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import unquote

from pypi_subset.distributions import filenames
from pypi_subset.errors import UpstreamError
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.support.text import printable, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packaging.tags import Tag
    from packaging.utils import NormalizedName
    from packaging.version import Version

    #: Name, version and tags of a file; tags are ``None`` for an sdist.
    Named: TypeAlias = tuple[str, Version, frozenset[Tag] | None]

#: Characters; a longer name is none that a file system takes everywhere.
_LONGEST = 200
#: What is raised about an entry that is not as PEP 503 and PEP 691 have it.
DAMAGED = (ValueError, KeyError, TypeError, AttributeError)


class Reading(Protocol):
    """What holds for all files of a page."""

    @property
    def project(self) -> NormalizedName:
        """The project of the page."""

    @property
    def source(self) -> str:
        """The page, without credentials."""

    @property
    def on_damaged(self) -> Callable[[str], object]:
        """Called with the name of the file of each damaged entry, or with the place of the entry."""

    @property
    def wants(self) -> Callable[[Version, frozenset[Tag] | None, dict[str, Any]], bool]:
        """Whether a file is wanted, by its version, its tags and its entry."""


def read_entries(
    entries: Iterable[Any],
    read: Callable[[Any], Candidate | None],
    named: Callable[[Any, NormalizedName], Named | None],
    reading: Reading,
) -> list[Candidate]:
    """
    Return what *read* makes of *entries*, in their order.

    A damaged entry whose file is wanted is a candidate with a fault. One whose file cannot be wanted is left out.

    :param named: returns name, version and tags of the file of a damaged entry; ``None`` if it names none of the project.
    """
    found = []
    for number, entry in enumerate(entries, start=1):
        try:
            one = read(entry)
        except DAMAGED as error:
            known = named(entry, reading.project)
            reading.on_damaged(printable(known[0]) if known else f"entry {number} of {reading.project}")
            one = _damaged(known, error, reading)
        if one is not None:
            found.append(one)
    return found


def parsed_name(
    filename: str, project: NormalizedName, on_variant: Callable[[str], object]
) -> tuple[Version, frozenset[Tag] | None] | None:
    """Return version and tags of a file; ``None`` if it is none of *project*."""
    if len(filename) > _LONGEST:
        return None
    try:
        name, version, tags = filenames.parse(filename)
    except filenames.INVALID:
        # Eggs, installers, signatures, and names from before PEP 440: pip skips them too.
        if filenames.of_wheel_variant(filename) == project:
            on_variant(filename)
        return None
    return (version, tags) if name == project else None


def of_entry(entry: Any, project: NormalizedName) -> Named | None:
    """Return name, version and tags of the file of *project* that a damaged entry in JSON names."""
    filename = entry.get("filename") if isinstance(entry, dict) else None
    if not isinstance(filename, str) or (found := parsed_name(filename, project, lambda _: None)) is None:
        return None
    return filename, *found


def of_link(said: dict[str, str], project: NormalizedName) -> Named | None:
    """Return the same of a link."""
    path = re.split("[?#]", said["href"], maxsplit=1)[0]
    return of_entry({"filename": unquote(path.rpartition("/")[2])}, project)


def _damaged(named: Named | None, error: Exception, reading: Reading) -> Candidate | None:
    if named is None or not reading.wants(named[1], named[2], {}):
        return None
    filename, version, tags = named
    said = without_secrets(str(error.args[0] if isinstance(error, KeyError) else error))
    lacks = "lacks " if isinstance(error, KeyError) else ""
    fault = UpstreamError(
        f"{reading.source} has a damaged entry of {filename}: {lacks}{said}",
        project=reading.project,
        next_step="tell the index's operator, or request another version",
    )
    one = Distribution(filename=filename, project=reading.project, version=version)
    return Candidate(distribution=one, tags=tags, source=reading.source, fault=fault)
