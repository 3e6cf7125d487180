"""How much an installation may write: what the archives themselves hold, unpacked."""

from __future__ import annotations

import functools
import zipfile
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.model.door import read_manifest
from pypi_subset.model.paths import SIMPLE
from pypi_subset.proof.access import archives

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: What unpacking makes of the bytes of a wheel that is not here, at most but for odd ones.
_GROWTH = 20


def unpacked_size(site: Path, pins: Sequence[str], url: str = "") -> int:
    """
    Return the bytes of the wheels that a case may install, packed and unpacked: of each project the largest wheel.

    :param pins: lines of its lock, whose projects count; none for all of the site.
    :param url: where the site is served, if it does not lie here.
    """
    if url:
        # The files here of a site elsewhere are stand-ins.
        return sum((1 + _GROWTH) * entry.size for entry in read_manifest(site).files)
    projects: set[str] = {canonicalize_name(Requirement(pin).name) for pin in pins}
    return sum(_largest(site / SIMPLE, project) for project in projects or {"*"})


@functools.lru_cache(maxsize=1 << 16)
def _largest(index: Path, project: str) -> int:
    sizes: dict[str, int] = {}
    for wheel in index.glob(f"{project}/*.whl"):
        name = wheel.parent.name
        sizes[name] = max(sizes.get(name, 0), size_of(wheel))
    return sum(sizes.values())


def size_of(wheel: Path) -> int:
    """Return the bytes of *wheel* and of the files in it, as its directory names them; of a bomb, what a wheel may have."""
    try:
        size = wheel.stat().st_size
        with zipfile.ZipFile(wheel) as archive:
            return size + min(archives.unpacked(archive), max(archives.LARGE, archives.TIMES * size))
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        # The inventory and pip say what is wrong with it.
        return 0
