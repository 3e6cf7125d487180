"""Files as shells and editors write them."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.requester import texts
from pypi_subset.standalone.requester.texts import text_at

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """UTF-8, and what Windows PowerShell writes, are read; other bytes are no error."""
    path = tmp_path / "pip.log"
    path.write_bytes("p\u00e9\n".encode(encoding))
    assert text_at(str(path)) == "p\u00e9\n"
    path.write_bytes(b"p\xe9")
    assert text_at(str(path)) == "p\ufffd"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is what a pipe brings."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ERROR")))
    assert text_at("-") == "ERROR"


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, a directory and a very large file are one line each."""
    with pytest.raises(Misused, match=r"cannot be read: No such file.*; name a readable file"):
        text_at(str(tmp_path / "none"))
    with pytest.raises(Misused, match="is a directory; name a file"):
        text_at(str(tmp_path))
    monkeypatch.setattr(texts, "LONGEST_INPUT", 3)
    (tmp_path / "large").write_text("1234")
    with pytest.raises(Misused, match="has more than 3 bytes; name a smaller file"):
        text_at(str(tmp_path / "large"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1234")))
    with pytest.raises(Misused, match="standard input has more than 3 bytes"):
        text_at("-")
