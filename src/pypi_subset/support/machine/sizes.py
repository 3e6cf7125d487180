"""Numbers of bytes as people read them."""

from __future__ import annotations

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def readable_size(size: int) -> str:
    """Return *size* bytes as people say it, e.g. ``12.3 MB``; a megabyte is a million bytes."""
    amount, unit = float(size), _UNITS[0]
    for larger in _UNITS[1:]:
        if amount < 999.95:  # noqa: PLR2004 - from here on it would be shown as 1000.0
            break
        amount, unit = amount / 1000, larger
    return f"{size} {'byte' if size == 1 else 'bytes'}" if unit == _UNITS[0] else f"{amount:.1f} {unit}"
