"""The wheels that a site has of some projects: a case looks for them many times, and a site has many projects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pypi_subset.model.paths import SIMPLE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def wheels_of(site: Path, projects: Iterable[str] | None) -> list[Path]:
    """
    Return the wheels in ``simple/`` of *site*, sorted by project and name.

    :param projects: normalized names, of which some may have no directory there; ``None`` for all.
    """
    index = site / SIMPLE
    folders = [index / project for project in sorted(_names(index) if projects is None else projects)]
    return [folder / name for folder in folders for name in sorted(_names(folder)) if name.endswith(".whl")]


def _names(folder: Path) -> list[str]:
    """Return the names in *folder*; of one that cannot be read the inventory and pip speak."""
    try:
        return os.listdir(folder)  # noqa: PTH208 - no path for each name
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
