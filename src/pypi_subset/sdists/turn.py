"""Which build runs: one at a time, with the builds that it requires, which cannot wait for it."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from pypi_subset.sdists.releases import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.model.distributions import Distribution

#: Builds that need each other: a build, what it requires, and what that requires.
DEEPEST = 3


class Turn:
    """The turn to build."""

    def __init__(self) -> None:
        self._lock, self._own = threading.Lock(), threading.local()

    @property
    def chain(self) -> tuple[str, ...]:
        """The releases that this thread builds, each required by the one before."""
        chain: tuple[str, ...] = getattr(self._own, "chain", ())
        return chain

    @contextlib.contextmanager
    def taken(self, one: Distribution, asker: tuple[str, ...]) -> Iterator[None]:
        """
        Have this thread build *one* in the ``with`` block, as soon as no other build runs but those that require it.

        :param asker: the releases that are being built and require it; without one, those that this thread builds.
        :raises NotBuilt: it requires itself, or too many builds require each other.
        """
        above, release = asker or self.chain, f"{one.project} {one.version}"
        if release in above:
            raise refused(one, f"it requires itself to be built: {' requires '.join((*above, release))}")
        if len(above) >= DEEPEST:
            raise refused(one, f"more than {DEEPEST} builds require each other: {', '.join((*above, release))}")
        with contextlib.nullcontext() if above else self._lock:
            before, self._own.chain = self.chain, (*above, release)
            try:
                yield
            finally:
                self._own.chain = before
