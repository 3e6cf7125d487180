"""Our index stage: the index of the wheels in ``packages/``, with the caches of the last run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pypi_subset.site.builder import build_index

if TYPE_CHECKING:
    from pathlib import Path


def index(folder: Path) -> bool:
    """Put a new index of *folder*``/packages`` in place of *folder*``/site``; whether there was anything to do."""
    packages = folder / "packages"
    # Listed as `mirror` lists it.
    with os.scandir(packages) as entries:
        wheels = [entry.path for entry in entries if entry.name.endswith(".whl")]
    return build_index(wheels, folder / "site", cache=packages)
