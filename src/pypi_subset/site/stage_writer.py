"""A folder that nobody sees yet is filled, as fast as the file system lets it be; what it replaces lends its files."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable


class Filling:
    """
    Fills a folder that nobody sees yet, so that no file needs another name while it is being written.

    It handles tens of thousands of files in a run, so paths are strings here and no folder is made twice.

    :param stage: the folder.
    :param before: what it will replace: a file that has the same bytes there is linked, and so keeps its time.
    """

    def __init__(self, stage: Path, *, before: Path) -> None:
        self.stage, self.before = os.fspath(stage), os.fspath(before)
        self._made = {""}
        #: The permissions of a file that is made now.
        self.mode = usual_mode()
        self._old: dict[str, frozenset[str]] = {}
        #: How many files were written, and are not links.
        self.made = 0

    def replaces(self, path: str) -> bool:
        """Whether something is called *path* in the folder that will be replaced."""
        folder, _, name = path.rpartition("/")
        if folder not in self._old:
            try:
                self._old[folder] = frozenset(os.listdir(f"{self.before}/{folder}"))  # noqa: PTH208 - a string
            except OSError:
                self._old[folder] = frozenset()
        return name in self._old[folder]

    def put(self, path: str, data: bytes) -> None:
        """
        Make the file at *path*, relative and with slashes, hold *data*.

        :raises FolderError: the folder cannot be written, or the disk is full.
        """
        old = f"{self.before}/{path}"
        if self.replaces(path) and _holds(old, data, self.mode):
            self.take(old, path)
        else:
            self.make(path, data)

    def make(self, path: str, data: bytes) -> os.stat_result:
        """
        Write *data* to *path*, whatever is there in the folder that will be replaced; return what the system knows of it.

        :raises FolderError: the folder cannot be written, or the disk is full.
        """
        new = f"{self.stage}/{path}"
        try:
            self._make(path.rpartition("/")[0])
            self.made += 1
            return _write_new(new, data)
        except OSError as error:
            files.raise_as_folder_error(error, Path(new))

    def take(self, source: str, path: str) -> None:
        """
        Make the file at *path* a link of *source*, a regular file, or a copy where there are no links.

        :raises FolderError: the folder cannot be written, or the disk is full.
        """
        try:
            self._make(path.rpartition("/")[0])
            files.link_or_copy(source, f"{self.stage}/{path}")
        except OSError as error:
            files.raise_as_folder_error(error, Path(self.stage, path))

    def twin(self, folders: Iterable[str]) -> list[str]:
        """
        Link all files of *folders* from the folder that will be replaced; return those in which all are links, no copies.

        :raises FolderError: the folder cannot be written, or the disk is full.
        """
        found, link = [], files.link_or_copy
        for folder in folders:
            old, new = f"{self.before}/{folder}", f"{self.stage}/{folder}"
            try:
                self._make(folder)
                if all([link(f"{old}/{name}", f"{new}/{name}") for name in os.listdir(old)]):  # noqa: C419, PTH208 - all of them
                    found.append(folder)
            except OSError as error:
                files.raise_as_folder_error(error, Path(new))
        return found

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            try:
                os.mkdir(f"{self.stage}/{folder}")  # noqa: PTH102 - a string
            except OSError:
                # Nearly all are made in one that is there, and were not there themselves.
                os.makedirs(f"{self.stage}/{folder}", exist_ok=True)  # noqa: PTH103 - a string
            self._made.add(folder)


def _write_new(path: str, data: bytes) -> os.stat_result:
    """Write a file that is not there yet, in two thirds of the time that `open` takes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | files.BINARY, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def usual_mode() -> int:
    """Return the permissions of a file that is made now."""
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask


def _holds(path: str, data: bytes, mode: int) -> bool:
    """Whether a regular file is there, has just these bytes, and may be read by whoever may read a new one."""
    try:
        facts = os.lstat(path)
        if facts.st_size != len(data) or not stat.S_ISREG(facts.st_mode) or stat.S_IMODE(facts.st_mode) != mode:
            return False
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - a string
            return stream.read() == data
    except OSError:
        return False
