"""Numbers as people read them."""

from __future__ import annotations

import pytest

from pypi_subset.site.pages.sizes import counted


@pytest.mark.parametrize(("number", "shown"), [(0, "0 files"), (1, "1 file"), (1234, "1,234 files")])
def test_counts(number: int, shown: str) -> None:
    """One has no plural."""
    assert counted(number, "file") == shown
