"""
What was read from files that have not changed since: their SHA-256, and that of the METADATA in a wheel.

It lies in ``packages/.memory.json`` and may be deleted at any time. A file is known again by its inode, its size and its
time of modification in nanoseconds; not by the time of its last change, which making a link moves. The proof does not
use it: proving reads every byte.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from typing import TYPE_CHECKING

from pypi_subset import files
from pypi_subset.wheelfile import read_metadata

if TYPE_CHECKING:
    from pathlib import Path

#: The number of the form, and of the rules that a wheel is held to when it is read: what was of another is forgotten.
SCHEMA = 1
#: Nanoseconds. What changed so shortly ago may change again and bear the same time: clocks of file systems tick.
_TICK, _SLOW_TICK = 50_000_000, 2_000_000_000


class Memory:
    """
    Remembers from one run to the next.

    :param path: the file; none there, or a damaged one, is nothing remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: dict[str, str] = {}
        self._now: dict[str, str] = {}
        #: Digests of what the last site was made from, and of how it was left.
        self.site: tuple[str, str] = ("", "")
        self._site = self.site
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            document = json.loads(path.read_bytes())
            if document["schema"] == SCHEMA:
                self._before = document["known"]
                one, other = document["site"]
                self.site = self._site = (one, other)

    def sha256(self, path: Path) -> str:
        """
        Return the SHA-256 of the file at *path*.

        :raises FolderError: it cannot be read.
        """
        key = self._key(path)
        found = self._known(key)
        return found or self._learn(key, files.sha256_of(path))

    def metadata(self, path: Path, filename: str) -> tuple[str, bytes | None]:
        """
        Return the SHA-256 of METADATA in the wheel at *path*, and METADATA itself if it had to be read.

        :raises BadDistribution: it is no wheel, or damaged.
        :raises FolderError: it cannot be read.
        """
        key = f"{self._key(path)} METADATA"
        found = self._known(key)
        if found:
            return found, None
        with files.folder_errors(path):
            data = read_metadata(path, filename)
        return self._learn(key, hashlib.sha256(data).hexdigest()), data

    def keep(self) -> None:
        """
        Write down what this run asked for; the rest is forgotten.

        :raises FolderError: the folder cannot be written.
        """
        if (self._now, self.site) != (self._before, self._site):
            document = {"schema": SCHEMA, "site": self.site, "known": self._now}
            files.write(self._path, json.dumps(document).encode())

    def _known(self, key: str) -> str | None:
        found = self._before.get(key)
        if found:
            self._now[key] = found
        return found

    def _learn(self, key: str, value: str) -> str:
        modified = int(key.split()[2])
        tick = _TICK if modified % 1_000_000_000 else _SLOW_TICK
        if time.time_ns() - modified > tick:
            self._now[key] = value
        return value

    def _key(self, path: Path) -> str:
        with files.folder_errors(path):
            facts = path.stat()
        return f"{facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"
