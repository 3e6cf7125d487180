"""The contents that a bundle carries: read once to be checked and packed, and read again when a volume takes them."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from pypi_subset.bundle.packing.archive import DEFLATED, Member
from pypi_subset.bundle.packing.volumes import Packed
from pypi_subset.errors import HashMismatch
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.bundle.packing.volumes import Piece

#: Bytes that are read at once.
CHUNK = 1 << 20
#: Packed bytes that are held in memory; more of them go to a temporary file.
_IN_MEMORY = 64 << 20
_LEVEL = 9
#: What is packed already: a distribution gets no smaller.
_PACKED = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file that is carried as it is."""

    path: Path
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class _Deflated:
    """Bytes in the spool, which are packed."""

    start: int
    packed: int
    size: int
    crc: int


class Blobs:
    """
    Contents by their SHA-256.

    Distributions stay where they are. All else is deflated once, since its packed size decides about volumes.

    :param spool: takes what is deflated.
    """

    def __init__(self, spool: IO[bytes]) -> None:
        self._found: dict[str, _Stored | _Deflated] = {}
        self._spool, self._length = spool, 0

    def add_file(self, path: Path, sha256: str) -> None:
        """
        Take the content of the file at *path*.

        :raises HashMismatch: it has another SHA-256.
        :raises FolderError: it cannot be read.
        """
        if sha256 in self._found:
            return
        if not path.name.endswith(_PACKED):
            with files.folder_errors(path):
                data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                raise _changed(path)
            self.add(data)
            return
        found, crc, size = hashlib.sha256(), 0, 0
        for chunk in _chunks(path, 0, None):
            found.update(chunk)
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        if found.hexdigest() != sha256:
            raise _changed(path)
        self._found[sha256] = _Stored(path, size, crc)

    def add(self, data: bytes) -> str:
        """Take *data*; return its SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._found:
            packed = deflated(data)
            self._spool.seek(self._length)
            self._spool.write(packed)
            self._found[digest] = _Deflated(self._length, len(packed), len(data), zlib.crc32(data))
            self._length += len(packed)
        return digest

    @property
    def packed(self) -> dict[str, Packed]:
        """SHA-256 → what the content takes in an archive."""
        return {
            digest: Packed(size=one.size, packed=one.packed, method=DEFLATED)
            if isinstance(one, _Deflated)
            else Packed(size=one.size, packed=one.size)
            for digest, one in self._found.items()
        }

    def member(self, piece: Piece) -> tuple[Member, Iterator[bytes]]:
        """
        Return the member of *piece* with its packed bytes.

        :raises HashMismatch: a file has other bytes than when it was taken; also while the bytes are read.
        """
        one = self._found[piece.sha256]
        if isinstance(one, _Stored):
            whole = piece.size == one.size
            crc = one.crc if whole else _crc_of(_chunks(one.path, piece.offset, piece.size))
            chunks = _held(one.path, piece, crc)
        elif piece.method == DEFLATED:
            crc, chunks = one.crc, self._spooled(one)
        else:
            data = zlib.decompress(self._packed(one), -zlib.MAX_WBITS)[piece.offset : piece.offset + piece.size]
            crc, chunks = zlib.crc32(data), iter([data])
        member = Member(name=piece.name, method=piece.method, size=piece.size, packed=piece.packed, crc=crc)
        return member, chunks

    def _packed(self, one: _Deflated) -> bytes:
        self._spool.seek(one.start)
        return self._spool.read(one.packed)

    def _spooled(self, one: _Deflated) -> Iterator[bytes]:
        yield self._packed(one)


@contextlib.contextmanager
def gathered() -> Iterator[Blobs]:
    """Yield contents, none at first, that can be read while the block lasts."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="pypi-subset-bundle-") as spool:
        yield Blobs(spool)


def deflated(data: bytes) -> bytes:
    """Return *data* packed, without a header (RFC 1951)."""
    return zlib.compress(data, _LEVEL, -zlib.MAX_WBITS)


def packs_to_more(data: bytes, size: int) -> bool:
    """Return whether *data* takes more than *size* bytes when it is packed; no more of it is packed than that needs."""
    packer, found = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS), 0
    for start in range(0, len(data), CHUNK // 16):
        found += len(packer.compress(data[start : start + CHUNK // 16]))
        if found > size:
            return True
    return found + len(packer.flush()) > size


def _held(path: Path, piece: Piece, crc: int) -> Iterator[bytes]:
    """Yield the bytes of *piece* from the file at *path*, whose CRC-32 is *crc*."""
    found = 0
    for chunk in _chunks(path, piece.offset, piece.size):
        found = zlib.crc32(chunk, found)
        yield chunk
    if found != crc:
        raise _changed(path)


def _chunks(path: Path, offset: int, size: int | None) -> Iterator[bytes]:
    """Yield *size* bytes of the file at *path* from *offset* on, all if that is ``None``."""
    with files.folder_errors(path), path.open("rb") as stream:
        stream.seek(offset)
        left = size
        while chunk := stream.read(CHUNK if left is None else min(CHUNK, left)):
            left = None if left is None else left - len(chunk)
            yield chunk


def _crc_of(chunks: Iterator[bytes]) -> int:
    crc = 0
    for chunk in chunks:
        crc = zlib.crc32(chunk, crc)
    return crc


def _changed(path: Path) -> HashMismatch:
    """Return the error about a file that another program changes while it is carried."""
    msg = f"{path} has other bytes than the manifest says, or changed while it was read"
    return HashMismatch(
        msg, next_step="run `pypi-subset mirror` and `pypi-subset verify`, then `pypi-subset bundle` again"
    )
