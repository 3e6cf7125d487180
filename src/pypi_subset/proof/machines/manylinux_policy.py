"""Holding a real interpreter to a target with an older C library (PEP 600)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.proof.machines.matching import glibc_of
from pypi_subset.support import files

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.targets import Target


_MODULE = '''"""Limits the manylinux wheels that pip accepts here (PEP 600)."""


def manylinux_compatible(tag_major, tag_minor, tag_arch):
    return (tag_major, tag_minor) <= (2, {minor})
'''


def hold(target: Target, site_packages: Path) -> None:
    """
    Make a pip that runs from *site_packages* accept wheels for the glibc of *target* and older alone.

    Otherwise a machine with glibc 2.36 installs a ``manylinux_2_28`` wheel and seems to prove a target that has 2.17.
    Elsewhere nothing is written: `fitting.fits` let no interpreter through that would need it.
    """
    glibc = glibc_of(target)
    if glibc is not None:
        files.write(site_packages / "_manylinux.py", _MODULE.format(minor=glibc).encode())
