"""The pool: a file for each hash, and no other bytes under it."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError, HashMismatch
from pypi_subset.snapshots.pool import Pool

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"some bytes"
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a file."""
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


def test_a_file_is_linked(tmp_path: Path, source: Path) -> None:
    """The pool has a second name of the file; a second call changes nothing."""
    pool = Pool(tmp_path / "packages")
    for _ in range(2):
        pool.add(source, DIGEST, hashed=False)
    assert pool.path_of(DIGEST).samefile(source)
    assert (source.stat().st_nlink, pool.read(DIGEST)) == (2, DATA)


def test_without_links_it_is_a_copy(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links has the bytes once for all snapshots."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    pool = Pool(tmp_path / "packages")
    pool.add(source, DIGEST, hashed=False)
    assert (pool.read(DIGEST), source.stat().st_nlink) == (DATA, 1)


def test_other_bytes_are_refused(tmp_path: Path, source: Path) -> None:
    """A file that is not what its hash says does not get in; a half file is replaced."""
    pool = Pool(tmp_path / "packages")
    source.write_bytes(b"other bytes")
    with pytest.raises(HashMismatch, match="other bytes than the manifest says"):
        pool.add(source, DIGEST, hashed=False)
    assert not pool.path_of(DIGEST).exists()
    source.write_bytes(DATA)
    pool.write(b"half", DIGEST)
    pool.add(source, DIGEST, hashed=False)
    assert pool.read(DIGEST) == DATA


def test_what_is_gone_is_named(tmp_path: Path) -> None:
    """The error names the file and the way out."""
    with pytest.raises(FolderError, match="it is gone") as caught:
        Pool(tmp_path).read(DIGEST)
    assert "backup" in caught.value.next_step


def test_what_no_snapshot_needs(tmp_path: Path, source: Path) -> None:
    """Files of other hashes, and what a killed run was writing."""
    pool = Pool(tmp_path / "packages")
    assert [*pool.unneeded([])] == []
    pool.add(source, DIGEST, hashed=True)
    left = pool.path_of(DIGEST).with_name(f".{DIGEST}.1.part")
    left.write_bytes(b"")
    assert [*pool.unneeded([DIGEST])] == [left]
    assert {*pool.unneeded([])} == {left, pool.path_of(DIGEST)}
