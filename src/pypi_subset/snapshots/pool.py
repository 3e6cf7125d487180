"""``packages/.snapshots/pool``: the files of all snapshots, each once, by SHA-256; hard links where the file system has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError, HashMismatch
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

#: The directory that has all about snapshots, in the packages directory.
SNAPSHOTS = ".snapshots"
_POOL = "pool"
#: Digits of a hash that name the directory of its file.
_FAN = 2


class Pool:
    """
    The files of all snapshots.

    :param packages: the packages directory.
    """

    def __init__(self, packages: Path) -> None:
        self._folder = packages / SNAPSHOTS / _POOL

    def path_of(self, digest: str) -> Path:
        """Return where the file with the SHA-256 *digest* is, or would be."""
        return self._folder / digest[:_FAN] / digest

    def add(self, source: Path, digest: str, *, hashed: bool) -> None:
        """
        Put the file *source* into the pool, as a hard link where the file system has links.

        :param hashed: whether this run has compared its bytes with *digest* before.
        :raises HashMismatch: it has other bytes.
        :raises FolderError: it cannot be read, or the disk is full.
        """
        place = self.path_of(digest)
        with files.folder_errors(source):
            size = source.stat().st_size
        if not hashed and files.sha256_of(source) != digest:
            msg = f"{source} has other bytes than the manifest says"
            raise HashMismatch(msg, next_step="run `pypi-subset mirror` and `pypi-subset verify`")
        with files.folder_errors(place):
            if place.is_file() and place.stat().st_size == size:
                return
            place.parent.mkdir(parents=True, exist_ok=True)
        files.link(source, place)

    def write(self, data: bytes, digest: str) -> None:
        """Put *data* into the pool."""
        place = self.path_of(digest)
        with files.folder_errors(place):
            place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, data)

    def read(self, digest: str) -> bytes:
        """
        Return the bytes of the file with the SHA-256 *digest*, which its reader compares with that.

        :raises FolderError: it is not there.
        """
        place = self.path_of(digest)
        if not place.is_file():
            raise lost(place)
        with files.folder_errors(place):
            return place.read_bytes()

    def unneeded(self, needed: Collection[str]) -> Iterator[Path]:
        """Yield each file of the pool whose hash is not in *needed*, sorted, and what a killed run left."""
        if self._folder.is_dir():
            with files.folder_errors(self._folder):
                yield from sorted(path for path in self._folder.glob("*/*") if path.name not in needed)


def lost(place: Path) -> FolderError:
    """Return the error about a file that the pool should have."""
    msg = "a snapshot needs this file, and it is gone"
    return FolderError(msg, path=place, next_step="put it back from a backup of packages/, or remove the snapshot")
