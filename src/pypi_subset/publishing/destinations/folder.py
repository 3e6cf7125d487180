"""A directory as destination, of this machine or of rsync: its files, what differs, and how files are copied and removed."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError
from pypi_subset.publishing.destinations.base import Found
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

#: Bytes that are copied at once.
_PIECE = 1 << 20
#: A symbolic link that takes the place of a file is not followed.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | files.BINARY


class Folder:
    """A directory of this machine's, in which no symbolic link is followed or left."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The path as the user wrote it."""
        return str(self.path)

    def look(self) -> dict[str, Found]:
        """Return all files there, by path."""
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_dir()):
            msg = "this is a symbolic link" if self.path.is_symlink() else "this is no directory"
            raise FolderError(msg, path=self.path, next_step="name a directory to publish to")
        found: dict[str, Found] = {}
        waiting = [""] if self.path.is_dir() else []
        with files.folder_errors(self.path):
            while waiting:
                inside = waiting.pop()
                with os.scandir(self.path / inside) as entries:
                    here = {f"{inside}{one.name}": _facts(one.stat(follow_symlinks=False)) for one in entries}
                found |= here
                waiting += [f"{path}/" for path, one in here.items() if one.kind == "folder"]
        return found

    def read(self, path: str) -> bytes:
        """Return the bytes of the file at *path*."""
        with files.folder_errors(self.path / path):
            return (self.path / path).read_bytes()

    def changed(self, source: Path, paths: Sequence[str]) -> set[str]:
        """Return which of *paths* have other bytes than below *source*."""
        with files.folder_errors(self.path):
            return {path for path in paths if not files.same_bytes(source / path, self.path / path)}

    def send(
        self, source: Path, paths: Sequence[str], progress: Callable[[int], None], digests: Mapping[str, str]
    ) -> None:
        """Put the files at *paths* below *source* there, each in one step."""
        for path in paths:
            put(source / path, self.path / path, digests.get(path, ""))
            progress(1)

    def remove(self, paths: Sequence[str], folders: Collection[str] = ()) -> None:
        """Remove the files at *paths*, then the empty *folders*."""
        for path in paths:
            with files.folder_errors(self.path / path):
                (self.path / path).unlink(missing_ok=True)
        for folder in sorted(folders, reverse=True):
            with files.folder_errors(self.path / folder):
                (self.path / folder).rmdir()


def put(source: Path, destination: Path, digest: str = "") -> None:
    """
    Make *destination* a copy of *source*, in one step, with its time: by that the next publish knows it again.

    Never a hard link: the copy may be on its way to another owner, and is not to change with the original.

    :param digest: SHA-256 that the bytes must have; they are hashed while they are copied. Empty: any.
    :raises FolderError: the directory cannot be written, the disk is full, or the bytes are others; the old file stays.
    """
    with files.folder_errors(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
    # Without the mode: the web server must be able to read it.
    with files.new_part(destination) as copy, open(os.open(source, _READ), "rb") as original:  # noqa: PTH123 - a descriptor
        hashed = hashlib.sha256()
        while piece := original.read(_PIECE):
            hashed.update(piece)
            copy.write(piece)
        if digest and hashed.hexdigest() != digest:
            raise other_bytes(source)
        copy.flush()
        facts = os.fstat(original.fileno())
        os.utime(copy.fileno() if os.utime in os.supports_fd else copy.name, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def other_bytes(source: Path) -> FolderError:
    """Return the error about a file that is not what the manifest says."""
    msg = "this has other bytes than the manifest says, and is not published"
    return FolderError(
        msg, path=source, next_step="run `pypi-subset mirror` and `pypi-subset verify`, then publish again"
    )


def _facts(facts: os.stat_result) -> Found:
    return Found(
        kind="folder" if stat.S_ISDIR(facts.st_mode) else "file" if stat.S_ISREG(facts.st_mode) else "other",
        size=facts.st_size,
        modified=int(facts.st_mtime),
    )
