"""A distribution that an index offers for a project."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.tags import Tag

    from pypi_subset.model.distributions import Distribution


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
    """

    distribution: Distribution
    source: str
    hashes: tuple[tuple[str, str], ...] = ()
    metadata: str | None = None
    tags: frozenset[Tag] | None = None
    path: Path | None = None

    @property
    def key(self) -> str:
        """A short name for the origin of the bytes: 24 hexadecimal digits of the SHA-256 of URL or path."""
        place = self.distribution.url or str(self.path)
        return hashlib.sha256(place.encode()).hexdigest()[:24]
