"""What is stated of a set on a target: the files of its lock, and the edges of the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.model.closures.closure import closures_in
from pypi_subset.model.door import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.closures.closure import Step
    from pypi_subset.proof.cases.lock_reader import Locked


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """
    What is stated of a set on a target.

    :param pins: the files that the lock names, which the inventory compares with the manifest's.
    :param steps: the edges of the manifest, sorted.
    """

    pins: tuple[Locked, ...]
    steps: tuple[Step, ...]


def stated_in(site: Path) -> dict[tuple[str, str], tuple[Step, ...]]:
    """Return set and target → edges of the manifest of *site*; none of one that cannot be read, or is older than 1.5."""
    try:
        found = closures_in(read_manifest(site))
    except SubsetError:
        # The run itself names what is wrong.
        return {}
    return {place: tuple(sorted(one.steps)) for place, one in found.items()}
