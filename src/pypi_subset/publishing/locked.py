"""
The files that locks name, remembered in ``packages/.locked.json`` by the SHA-256 of each lock.

A lock of a thousand pins takes 0.1 s to read. publish and bundle need no more of it than this, if no rule of the policy
judges it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from pypi_subset.errors import FolderError, LockError
from pypi_subset.locks import lockfile
from pypi_subset.locks.gone.look import files_of
from pypi_subset.model.documents import DAMAGED
from pypi_subset.model.intake.gone import keys_of
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset

#: Its name.
FILE = ".locked.json"
#: Another number here, and what was remembered before counts no more.
_FORM = 1


class Named(Struct, frozen=True, array_like=True, gc=False):
    """
    A file that a lock names, those that builds required among them.

    :param sha256: empty in locks that state none.
    :param is_remote: whether it, or what it was built from, comes from a web server.
    """

    filename: str
    sha256: str
    is_remote: bool
    project: str
    version: str
    target: str


class _Memory(Struct, frozen=True):
    """
    What was read.

    :param locks: SHA-256 of a lock → the files that it names.
    """

    form: int = _FORM
    locks: dict[str, tuple[Named, ...]] = {}


def named_in(locks: Iterable[Lock]) -> tuple[Named, ...]:
    """Return the files that *locks* name."""
    return tuple(
        Named(
            *keys_of(one)[0],
            bool(one.built.url if one.built else one.url),
            one.project,
            str(one.version),
            lock.target_name,
        )
        for lock in locks
        for one in files_of(lock)
    )


def named_by(subset: Subset, folder: Path, packages: Path) -> tuple[Named, ...]:
    """
    Return the files that the locks of *subset* in *folder* name; a lock that cannot be read names none.

    :param packages: the directory that remembers what was read.
    """
    before = _read(packages / FILE)
    now: dict[str, tuple[Named, ...]] = {}
    for job in subset.jobs:
        path = lockfile.path_of(folder, job.name)
        if not path.is_file():
            continue
        with contextlib.suppress(LockError, FolderError):
            digest = files.sha256_of(path)
            now[digest] = before.locks[digest] if digest in before.locks else named_in([lockfile.read(path)])
    if now.keys() - before.locks.keys() and packages.is_dir():
        # A directory that cannot be written is no error: the next run reads the locks again.
        with contextlib.suppress(FolderError):
            files.write(packages / FILE, msgspec.json.encode(_Memory(locks=now)))
    return tuple(one for named in now.values() for one in named)


def _read(path: Path) -> _Memory:
    """Return what was remembered, nothing if the file is missing, damaged or of another form."""
    with contextlib.suppress(OSError, *DAMAGED):
        found = msgspec.json.decode(files.read_input(path, bounds.LARGEST_CACHE), type=_Memory)
        if found.form == _FORM:
            return found
    return _Memory()
