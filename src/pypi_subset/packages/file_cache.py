"""
Cache of file hashes, keyed by inode, size and mtime: the SHA-256 of each file, and of the METADATA in each wheel.

It is `FILE` in the packages directory, and may be deleted at any time. The ctime is no part of the key, since a new
hard link changes it. The proof does not use the cache: it reads every byte.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.distributions.metadata import requires_python_of
from pypi_subset.distributions.wheel import check_wheel, read_metadata
from pypi_subset.errors import BadDistribution, FolderError
from pypi_subset.model.documents import DAMAGED
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Name of the file, in the packages directory.
FILE = ".file-cache.json"
#: Version of the form and of the rules for wheels; a cache of another version is empty.
SCHEMA = 7
#: Nanoseconds. What changed so shortly ago may change again and bear the same time: clocks of file systems tick.
_TICK, _SLOW_TICK = 50_000_000, 2_000_000_000
#: Bytes; a wheel up to this size is read as a whole.
SMALL = 1 << 20
#: Bytes of METADATA that are held until they are written out; what is beyond is read twice.
ROOM = 64 << 20


class _Document(msgspec.Struct, frozen=True):
    """The file: *known* is hash by key."""

    schema: int
    known: dict[str, str]


class FileCache:
    """
    Cache of the hashes of files, and of METADATA in wheels, from one run to the next.

    :param path: the file that holds it; a missing or damaged one is an empty cache.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: dict[str, str] = {}
        self._now: dict[str, str] = {}
        # No other process changes a file during a run, so in the run itself everything counts.
        self._here: dict[str, str] = {}
        self._started = time.time_ns()
        self._fresh: dict[str, bytes] = {}
        self._room = ROOM
        with contextlib.suppress(OSError, *DAMAGED):
            document = msgspec.json.decode(files.read_input(path, bounds.LARGEST_CACHE), type=_Document)
            if document.schema == SCHEMA:
                self._before = document.known

    def recall(self, identity: str) -> str | None:
        """Return the SHA-256 of the file of that identity, ``None`` if it has to be read."""
        found = self._before.get(identity)
        if found is None:
            return self._here.get(identity)
        self._now[identity] = found
        return found

    def sha256(self, path: str | Path, facts: os.stat_result | None = None) -> str:
        """
        Return the SHA-256 of the file at *path*.

        :param facts: what the system just said of it, if it was asked already.
        :raises FolderError: it cannot be read.
        """
        facts = facts or status_of(path)
        key = identity_of(facts)
        return self.recall(key) or self._hashed(path, facts, key)

    def is_still(self, path: str, sha256: str, mode: int) -> bool:
        """Whether a regular file is at *path*, and has that SHA-256 and those permissions."""
        try:
            facts = os.lstat(path)
        except OSError:
            return False
        key = identity_of(facts)
        usual = stat.S_ISREG(facts.st_mode) and stat.S_IMODE(facts.st_mode) == mode
        return usual and (self.recall(key) or self._hashed(path, facts, key)) == sha256

    def wrote(self, key: str, sha256: str) -> None:
        """Remember a file of that identity, which this run has written where no other process sees it yet."""
        self._here[key] = self._now[key] = sha256

    def fetched(self, identity: str, filename: str, sha256: str) -> None:
        """Remember a file as `wrote` does, with what was read of its METADATA: the next run reads neither again."""
        self.wrote(identity, sha256)
        key = _metadata_key(identity, filename)
        if key in self._here:
            self._now[key] = self._here[key]

    def recall_metadata(self, identity: str, filename: str) -> str | None:
        """Return the SHA-256 of METADATA in the wheel of that identity and name, ``None`` if it has to be read."""
        return self.recall(_metadata_key(identity, filename))

    def metadata(self, path: Path, filename: str) -> str:
        """
        Return the SHA-256 of METADATA in the wheel at *path*.

        :raises BadDistribution: it is no wheel, damaged, or not what its name says.
        :raises FolderError: it cannot be read.
        """
        facts = status_of(path)
        key = _metadata_key(identity_of(facts), filename)
        return self.recall(key) or self._noted(key, facts, check_wheel(path, filename))

    def metadata_bytes(self, folder: Path, filename: str, identity: str) -> bytes:
        """
        Return METADATA of the wheel *filename* in *folder*.

        :param identity: that of the file.
        :raises BadDistribution: it is no wheel, damaged, or not what its name says.
        :raises FolderError: it cannot be read.
        """
        data = self._fresh.pop(_metadata_key(identity, filename), None)
        if data is None:
            with files.folder_errors(folder / filename):
                return read_metadata(folder / filename, filename)
        self._room += len(data)
        return data

    def wheel(self, path: str, filename: str, identity: str, facts: os.stat_result) -> tuple[str, str | None]:
        """
        Return the SHA-256 of METADATA in the wheel at *path*, and its Requires-Python, ``None`` without one.

        :param identity: that of the file.
        :param facts: its status.
        :raises BadDistribution: it is no wheel, damaged, or not what its name says.
        :raises FolderError: it cannot be read.
        """
        key = _metadata_key(identity, filename)
        sha256, found = self.recall(key), self.recall(f"{key} Requires-Python")
        if sha256 is None or found is None:
            data = self._fresh.get(key)
            if data is None or sha256 is None:
                data = check_wheel(Path(path), filename)
                sha256 = self._noted(key, facts, data)
            found = self._learn(f"{key} Requires-Python", facts, requires_python_of(data) or "")
        return sha256, found or None

    def _hashed(self, path: str | Path, facts: os.stat_result, key: str) -> str:
        """The SHA-256 of a file that is read now; of a small wheel, METADATA is read at the same time."""
        name = os.path.basename(path)  # noqa: PTH119 - a string
        if facts.st_size > SMALL or not name.endswith(".whl"):
            return self._learn(key, facts, files.sha256_of(Path(path)))
        data = _bytes_of(path, facts.st_size)
        # `metadata` will say what is wrong with it.
        with contextlib.suppress(BadDistribution):
            self._noted(_metadata_key(key, name), facts, check_wheel(io.BytesIO(data), name))
        return self._learn(key, facts, hashlib.sha256(data).hexdigest())

    def _noted(self, key: str, facts: os.stat_result, data: bytes) -> str:
        """Keep METADATA that was read in this run: it will be written out in this run."""
        if self._room >= len(data):
            self._room -= len(data)
            self._fresh[key] = data
        return self._learn(key, facts, hashlib.sha256(data).hexdigest())

    def save(self, *, forget: bool = True) -> None:
        """
        Write what this run used and learned.

        :param forget: drop the rest; a run with nothing to do has not asked for most of what the next one needs.
        :raises FolderError: the directory cannot be written.
        """
        if not forget:
            self._now = self._before | self._now
        if self._now != self._before:
            files.write(self._path, msgspec.json.encode(_Document(schema=SCHEMA, known=self._now)))

    def _learn(self, key: str, facts: os.stat_result, value: str) -> str:
        self._here[key] = value
        modified = facts.st_mtime_ns
        tick = _TICK if modified % 1_000_000_000 else _SLOW_TICK
        if self._started - modified > tick:
            self._now[key] = value
        return value


@contextlib.contextmanager
def remembered(folder: Path | None) -> Iterator[FileCache | None]:
    """
    Yield the cache in the packages directory *folder*, and save what was learned; ``None`` if there is no such directory.

    It serves commands that write nothing else there: a directory that cannot be written is no error.
    """
    if folder is None or not folder.is_dir():
        yield None
        return
    cache = FileCache(folder / FILE)
    yield cache
    with contextlib.suppress(FolderError):
        cache.save(forget=False)


def identity_of(facts: os.stat_result) -> str:
    """Return by what a file is known again."""
    return f"{facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"


def status_of(path: str | Path) -> os.stat_result:
    """
    Return the status of the file at *path*.

    :raises FolderError: it cannot be read.
    """
    try:
        return os.stat(path)  # noqa: PTH116 - half the time
    except OSError as error:
        files.raise_as_folder_error(error, Path(path))


def _bytes_of(path: str | Path, size: int) -> bytes:
    """Return the bytes of a file of about *size* bytes, in half the time that `open` takes."""
    try:
        descriptor = os.open(path, os.O_RDONLY | files.BINARY)
        try:
            return b"".join(iter(lambda: os.read(descriptor, size + 1), b""))
        finally:
            os.close(descriptor)
    except OSError as error:
        files.raise_as_folder_error(error, Path(path))


def _metadata_key(key: str, filename: str) -> str:
    """What is read is a verdict about bytes and name: under another name the same bytes are another wheel."""
    return f"{key} METADATA {filename}"
