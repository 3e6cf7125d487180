"""Our index stage: the index of the wheels in ``packages/``, with the caches of the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.site.builder import build_index

if TYPE_CHECKING:
    from pathlib import Path


def index(folder: Path) -> bool:
    """Put a new index of *folder*``/packages`` in place of *folder*``/site``; whether there was anything to do."""
    packages = folder / "packages"
    return build_index(packages.glob("*.whl"), folder / "site", cache=packages)
