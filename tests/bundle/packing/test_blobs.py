"""Contents: read once and checked, packed once, and read again for a volume."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle.packing import blobs as module
from pypi_subset.bundle.packing.archive import DEFLATED, STORED
from pypi_subset.bundle.packing.blobs import deflated, gathered, packs_to_more
from pypi_subset.bundle.packing.volumes import Packed, Piece
from pypi_subset.errors import FolderError, HashMismatch

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"a line of a page\n" * 500


def sha256(data: bytes) -> str:
    """Return a hash."""
    return hashlib.sha256(data).hexdigest()


def piece(data: bytes, method: int, offset: int = 0, size: int | None = None) -> Piece:
    """Return a piece of *data*."""
    length = len(data) if size is None else size
    packed = len(deflated(data)) if method == DEFLATED else length
    return Piece(sha256=sha256(data), offset=offset, size=length, packed=packed, method=method)


def test_a_distribution_is_stored_and_a_page_deflated(tmp_path: Path) -> None:
    """A wheel stays as it is, as an sdist does; anything else gets smaller."""
    with gathered() as blobs:
        for name in ("a.whl", "a.tar.gz", "a.zip", "index.html", "a.whl.metadata"):
            data = TEXT + name.encode()
            (tmp_path / name).write_bytes(data)
            blobs.add_file(tmp_path / name, sha256(data))
            found = blobs.packed[sha256(data)]
            if name.endswith((".whl", ".gz", ".zip")):
                assert found == Packed(size=len(data), packed=len(data), method=STORED)
                member, chunks = blobs.member(piece(data, STORED))
                assert (b"".join(chunks), member.crc) == (data, zlib.crc32(data))
            else:
                assert found == Packed(size=len(data), packed=len(deflated(data)), method=DEFLATED)
                member, chunks = blobs.member(piece(data, DEFLATED))
                assert (zlib.decompress(b"".join(chunks), -15), member.crc) == (data, zlib.crc32(data))


@pytest.mark.parametrize("name", ["a.whl", "page.html"])
def test_a_part_of_a_blob(tmp_path: Path, name: str) -> None:
    """A part has the bytes of the content from its offset on, as they are, with a checksum of its own."""
    (tmp_path / name).write_bytes(TEXT)
    with gathered() as blobs:
        blobs.add_file(tmp_path / name, sha256(TEXT))
        member, chunks = blobs.member(piece(TEXT, STORED, 1000, 200))
        assert (b"".join(chunks), member.crc) == (TEXT[1000:1200], zlib.crc32(TEXT[1000:1200]))
        assert member.name == f"{sha256(TEXT)}.1000"


def test_more_than_memory_goes_to_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is packed comes back in any order, also from the file that takes what memory should not."""
    monkeypatch.setattr(module, "_IN_MEMORY", 100)
    every = [bytes([number]) * 50 + TEXT for number in range(20)]
    with gathered() as blobs:
        assert [blobs.add(data) for data in every] == [sha256(data) for data in every]
        for data in reversed(every):
            _, chunks = blobs.member(piece(data, DEFLATED))
            assert zlib.decompress(b"".join(chunks), -15) == data


def test_equal_contents_are_one(tmp_path: Path) -> None:
    """Two files with the same bytes are carried once."""
    with gathered() as blobs:
        for name in ("one", "two"):
            (tmp_path / name).write_bytes(TEXT)
            blobs.add_file(tmp_path / name, sha256(TEXT))
        assert len(blobs.packed) == 1


@pytest.mark.parametrize("name", ["a.whl", "page.html"])
def test_other_bytes_are_refused(tmp_path: Path, name: str) -> None:
    """A file has other bytes than the manifest says: the error names it."""
    (tmp_path / name).write_bytes(TEXT)
    with gathered() as blobs, pytest.raises(HashMismatch, match=f"{name} has other bytes than the manifest says"):
        blobs.add_file(tmp_path / name, sha256(b"others"))


def test_a_file_that_changes_meanwhile(tmp_path: Path) -> None:
    """Bytes that changed between both readings never get into a bundle unnoticed; nor does a file that is gone."""
    path = tmp_path / "a.whl"
    path.write_bytes(TEXT)
    with gathered() as blobs:
        blobs.add_file(path, sha256(TEXT))
        path.write_bytes(TEXT.replace(b"line", b"lime", 1))
        with pytest.raises(HashMismatch, match="changed while it was read"):
            b"".join(blobs.member(piece(TEXT, STORED))[1])
        path.unlink()
        with pytest.raises(FolderError, match=r"a\.whl"):
            b"".join(blobs.member(piece(TEXT, STORED))[1])


def test_packing_ends_early() -> None:
    """Whether a text packs to more than a number of bytes is known without packing all of it."""
    size = len(deflated(TEXT))
    assert [packs_to_more(TEXT, one) for one in (size - 1, size, size + 1)] == [True, False, False]
