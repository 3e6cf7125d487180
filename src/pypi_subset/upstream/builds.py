"""What builds wheels from sdists, as the index on loopback sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pypi_subset.errors import UpstreamError
from pypi_subset.errors.tree import FINDING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packaging.tags import Tag
    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution


#: Where a wheel goes that was built on another machine: without the second part, the sdist would not be offered any more.
WHEEL_BESIDE = "put it into requirements/wheels, with only = false below [sources.wheels] in subset.toml"


class NotBuilt(UpstreamError):
    """No wheel can be built from an sdist; or none may be, for enough of that project were built: ``limited``."""

    exit_code = FINDING
    limited = False


class Builds(Protocol):
    """Builds wheels from sdists; each is a candidate before it is built."""

    def candidates(
        self, project: NormalizedName, offered: Sequence[Candidate], target: str = "", /
    ) -> tuple[Candidate, ...]:
        """Return the wheels that could be built of a project for *target*, of which the indexes have *offered*."""

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


def require_fitting(wheel: Candidate, tags: frozenset[Tag], *, host: bool) -> None:
    """
    Return if *wheel*, which was built here, fits a target with *tags*.

    A ``linux_`` tag means the libraries of one machine: each Linux target takes it, and only the host has these libraries.

    :param host: whether the target is the machine that builds.
    :raises NotBuilt: it does not.
    """
    own = wheel.tags or frozenset()
    if not (own if host else frozenset(one for one in own if not one.platform.startswith("linux_"))).isdisjoint(tags):
        return
    one = wheel.distribution
    tag = "-".join(one.filename.removesuffix(".whl").rsplit("-", 3)[1:])
    msg = f"the wheel of {one.project} {one.version} that is built here is for {tag}, which does not fit"
    step = f"build it on such a machine and {WHEEL_BESIDE}; or leave {one.project} out there"
    if "-linux_" in tag and any("linux" in each.platform for each in tags):
        step = f"install pypi-subset[sdists], whose auditwheel may make it fit; or {step}"
    raise NotBuilt(msg, project=one.project, next_step=step)
