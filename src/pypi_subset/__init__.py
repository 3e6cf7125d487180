"""Static package indexes for networks that cannot reach PyPI: resolved per target, complete, and proven."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Return ``__version__``: to look it up takes longer than most of what does not need it (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("pypi-subset")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
