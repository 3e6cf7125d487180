"""What becomes of the files and packages of a lock: kept, left out, replaced by wheels, or refused."""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pypi_subset.errors import Fault, HashMismatch, InputFaults
from pypi_subset.model.distributions import digest
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.manifest import File
    from pypi_subset.relocking.holdings import Holdings

_SHA256 = "sha256"
#: Where a release of an index is not from, and how the user gets one that is.
_STEP = "lock a release from an index instead"
_SECRET = re.compile(r"//[^/@]*@")


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """
    A release in a lock.

    :param name: normalized.
    :param version: normalized.
    :param line: the line at which it begins.
    :param files: what the site has of it, by the hashes of the lock.
    """

    name: str
    version: str
    line: int
    files: tuple[File, ...]


@dataclass(kw_only=True)
class Entries:
    """
    The entries of one lock, as they are decided one after the other.

    :param path: of the lock.
    :param kept: the number of files that the site has.
    :param dropped: the number of files that it does not have.
    :param built: the number of wheels that replace an sdist.
    :param folders: directories of projects that are built from their source, relative to the lock.
    """

    path: Path
    holdings: Holdings
    kept: int = 0
    dropped: int = 0
    built: int = 0
    packages: list[Package] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    _faults: list[Fault] = field(default_factory=list)
    _differing: list[str] = field(default_factory=list)

    def files(self, filename: str, sha256: str | None, line: int) -> tuple[File, ...]:
        """
        Return what the site has in place of a file of the lock, and count it.

        :param sha256: hexadecimal, ``""`` if the lock states no hash, ``None`` if it states other hashes alone.
        """
        if sha256 is None:
            self.refuse(f"{filename} has no sha256 in the lock", line, "lock it from an index that states sha256")
            return ()
        try:
            found = self.holdings.held(filename, sha256)
        except HashMismatch as error:
            self._differing.append(f"{self.path}:{line}: {error.what}")
            return ()
        same = sum(one.filename == filename for one in found)
        self.kept += same
        self.built += len(found) - same
        self.dropped += not found
        return found

    def refuse(self, what: str, line: int | None, next_step: str = _STEP) -> None:
        """Remember that the lock cannot name a site: *what* is wrong at *line*."""
        self._faults.append(Fault(what=what, path=self.path, line=line, next_step=next_step))

    def refuse_origin(self, name: str, kind: str, origin: str, line: int) -> None:
        """Remember that *name* is from git, a URL or a path: no index has it."""
        shown = printable(_SECRET.sub("//", origin))
        self.refuse(f"{name} comes from {kind} ({shown}), which no index has", line)

    def is_inside(self, path: str) -> bool:
        """Return whether *path*, which the lock states, is inside the directory of the lock: it moves with the project."""
        root = os.path.abspath(self.path.parent)  # noqa: PTH100 - a link inside the project moves with it
        place = os.path.normpath(os.path.join(root, path))  # noqa: PTH118 - as uv and pip join it
        return (
            os.path.commonpath([root, place]) == root
            if os.path.splitdrive(root)[0] == os.path.splitdrive(place)[0]
            else False
        )

    def require_all(self) -> None:
        """
        Return if nothing was refused and all hashes agree.

        :raises InputFaults: packages are from elsewhere than an index, or files have no hash that is known.
        :raises HashMismatch: the site has other bytes than the lock names.
        """
        if self._faults:
            raise InputFaults(self._faults)
        if self._differing:
            count = len(self._differing)
            msg = (
                f"{count} file{'s' * (count != 1)} of the lock ha{'ve' if count != 1 else 's'} other bytes in the site"
            )
            step = f"find out which bytes are right; {self.holdings.origin} is the manifest of the site"
            error = HashMismatch(msg, path=self.path, next_step=step)
            error.details = tuple(self._differing)
            raise error


def filename_of(entry: dict[str, Any]) -> str:
    """Return the file name of an entry of a lock, by its name, its URL or its path; ``""`` if it has none of them."""
    for key in ("filename", "name"):
        if isinstance(entry.get(key), str):
            return str(entry[key])
    if isinstance(entry.get("url"), str):
        return posixpath.basename(unquote(urlsplit(str(entry["url"])).path))
    return posixpath.basename(str(entry.get("path", "")).replace("\\", "/"))


def sha256_in(text: object) -> str | None:
    """Return the SHA-256 in ``sha256:…``, ``""`` for no hash, ``None`` for another one or what is none."""
    if text is None:
        return ""
    name, _, value = str(text).partition(":")
    try:
        return digest(value) if name.lower() == _SHA256 else None
    except ValueError:
        return None
