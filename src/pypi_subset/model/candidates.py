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
    One file that some index or folder offers.

    :param distribution: what is known of it so far.
    :param source: the page or folder it stood on, without credentials.
    :param hashes: every hash the page gave, ``(("md5", "…"), …)``.
    :param metadata: ``None`` if no separate metadata is advertised (PEP 658), else its SHA-256 or ``""``.
    :param tags: of a wheel; ``None`` for an sdist.
    :param path: where it lies, if the source is local.
    """

    distribution: Distribution
    source: str
    hashes: tuple[tuple[str, str], ...] = ()
    metadata: str | None = None
    tags: frozenset[Tag] | None = None
    path: Path | None = None

    @property
    def key(self) -> str:
        """A short name for the place that the bytes come from: the same place, the same key."""
        place = self.distribution.url or str(self.path)
        return hashlib.sha256(place.encode()).hexdigest()[:24]
