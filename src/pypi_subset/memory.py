"""
What was read from files that have not changed since: their SHA-256, and that of the METADATA in a wheel.

It lies in ``packages/.memory.json`` and may be deleted at any time. A file is known again by its inode, its size and its
time of modification in nanoseconds; not by the time of its last change, which making a link moves. The proof does not
use it: proving reads every byte.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import stat
import time
from pathlib import Path

from pypi_subset import files
from pypi_subset.errors import BadDistribution
from pypi_subset.wheelfile import read_metadata

#: The number of the form, and of the rules that a wheel is held to when it is read: what was of another is forgotten.
SCHEMA = 2
#: Nanoseconds. What changed so shortly ago may change again and bear the same time: clocks of file systems tick.
_TICK, _SLOW_TICK = 50_000_000, 2_000_000_000
#: Bytes; a wheel up to this size is read as a whole.
SMALL = 1 << 20
#: Bytes of METADATA that are held until they are written out; what is beyond is read twice.
ROOM = 64 << 20


class Memory:
    """
    Remembers from one run to the next.

    :param path: the file; none there, or a damaged one, is nothing remembered.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: dict[str, str] = {}
        self._now: dict[str, str] = {}
        # Nobody else changes a file during a run, so in the run itself everything counts.
        self._here: dict[str, str] = {}
        self._started = time.time_ns()
        self._fresh: dict[str, bytes] = {}
        self._room = ROOM
        #: Digests of what the last site was made from, and of how it was left.
        self.site: tuple[str, str] = ("", "")
        self._site = self.site
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            document = json.loads(path.read_bytes())
            one, other = document["site"]
            known = {str(key): str(value) for key, value in document["known"].items()}
            if document["schema"] == SCHEMA:
                self._before, self.site, self._site = known, (one, other), (one, other)

    def sha256(self, path: Path) -> str:
        """
        Return the SHA-256 of the file at *path*.

        :raises FolderError: it cannot be read.
        """
        facts = _facts(path)
        return self._known(_key(facts)) or self._hashed(path, facts)

    def is_still(self, path: str, sha256: str) -> bool:
        """Whether a regular file is at *path*, and has that SHA-256."""
        try:
            facts = os.lstat(path)
        except OSError:
            return False
        return stat.S_ISREG(facts.st_mode) and (self._known(_key(facts)) or self._hashed(Path(path), facts)) == sha256

    def wrote(self, path: str, sha256: str) -> None:
        """Remember a file that this run has written where nobody else sees it yet."""
        key = _key(os.lstat(path))
        self._here[key] = self._now[key] = sha256

    def metadata(self, path: Path, filename: str) -> str:
        """
        Return the SHA-256 of METADATA in the wheel at *path*.

        :raises BadDistribution: it is no wheel, damaged, or not what its name says.
        :raises FolderError: it cannot be read.
        """
        key = _metadata_key(_facts(path), filename)
        return self._known(key) or self._noted(key, read_metadata(path, filename))

    def metadata_bytes(self, path: Path, filename: str) -> bytes:
        """
        Return METADATA itself.

        :raises BadDistribution: it is no wheel, damaged, or not what its name says.
        :raises FolderError: it cannot be read.
        """
        data = self._fresh.pop(_metadata_key(_facts(path), filename), None)
        if data is None:
            with files.folder_errors(path):
                return read_metadata(path, filename)
        self._room += len(data)
        return data

    def _hashed(self, path: Path, facts: os.stat_result) -> str:
        """The SHA-256 of a file that is read now; of a small wheel, METADATA is read at the same time."""
        key = _key(facts)
        if facts.st_size > SMALL or not path.name.endswith(".whl"):
            return self._learn(key, files.sha256_of(path))
        data = files.content_of(path)
        # What is wrong with it, `metadata` will say: here nobody has asked.
        with contextlib.suppress(BadDistribution):
            self._noted(_metadata_key(facts, path.name), read_metadata(io.BytesIO(data), path.name))
        return self._learn(key, hashlib.sha256(data).hexdigest())

    def _noted(self, key: str, data: bytes) -> str:
        """Keep METADATA that was read in this run: it will be written out in this run."""
        if self._room >= len(data):
            self._room -= len(data)
            self._fresh[key] = data
        return self._learn(key, hashlib.sha256(data).hexdigest())

    def keep(self, *, forget: bool = True) -> None:
        """
        Write down what this run asked for.

        :param forget: forget the rest; a run that had nothing to do has not asked for most of what it would need.
        :raises FolderError: the folder cannot be written.
        """
        if not forget:
            self._now = self._before | self._now
        if (self._now, self.site) != (self._before, self._site):
            document = {"schema": SCHEMA, "site": self.site, "known": self._now}
            files.write(self._path, json.dumps(document).encode())

    def _known(self, key: str) -> str | None:
        found = self._here.get(key) or self._before.get(key)
        if found and key in self._before:
            self._now[key] = found
        return found

    def _learn(self, key: str, value: str) -> str:
        self._here[key] = value
        modified = int(key.split()[2])
        tick = _TICK if modified % 1_000_000_000 else _SLOW_TICK
        if self._started - modified > tick:
            self._now[key] = value
        return value


def _facts(path: Path) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116 - half the time
    except OSError as error:
        files.raise_as_folder_error(error, path)


def _metadata_key(facts: os.stat_result, filename: str) -> str:
    """What is read is a verdict about bytes and name: under another name the same bytes are another wheel."""
    return f"{_key(facts)} METADATA {filename}"


def _key(facts: os.stat_result) -> str:
    return f"{facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"
