"""The bounds fit each other, and what real indexes have."""

from __future__ import annotations

from pypi_subset.support import bounds


def test_bounds_fit_each_other() -> None:
    """METADATA, its directory and a page fit into what is read for them, with room for the largest real ones."""
    assert bounds.LARGEST_PIECES >= 2 * bounds.LARGEST_METADATA
    assert bounds.LARGEST_PAGE >= 2 * 30_000_000
    assert bounds.LARGEST_DOCUMENT >= 2_000 * 100_000


def test_a_file_gets_time_by_its_size() -> None:
    """The largest file may take three days, a page little more than an hour."""
    assert bounds.LARGEST_FILE / bounds.LEAST_SPEED < 4 * 86400
    assert bounds.LARGEST_PAGE / bounds.LEAST_SPEED + bounds.PATIENCE < 5000
