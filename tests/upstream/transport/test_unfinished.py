"""A file that arrives in several runs: what is here of it, and what is not followed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.upstream.transport.unfinished import Unfinished

if TYPE_CHECKING:
    from pathlib import Path


def test_what_arrived_is_here_again(tmp_path: Path) -> None:
    """Bytes, hash and validator; with its name, the file leaves nothing beside it."""
    path = tmp_path / "app.whl"
    with Unfinished(path) as one:
        one.restart('"tag"')
        one.write(b"abc")
    assert not path.exists()
    with Unfinished(path) as one:
        assert (one.size, one.validator) == (3, '"tag"')
        one.write(b"def")
        assert one.sha256 == hashlib.sha256(b"abcdef").hexdigest()
        one.finish()
    assert path.read_bytes() == b"abcdef"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("etag", ["", 'W/"weak"', '"line\nbreak"', '"' + "x" * 2000])
def test_no_strong_validator(tmp_path: Path, etag: str) -> None:
    """A weak or strange ETag does not say that two pieces are of one file."""
    with Unfinished(tmp_path / "app.whl") as one:
        one.restart('"before"')
        one.restart(etag)
        one.write(b"abc")
        assert one.validator == ""
    with Unfinished(tmp_path / "app.whl") as one:
        assert (one.size, one.validator) == (3, "")


def test_nothing_arrived(tmp_path: Path) -> None:
    """An empty part is not left."""
    with Unfinished(tmp_path / "app.whl") as one:
        one.restart('"tag"')
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("kind", ["symlink", "hardlink"])
def test_no_link_is_written_through(tmp_path: Path, kind: str) -> None:
    """A part that is another name of a file of the user's is replaced."""
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    part = tmp_path / ".app.whl.unfinished"
    if kind == "symlink":
        part.symlink_to(mine)
    else:
        part.hardlink_to(mine)
    with Unfinished(tmp_path / "app.whl") as one:
        assert one.size == 0
        one.write(b"other")
    assert mine.read_bytes() == b"mine"
