"""The files that come with the package."""

from __future__ import annotations


def shipped(*path: str) -> bytes:
    """Return the bytes of the file at *path*, given part by part, in the package's own directory."""
    # Most runs need none of them, and this takes longer to load than most of what they need.
    from importlib import resources  # noqa: PLC0415

    return resources.files("pypi_subset").joinpath(*path).read_bytes()
