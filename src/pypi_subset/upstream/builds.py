"""What builds wheels from sdists, as the index on loopback sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pypi_subset.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution


class NotBuilt(UpstreamError):
    """No wheel can be built from an sdist."""


class Builds(Protocol):
    """Builds wheels from sdists; each is a candidate before it is built."""

    def candidates(self, project: NormalizedName, offered: Sequence[Candidate], /) -> tuple[Candidate, ...]:
        """Return the wheels that could be built of a project, of which the indexes have *offered*."""

    def built(self, candidate: Candidate, asker: tuple[str, ...] = (), /) -> Candidate:
        """
        Return the wheel for one of `candidates`; the first call builds it.

        :param asker: the releases that are being built, and require it.
        :raises NotBuilt: it cannot be built.
        """

    def again(self, one: Distribution, /) -> Path:
        """
        Return a wheel that a lock has, built again as the lock says.

        :raises NotBuilt: it cannot be built.
        :raises HashMismatch: it has other bytes.
        """
