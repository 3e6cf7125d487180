"""What the subset has of a request: the locks that stand, and the site that was built of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.locks import judging
from pypi_subset.model.door import read_manifest
from pypi_subset.model.paths import MANIFEST
from pypi_subset.pipeline.requested.carried import files_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.model.targets import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """
    What the subset has.

    :param locks: those on disk.
    :param served: file name and target of each file of the site.
    """

    locks: tuple[Lock, ...]
    served: frozenset[tuple[str, str]]

    @property
    def names(self) -> frozenset[str]:
        """The names of all files of locks and site."""
        locked = {one.filename for lock in self.locks for one in lock.distributions}
        return frozenset(locked | {name for name, _ in self.served})

    def pin(self, asked: Requirement, target: Target) -> Pin | None:
        """Return the locked release that satisfies *asked* and that the site has for *target*; ``None`` without one."""
        project, extras = canonicalize_name(asked.name), {*map(canonicalize_name, asked.extras)}
        found = (
            pin
            for lock in self.locks
            if lock.target_name == target.name
            for pin in lock.pins
            if pin.distribution.project == project and extras <= {*pin.extras}
        )
        return next(
            (
                pin
                for pin in found
                if asked.specifier.contains(pin.distribution.version, prereleases=True)
                and (pin.distribution.filename, target.name) in self.served
            ),
            None,
        )


def standing(subset: Subset, paths: Paths) -> Standing:
    """
    Return what the subset has; nothing before the first mirror.

    :raises SubsetError: the manifest is damaged.
    """
    served = files_of(read_manifest(paths.site)) if (paths.site / MANIFEST).is_file() else frozenset()
    return Standing(locks=judging.standing(subset, paths.locks), served=served)
