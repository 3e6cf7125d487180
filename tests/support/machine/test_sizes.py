"""Numbers as people read them."""

from __future__ import annotations

import pytest

from pypi_subset.support.machine.sizes import readable_size


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (12_345_678, "12.3 MB"),
        (4_000_000_000_000_000, "4000.0 TB"),
    ],
)
def test_sizes_are_readable(size: int, shown: str) -> None:
    """Decimal units, one digit behind the point, never 1000.0 of a unit that has a larger one."""
    assert readable_size(size) == shown
