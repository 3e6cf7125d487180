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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypi_subset.distributions.wheel import read_metadata
from pypi_subset.errors import BadDistribution
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Mapping


#: The number of the form, and of the rules that a wheel is held to when it is read: what was of another is forgotten.
SCHEMA = 4
#: Nanoseconds. What changed so shortly ago may change again and bear the same time: clocks of file systems tick.
_TICK, _SLOW_TICK = 50_000_000, 2_000_000_000
#: Bytes; a wheel up to this size is read as a whole.
SMALL = 1 << 20
#: Bytes of METADATA that are held until they are written out; what is beyond is read twice.
ROOM = 64 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """
    What the last site had of one project.

    :param key: digest of all that its pages are made from, and of which files they are about.
    :param lines: how many lines of ``find-links.html`` are its own.
    :param pages: SHA-256 of each of its pages, in the order of `index.paths_of`.
    """

    key: str
    lines: int
    pages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """
    How the last site was left.

    :param program: what made it.
    :param inputs: digest of all that it was made from, the program included.
    :param folders: the digests of its `snapshot`.
    :param parts: by project.
    """

    program: str = ""
    inputs: str = ""
    folders: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)


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
        #: How the last site was left; whoever leaves another says so.
        self.site = self._site = Left()
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            document = json.loads(path.read_bytes())
            if document["schema"] == SCHEMA:
                known, site = _texts(document["known"]), _left(document["site"])
                self._before, self.site, self._site = known, site, site

    def recall(self, identity: str) -> str | None:
        """Return the SHA-256 of the file of that identity, ``None`` if it has to be read."""
        return self._known(identity)

    def sha256(self, path: Path, facts: os.stat_result | None = None) -> str:
        """
        Return the SHA-256 of the file at *path*.

        :param facts: what the system just said of it, if it was asked already.
        :raises FolderError: it cannot be read.
        """
        facts = facts or _facts(path)
        key = identity_of(facts)
        return self._known(key) or self._hashed(path, facts, key)

    def is_still(self, path: str, sha256: str, mode: int) -> bool:
        """Whether a regular file is at *path*, and has that SHA-256 and those permissions."""
        try:
            facts = os.lstat(path)
        except OSError:
            return False
        key = identity_of(facts)
        usual = stat.S_ISREG(facts.st_mode) and stat.S_IMODE(facts.st_mode) == mode
        return usual and (self._known(key) or self._hashed(Path(path), facts, key)) == sha256

    def wrote(self, key: str, sha256: str) -> None:
        """Remember a file of that identity, which this run has written where nobody else sees it yet."""
        self._here[key] = self._now[key] = sha256

    def recall_metadata(self, identity: str, filename: str) -> str | None:
        """Return the SHA-256 of METADATA in the wheel of that identity and name, ``None`` if it has to be read."""
        return self._known(_metadata_key(identity, filename))

    def metadata(self, path: Path, filename: str) -> str:
        """
        Return the SHA-256 of METADATA in the wheel at *path*.

        :raises BadDistribution: it is no wheel, damaged, or not what its name says.
        :raises FolderError: it cannot be read.
        """
        facts = _facts(path)
        key = _metadata_key(identity_of(facts), filename)
        return self._known(key) or self._noted(key, facts, read_metadata(path, filename))

    def metadata_bytes(self, path: Path, filename: str, identity: str = "") -> bytes:
        """
        Return METADATA itself.

        :param identity: that of the file, if it was looked at already.
        :raises BadDistribution: it is no wheel, damaged, or not what its name says.
        :raises FolderError: it cannot be read.
        """
        data = self._fresh.pop(_metadata_key(identity or self.identity(path), filename), None)
        if data is None:
            with files.folder_errors(path):
                return read_metadata(path, filename)
        self._room += len(data)
        return data

    def identity(self, path: Path) -> str:
        """
        Return by what the file at *path* is known again.

        :raises FolderError: it cannot be read.
        """
        return identity_of(_facts(path))

    def _hashed(self, path: Path, facts: os.stat_result, key: str) -> str:
        """The SHA-256 of a file that is read now; of a small wheel, METADATA is read at the same time."""
        name = path.name
        if facts.st_size > SMALL or not name.endswith(".whl"):
            return self._learn(key, facts, files.sha256_of(path))
        data = files.content_of(str(path), facts.st_size)
        # What is wrong with it, `metadata` will say: here nobody has asked.
        with contextlib.suppress(BadDistribution):
            self._noted(_metadata_key(key, name), facts, read_metadata(io.BytesIO(data), name))
        return self._learn(key, facts, hashlib.sha256(data).hexdigest())

    def _noted(self, key: str, facts: os.stat_result, data: bytes) -> str:
        """Keep METADATA that was read in this run: it will be written out in this run."""
        self._hold(key, data)
        return self._learn(key, facts, hashlib.sha256(data).hexdigest())

    def _hold(self, key: str, data: bytes) -> None:
        if self._room >= len(data):
            self._room -= len(data)
            self._fresh[key] = data

    def keep(self, *, forget: bool = True) -> None:
        """
        Write down what this run asked for.

        :param forget: forget the rest; a run that had nothing to do has not asked for most of what it would need.
        :raises FolderError: the folder cannot be written.
        """
        if not forget:
            if not self._here and self.site is self._site:
                return
            self._now = self._before | self._now
        if self.site is not self._site or self._now != self._before:
            site = {
                "program": self.site.program,
                "inputs": self.site.inputs,
                "folders": self.site.folders,
                "parts": {name: (one.key, one.lines, one.pages) for name, one in self.site.parts.items()},
            }
            document = {"schema": SCHEMA, "site": site, "known": self._now}
            files.write(self._path, json.dumps(document).encode())

    def _known(self, key: str) -> str | None:
        found = self._before.get(key)
        if found is None:
            return self._here.get(key)
        self._now[key] = found
        return found

    def _learn(self, key: str, facts: os.stat_result, value: str) -> str:
        self._here[key] = value
        modified = facts.st_mtime_ns
        tick = _TICK if modified % 1_000_000_000 else _SLOW_TICK
        if self._started - modified > tick:
            self._now[key] = value
        return value


def identity_of(facts: os.stat_result) -> str:
    """Return by what a file is known again."""
    return f"{facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"


def _left(document: Any) -> Left:
    """Return how a site was left, from JSON; whatever is no such thing raises."""
    parts = {
        str(name): Part(key=str(key), lines=int(lines), pages=tuple(map(str, pages)))
        for name, (key, lines, pages) in document["parts"].items()
    }
    program, inputs = str(document["program"]), str(document["inputs"])
    return Left(program=program, inputs=inputs, folders=_texts(document["folders"]), parts=parts)


def _texts(document: Any) -> dict[str, str]:
    """Return an object of JSON whose values are texts; whatever is no such thing raises."""
    if not all(type(value) is str for value in document.values()):
        raise TypeError
    return dict(document)


def _facts(path: Path) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116 - half the time
    except OSError as error:
        files.raise_as_folder_error(error, path)


def _metadata_key(key: str, filename: str) -> str:
    """What is read is a verdict about bytes and name: under another name the same bytes are another wheel."""
    return f"{key} METADATA {filename}"
