"""A distribution that an index offers for a project."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.tags import Tag

    from pypi_subset.errors import SubsetError
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.verdicts import Verdict


#: The source of a candidate that a lock names, with the facts of the lock alone.
LOCK = "the lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """
    A file that an index or a directory offers.

    :param distribution: the facts that the source states.
    :param source: the page or directory that lists it, without credentials.
    :param hashes: every hash on the page, ``(("md5", "…"), …)``.
    :param metadata: ``None`` if no separate metadata is advertised (PEP 658), else its SHA-256 or ``""``.
    :param tags: of a wheel; ``None`` for an sdist.
    :param path: the file, if the source is local.
    :param sdist: of a wheel that is not built yet, or was built in this run: what it is built from.
    :param kept_for: the target that keeps the sdist, if this wheel represents a kept sdist in resolution; else ``""``.
    :param build: the wheels that this sdist is built with, if it was built in this run and is kept.
    :param verdicts: the rules that refuse it, whatever the user accepts; of a target's offers, those that hold there.
    :param fault: why it cannot be taken, which is raised if a target is about to take it: its entry on the page is damaged,
        or two sources have different contents of that name.
    :param also: hashes of other kinds that further sources state of the name: kind, hash and source.
    :param address: where it is fetched from, if that holds a user, a password or a query; never written, shown or logged.
    """

    distribution: Distribution
    source: str
    hashes: tuple[tuple[str, str], ...] = ()
    metadata: str | None = None
    tags: frozenset[Tag] | None = None
    path: Path | None = None
    sdist: Candidate | None = None
    kept_for: str = ""
    build: tuple[Distribution, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    fault: SubsetError | None = field(default=None, repr=False, compare=False)
    also: tuple[tuple[str, str, str], ...] = ()
    address: str | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> str:
        """A short name for the origin of the bytes: 24 hexadecimal digits of the SHA-256 of URL or path, and name."""
        # Files whose addresses differ in the query alone have one URL.
        place = self.distribution.url or self.path
        if place is None and self.sdist is not None:
            # What a local sdist gives is not built yet. The built wheel of that name has other bytes to offer.
            place = self.sdist.path
        place = f"{place}\n{self.distribution.filename}"
        return hashlib.sha256(place.encode()).hexdigest()[:24]

    def at(self, suffix: str = "") -> str | None:
        """Return where the file is fetched from, or what stands beside it under its name and *suffix*; ``None`` if local."""
        url = self.address or self.distribution.url
        if url is None:
            return None
        place, mark, query = url.partition("?")
        return f"{place}{suffix}{mark}{query}"
