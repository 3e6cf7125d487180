"""
``hashes.txt`` beside the locks: name and SHA-256 of every file that was ever locked here.

A file of an index never changes under its name. Locks forget what an update removes; this file does not. Each line is one of
``sha256sum``, so that ``sha256sum -c`` in the packages directory reads it too; it is meant to be committed.
"""

from __future__ import annotations

import difflib
import logging
import os
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import HashMismatch, LockError
from pypi_subset.model.distributions import digest
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pypi_subset.model.locks import Lock

logger = logging.getLogger(__name__)

#: Name of the file, in the directory of the locks. No lock of PEP 751 is called so.
FILE = "hashes.txt"
_HEAD = "# Files that were locked here, once and for all. To accept another file: pypi-subset update --forget NAME\n"


def read(folder: Path) -> dict[str, str]:
    """
    Return file name → SHA-256 of all that was ever locked in *folder*; nothing if there is no such file yet.

    :raises LockError: the file is damaged.
    """
    path = folder / FILE
    if not os.path.lexists(path):
        return {}
    with files.folder_errors(path):
        data = files.read_input(path)
    known: dict[str, str] = {}
    number = 0
    try:
        for number, line in enumerate(data.decode().splitlines(), start=1):  # noqa: B007 - the error names it
            if not line.startswith("#"):
                sha256, name = line.split("  ")
                filenames.parse(name)
                if known.setdefault(name, digest(sha256)) != digest(sha256):
                    raise ValueError(name)  # noqa: TRY301 - one message for all damage
    except (ValueError, *filenames.INVALID) as error:
        # Not the line itself: the list may be a link to a foreign file.
        msg = "the list of locked files is damaged: this is no line of a hash and a name, or its file has another hash above"
        step = "restore it from version control"
        raise LockError(msg, path=path, line=number or None, next_step=step) from error
    return known


def write(folder: Path, known: Mapping[str, str]) -> None:
    """
    Write *known* to *folder*, sorted by name; what is there already is not written again.

    :raises FolderError: the directory cannot be written.
    """
    path = folder / FILE
    data = "".join([_HEAD, *(f"{sha256}  {name}\n" for name, sha256 in sorted(known.items()))]).encode()
    with files.folder_errors(folder):
        if path.is_file() and path.read_bytes() == data:
            return
        folder.mkdir(parents=True, exist_ok=True)
    files.write(path, data)
    logger.info("%s: written", path)


def named(locks: Iterable[Lock]) -> dict[str, str]:
    """
    Return file name → SHA-256 of all that *locks* name; the first one counts.

    What builds required is part of it, and so is the sdist of each wheel that was built.
    """
    found: dict[str, str] = {}
    for lock in locks:
        for one in (*lock.distributions, *(file for file, _ in lock.built_with)):
            found.setdefault(one.filename, one.sha256 or "")
            if one.built is not None:
                found.setdefault(one.built.filename, one.built.sha256)
    return found


def unnamed(locks: Iterable[Lock], forget: Iterable[str] = ()) -> dict[tuple[str, str], frozenset[str]]:
    """
    Return (project, version) → SHA-256 of build requirements, for *locks* that state no file names of them.

    Locks of built wheels did not always state them.

    :param forget: names of files; the releases that they are of are left out.
    """
    left_out = {release_of(name) for name in forget}
    found: dict[tuple[str, str], frozenset[str]] = {}
    for one in (each.built for lock in locks for each in lock.distributions if each.built):
        for project, version, sha256 in one.requires if not one.files else ():
            if (project, version) not in left_out:
                found[project, version] = found.get((project, version), frozenset()) | {sha256}
    return found


def release_of(filename: str) -> tuple[str, str] | None:
    """Return the project and the version that a file name states, ``None`` if it is no name of a distribution."""
    try:
        project, version, _ = filenames.parse(filename)
    except filenames.INVALID:
        return None
    return str(project), str(version)


def require_same(known: Mapping[str, str], now: Mapping[str, str]) -> None:
    """
    Return if every file of *now* has the hash that it has in *known*, or is new.

    :raises HashMismatch: one has another; it names both hashes.
    """
    # Windows and macOS take names that differ in case for one file.
    spelt = {name.lower(): name for name in known}
    for name, sha256 in sorted(now.items()):
        then = name if name in known else spelt.get(name.lower(), name)
        if known.get(then, sha256) != sha256:
            called = f" as {then}" if then != name else ""
            msg = f"{name} has other bytes than when it was locked{called}: sha256 {sha256} now, {known[then]} then"
            step = f"find out who changed it; if you trust the new file, run `pypi-subset update --forget {then}`"
            raise HashMismatch(msg, project=filenames.parse(name)[0], next_step=step)


def without(known: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """
    Return *known* without the files *names*.

    :raises LockError: one of them was never locked.
    """
    left = dict(known)
    for name in names:
        if left.pop(name, None) is None:
            near = difflib.get_close_matches(name, known, n=1)
            msg = f"no file {name!r} was locked here"
            raise LockError(msg, next_step=f"did you mean {near[0]!r}?" if near else "see requirements/lock/hashes.txt")
    return left
