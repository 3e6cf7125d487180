"""``files/index.html``."""

from __future__ import annotations

from pathlib import Path

from pypi_subset.model.intake.other_files import CarriedFile
from pypi_subset.site.other_files.page import page_of, summary_of
from tests.support.pages.page_check import document

ONE = CarriedFile(path="files/models/a+b.onnx", sha256="a" * 64, size=1500, url="", place=Path("x"))
OTHER = CarriedFile(path="files/z", sha256="b" * 64, size=1, url="https://files.example/z?<b>", place=Path("y"))


def test_each_file_is_listed() -> None:
    """Link, size, hash and origin; foreign text is escaped; uv's settings stand there only beside its list."""
    page = page_of([ONE, OTHER], has_python=False)
    assert '<a href="models/a%2Bb.onnx">files/models/a+b.onnx</a>' in page
    assert f"<code>{'a' * 64}</code>" in page
    assert "<span>1.5 kB</span>" in page
    assert "from https://files.example/z?&lt;b&gt;" in page
    assert "2 files · 1.5 kB" in page
    assert "UV_PYTHON" not in page
    assert "files/python/downloads.json" in page_of([ONE], has_python=True)
    assert summary_of([ONE]) == "1 file · 1.5 kB"
    document(page)
