"""
The files that locks name, remembered in ``packages/.locked.json`` by the SHA-256 of each lock and of each package in it.

A lock of a thousand pins takes 0.1 s to read. publish and bundle need no more of it than this, if no rule of the policy
judges it. After an update most packages of a lock are as before: the new ones alone are read.
"""

from __future__ import annotations

import contextlib
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from pypi_subset.errors import FolderError, LockError
from pypi_subset.locks import lockfile
from pypi_subset.locks.gone.look import files_of, with_pins
from pypi_subset.model.documents import DAMAGED
from pypi_subset.model.intake.gone import keys_of
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset

#: Its name.
FILE = ".locked.json"
#: Another number here, and what was remembered before counts no more.
_FORM = 2
#: The first line of each package of a lock, and of the table behind the last one. This tool writes no string of several lines.
_PACKAGE, _REST = b"\n[[packages]]\n", b"\n[tool.pypi-subset]\n"


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


class _Part(Struct, frozen=True, array_like=True, gc=False):
    """
    A package of a lock.

    :param sha256: of its text; empty for all packages together, of a lock whose text does not show where each begins.
    """

    sha256: str
    named: tuple[Named, ...]


class _Memory(Struct, frozen=True, dict=True):
    """
    What was read.

    :param locks: SHA-256 of a lock → its packages.
    """

    form: int = _FORM
    locks: dict[str, tuple[_Part, ...]] = {}

    @cached_property
    def parts(self) -> dict[tuple[str, str], _Part]:
        """SHA-256 of a package and its target → the package."""
        return {
            (part.sha256, part.named[0].target): part for parts in self.locks.values() for part in parts if part.named
        }


def named_in(locks: Iterable[Lock]) -> tuple[Named, ...]:
    """Return the files that *locks* name."""
    return tuple(_named(one, lock) for lock in locks for one in files_of(lock))


def _named(one: Distribution, lock: Lock) -> Named:
    is_remote = bool(one.built.url if one.built else one.url)
    return Named(*keys_of(one)[0], is_remote, one.project, str(one.version), lock.target_name)


def named_by(subset: Subset, folder: Path, packages: Path) -> tuple[Named, ...]:
    """
    Return the files that the locks of *subset* in *folder* name; a lock that cannot be read names none.

    :param packages: the directory that remembers what was read.
    """
    before = _read(packages / FILE)
    now: dict[str, tuple[_Part, ...]] = {}
    for job in subset.jobs:
        path = lockfile.path_of(folder, job.name)
        if not path.is_file():
            continue
        with contextlib.suppress(LockError, FolderError):
            digest = files.sha256_of(path)
            now[digest] = before.locks[digest] if digest in before.locks else _parts_of(path, job.target.name, before)
    if now.keys() - before.locks.keys() and packages.is_dir():
        # A directory that cannot be written is no error: the next run reads the locks again.
        with contextlib.suppress(FolderError):
            files.write(packages / FILE, msgspec.json.encode(_Memory(locks=now)))
    return tuple(one for parts in now.values() for part in parts for one in part.named)


def _parts_of(path: Path, target: str, before: _Memory) -> tuple[_Part, ...]:
    """
    Return the packages of the lock at *path*; those that *before* has for *target* are not read.

    :raises LockError: it is damaged.
    :raises FolderError: it cannot be read.
    """
    with files.folder_errors(path):
        data = files.read_input(path)
    head, *texts = data.split(_PACKAGE)
    if not texts:
        return (_Part("", named_in([lockfile.decode(data, path)])),)
    texts[-1], rest, tail = texts[-1].partition(_REST)
    digests = [hashlib.sha256(text).hexdigest() for text in texts]
    known = before.parts
    # One is read in any case: a lock without packages has another form.
    fresh = [place for place, digest in enumerate(digests) if (digest, target) not in known] or [0]
    # The tables of the lock itself count too.
    lock = lockfile.decode(b"".join([head, *(_PACKAGE + texts[place] for place in fresh), rest, tail]), path)
    if lock.target_name != target or len(lock.pins) != len(fresh):
        return (_Part("", named_in([lockfile.decode(data, path)])),)
    by_pin: dict[int, list[Named]] = {id(pin): [] for pin in lock.pins}
    for one, pin in with_pins(lock):
        by_pin[id(pin)].append(_named(one, lock))
    new = {place: _Part(digests[place], tuple(by_pin[id(pin)])) for place, pin in zip(fresh, lock.pins, strict=True)}
    return tuple(new[place] if place in new else known[digest, target] for place, digest in enumerate(digests))


def _read(path: Path) -> _Memory:
    """Return what was remembered, nothing if the file is missing, damaged or of another form."""
    with contextlib.suppress(OSError, *DAMAGED):
        found = msgspec.json.decode(files.read_input(path, bounds.LARGEST_CACHE), type=_Memory)
        if found.form == _FORM:
            return found
    return _Memory()
