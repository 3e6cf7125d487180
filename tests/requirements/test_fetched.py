"""Documents at URLs beside the locks: kept under their hash, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import LockError, UpstreamError
from pypi_subset.model.requests import Document
from pypi_subset.requirements import fetched

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://one.example/limits.txt"


def kept(locks: Path, *urls: str) -> list[Document]:
    """Return documents at *urls* after keeping them."""
    documents = [Document(url=url, path=fetched.place(locks, url), data=url.encode()) for url in urls]
    fetched.write(locks, documents)
    return documents


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Each document comes back with its URL; the list can be read as one of ``sha256sum``."""
    first, second = kept(tmp_path, URL, f"{URL}2")
    assert (fetched.read(tmp_path, URL), fetched.read(tmp_path, f"{URL}2")) == (first, second)
    assert (tmp_path / "fetched.txt").read_text().splitlines()[1:] == [
        f"{one.sha256}  {one.url}" for one in (first, second)
    ]


def test_no_others_are_kept(tmp_path: Path) -> None:
    """A document that no set includes any more goes; where none ever was, no file is written."""
    fetched.write(tmp_path / "new", [])
    assert not (tmp_path / "new").exists()
    kept(tmp_path, URL, f"{URL}2")
    (one,) = kept(tmp_path, URL)
    assert [*(tmp_path / "fetched").iterdir()] == [one.path.parent]
    kept(tmp_path)
    assert fetched.listed(tmp_path) == {}
    with pytest.raises(UpstreamError, match="was not fetched yet"):
        fetched.read(tmp_path, URL)


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    """What is kept has the hash of the list; a damaged list says so."""
    (one,) = kept(tmp_path, URL)
    one.path.write_text("six", encoding="utf-8")
    with pytest.raises(LockError, match="has other bytes than when it was fetched"):
        fetched.read(tmp_path, URL)
    for text in ("x", "12  https://one.example\n"):
        (tmp_path / "fetched.txt").write_text(text, encoding="utf-8")
        with pytest.raises(LockError, match="the list of fetched documents is damaged"):
            fetched.read(tmp_path, URL)


@pytest.mark.parametrize("end", ["/", "/..", "/" + "x" * 300, "/%2e%2e", "/a b;c", ""])
def test_the_name_is_one_that_every_file_system_takes(end: str, tmp_path: Path) -> None:
    """Whatever a URL ends in, the document is one below its own directory."""
    path = fetched.place(tmp_path, f"https://one.example{end}")
    assert path.parents[2] == tmp_path
    assert 0 < len(path.name) <= 100
    assert path.resolve() == path.absolute()
