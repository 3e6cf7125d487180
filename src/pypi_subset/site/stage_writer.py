"""Write the staged site, hard-linking every file that is unchanged in the live site."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable


class StageWriter:
    """
    Writes files into a staged directory. No reader sees it, so no file needs a temporary name.

    A build writes tens of thousands of files: paths are strings, and each directory is made and listed once.

    :param stage: the directory.
    :param live: the directory that it will replace. A file with the same bytes there is linked, and keeps its time.
    """

    def __init__(self, stage: Path, *, live: Path) -> None:
        self.stage, self.live = os.fspath(stage), os.fspath(live)
        self._made = {""}
        #: The mode of a new file.
        self.mode = usual_mode()
        self._listed: dict[str, frozenset[str]] = {}
        self._is_first = not os.path.isdir(live)  # noqa: PTH112 - as above
        #: Number of files that were written, not linked.
        self.written = 0

    def is_live(self, path: str) -> bool:
        """Whether the live directory has *path*."""
        if self._is_first:
            return False
        folder, _, name = path.rpartition("/")
        if folder not in self._listed:
            try:
                self._listed[folder] = frozenset(os.listdir(f"{self.live}/{folder}"))  # noqa: PTH208 - a string
            except OSError:
                self._listed[folder] = frozenset()
        return name in self._listed[folder]

    def put(self, path: str, data: bytes) -> None:
        """
        Make the file at *path*, relative and with slashes, hold *data*.

        :raises FolderError: the directory cannot be written, or the disk is full.
        """
        old = f"{self.live}/{path}"
        if self.is_live(path) and _holds(old, data, self.mode):
            self.link(old, path)
        else:
            self.write(path, data)

    def put_all(self, contents: Iterable[tuple[str, bytes]]) -> dict[str, str]:
        """Do `put` for each path and its data; return path → SHA-256."""
        found = {}
        for path, data in contents:
            self.put(path, data)
            found[path] = hashlib.sha256(data).hexdigest()
        return found

    def write(self, path: str, data: bytes) -> os.stat_result:
        """
        Write *data* to *path* without a look at the live directory; return the file's status.

        :raises FolderError: the directory cannot be written, or the disk is full.
        """
        new = f"{self.stage}/{path}"
        try:
            self._make(path.rpartition("/")[0])
            self.written += 1
            return _write_new(new, data)
        except OSError as error:
            files.raise_as_folder_error(error, Path(new))

    def link(self, source: str, path: str) -> None:
        """
        Make *path* a hard link of the regular file *source*, or a copy if the file system has no links.

        :raises FolderError: the directory cannot be written, or the disk is full.
        """
        try:
            self._make(path.rpartition("/")[0])
            files.link_or_copy(source, f"{self.stage}/{path}")
        except OSError as error:
            files.raise_as_folder_error(error, Path(self.stage, path))

    def link_directories(self, folders: Iterable[str]) -> list[str]:
        """
        Link all files of *folders* from the live directory; return the directories in which every file is a link, no copy.

        :raises FolderError: the directory cannot be written, or the disk is full.
        """
        found, link = [], files.link_or_copy
        for folder in folders:
            old, new = f"{self.live}/{folder}", f"{self.stage}/{folder}"
            try:
                self._make(folder)
                if all([link(f"{old}/{name}", f"{new}/{name}") for name in os.listdir(old)]):  # noqa: C419, PTH208 - no shortcut
                    found.append(folder)
            except OSError as error:
                files.raise_as_folder_error(error, Path(new))
        return found

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            try:
                os.mkdir(f"{self.stage}/{folder}")  # noqa: PTH102 - a string
            except FileExistsError:
                pass
            except OSError:
                # Most parents exist already.
                os.makedirs(f"{self.stage}/{folder}", exist_ok=True)  # noqa: PTH103 - a string
            self._made.add(folder)


def _write_new(path: str, data: bytes) -> os.stat_result:
    """Write a new file, in two thirds of the time that `open` takes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | files.BINARY, 0o666)
    try:
        while (written := os.write(descriptor, data)) < len(data):
            data = data[written:]
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def usual_mode() -> int:
    """Return the mode of a new file."""
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask


def _holds(path: str, data: bytes, mode: int) -> bool:
    """Whether *path* is a regular file with these bytes and this mode."""
    try:
        facts = os.lstat(path)
        if facts.st_size != len(data) or not stat.S_ISREG(facts.st_mode) or stat.S_IMODE(facts.st_mode) != mode:
            return False
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - a string
            return stream.read() == data
    except OSError:
        return False
