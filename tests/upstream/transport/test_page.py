"""A page on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.support.once import Spool
from pypi_subset.upstream.transport.page import KeptPage, Page

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("text", ["", "<a href='ä'>", "\ud800"])
def test_a_kept_page(tmp_path: Path, text: str) -> None:
    """A page is what it was, also if it holds half of a surrogate pair."""
    page, spool = Page(text=text, content_type="text/html", url="http://127.0.0.1/simple/app/"), Spool(tmp_path)
    assert KeptPage.of(page, spool).page(spool) == page
