"""Numbers as people read them."""

from __future__ import annotations

from pypi_subset.support.machine.sizes import readable_size

__all__ = ["counted", "readable_size"]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, e.g. ``2 files``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
