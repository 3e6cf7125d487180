"""
The directory of a bundle: its files are written aside, synced and read back before any of them gets its name.

``bundle.json`` loses its name first and gets it last. A run that dies leaves the old bundle whole, no bundle, or the new
one whole; the next run removes what it left.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from typing import IO, TYPE_CHECKING

from pypi_subset.bundle.document import BUNDLE, IMPORTER, PARITY, REVIEW_PAGE, REVIEW_TEXT, SIGNATURE, Bundle
from pypi_subset.errors import DiskError, FolderError
from pypi_subset.model import documents
from pypi_subset.support import bounds, files, staging
from pypi_subset.support.machine import holding
from pypi_subset.support.machine.sizes import readable_size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

#: Where files are written first: on the medium, so that a rename is enough later.
STAGE = ".pypi-subset-bundle.stage"
#: The old ``bundle.json`` while the names of the files are exchanged, empty without one.
_OLD = "replaced.json"
_OURS = re.compile(r"volume-[0-9]{3}\.zip")
_TOP = frozenset({BUNDLE, SIGNATURE, IMPORTER, REVIEW_PAGE, REVIEW_TEXT, PARITY})
_CHUNK = 1 << 20
#: A larger file than FAT32 can hold.
_FAT32 = (1 << 32) - 1


class Sink:
    """
    A file that is written once; it knows its own size and hash.

    :param stream: the open file.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._digest = stream, hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append *data*."""
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written."""
        return self._digest.hexdigest()


@contextlib.contextmanager
def staged(to: Path) -> Iterator[Path]:
    """
    Yield the empty directory on the medium that a bundle is written to; it is gone afterwards.

    :param to: the directory of the bundle, made if it is missing.
    :raises FolderError: it holds files of these names that are of no bundle, a link, or another run writes one there.
    """
    stage, is_held = to / STAGE, False
    with files.folder_errors(to):
        to.mkdir(parents=True, exist_ok=True)
    _require_no_link(stage)
    try:
        with files.known_as(stage, to), holding.exclusive(stage):
            is_held = True
            _require_ours(to, stage)
            _finish_names(to, stage)
            _empty(stage)
            yield stage
    finally:
        # While names are exchanged, the stage says which files are ours: the next run needs it.
        if is_held and not (stage / _OLD).exists():
            with contextlib.suppress(OSError):
                staging.remove_tree(stage)


def _require_no_link(stage: Path) -> None:
    """Raise if *stage* is a symbolic link: what it leads to would be emptied."""
    if stage.is_symlink():
        msg = "this is a symbolic link, which no bundle has"
        raise FolderError(msg, path=stage, next_step="remove it, or name another directory")


def _empty(stage: Path) -> None:
    """Remove what another run left in *stage*, but the lock."""
    with files.folder_errors(stage):
        for path in stage.iterdir():
            if path.name != holding.RUNNING:
                staging.remove_tree(path)


def _require_ours(to: Path, stage: Path) -> None:
    """Return if no file of *to* has the name of a bundle's file without being one."""
    with files.folder_errors(to):
        there = [name for name in sorted(path.name for path in to.iterdir()) if _may_be_ours(name)]
    own = _own(to, stage)
    for name in there:
        if name not in own or not (to / name).is_file() or (to / name).is_symlink():
            msg = "this is no file of a bundle that pypi-subset wrote there, and it is not overwritten"
            raise FolderError(msg, path=to / name, next_step="move it away, or name another directory")


def _own(to: Path, stage: Path) -> set[str]:
    """Return the names of all files of bundles that stand in *to*, or stood there when a run died."""
    found = set[str]()
    places = [to / BUNDLE, *([stage / _OLD, stage / BUNDLE] if (stage / _OLD).exists() else [])]
    for path in places:
        if (bundle := _bundle_at(path)) is not None:
            # A document on a medium may name any file of this machine.
            found |= {name for name in (BUNDLE, SIGNATURE, *bundle.files) if _may_be_ours(name)}
    return found


def _may_be_ours(name: str) -> bool:
    """Return whether a file of a bundle can have that *name*."""
    return name in _TOP or bool(_OURS.fullmatch(name))


def _bundle_at(path: Path) -> Bundle | None:
    """Return the bundle that the file at *path* describes, ``None`` if it describes none."""
    with contextlib.suppress(OSError, ValueError):
        return documents.parse(files.read_input(path, bounds.LARGEST_DOCUMENT), Bundle)
    return None


def _finish_names(to: Path, stage: Path) -> None:
    """Remove the files of a bundle whose names a run was exchanging when it died: they are of no whole bundle."""
    if _bundle_at(to / BUNDLE) is not None:
        return
    with files.folder_errors(to):
        for name in sorted(_own(to, stage)):
            (to / name).unlink(missing_ok=True)


def require_size(stage: Path, size: int) -> None:
    """
    Return if the file system takes a file of *size* bytes.

    :raises DiskError: it does not, as FAT32.
    """
    if size <= _FAT32:
        return
    path = stage / "size.part"
    with files.folder_errors(path), path.open("wb") as stream:
        try:
            # No byte is written: the file system refuses the length at once, or makes a hole.
            os.truncate(stream.fileno(), size)
        except OSError as error:
            if error.errno not in {errno.EFBIG, errno.EINVAL}:
                raise
            msg = f"the file system there takes no file of {readable_size(size)}"
            raise DiskError(msg, path=stage, next_step="run it again with `--volume fat32`") from error
        finally:
            path.unlink()


@contextlib.contextmanager
def written(path: Path) -> Iterator[Sink]:
    """
    Yield a sink for the new file at *path*; afterwards the medium has all of it, and returns the same bytes.

    :raises FolderError: the disk is full, or the medium returns other bytes than were written.
    """
    with files.folder_errors(path):
        with path.open("xb") as stream:
            sink = Sink(stream)
            yield sink
            stream.flush()
            os.fsync(stream.fileno())
            _forget(stream.fileno())
        if (path.stat().st_size, files.sha256_of(path)) != (sink.size, sink.sha256):
            msg = "the medium returns other bytes than were written to it"
            raise DiskError(msg, path=path, next_step="use another medium; this one, its reader or its cable is broken")


def write(path: Path, data: bytes) -> None:
    """
    Make the new file at *path* hold *data*, as `written`.

    :raises FolderError: as `written`.
    """
    with written(path) as sink:
        sink.write(data)


def _forget(descriptor: int) -> None:
    """Let the system drop its copy of a file in memory, so that what is read next comes from the medium."""
    if hasattr(os, "posix_fadvise"):
        # Some file systems know no advice.
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def install(stage: Path, to: Path) -> None:
    """
    Give the files of the bundle in *stage* their names in *to*, in place of the bundle that is there.

    :raises FolderError: a name cannot be exchanged.
    """
    new = _bundle_at(stage / BUNDLE)
    names = set() if new is None else {*new.files}
    with files.folder_errors(to):
        old = _own(to, stage) - {BUNDLE, SIGNATURE}
        if (to / BUNDLE).exists():
            (to / BUNDLE).replace(stage / _OLD)
        else:
            (stage / _OLD).touch()
        (to / SIGNATURE).unlink(missing_ok=True)
        _sync(stage, to)
        for name in sorted(old - names):
            (to / name).unlink(missing_ok=True)
        for name in [*sorted(names), SIGNATURE]:
            (stage / name).replace(to / name)
        _sync(stage, to)
        # From here on there is a bundle.
        (stage / BUNDLE).replace(to / BUNDLE)
        _sync(stage, to)
        (stage / _OLD).unlink(missing_ok=True)


def require_whole(to: Path, sizes: Collection[tuple[str, int]]) -> None:
    """
    Return if each file of the bundle stands under its name with its size.

    :raises DiskError: one does not: another program has changed it.
    """
    for name, size in sizes:
        with files.folder_errors(to / name):
            found = (to / name).stat().st_size
        if found != size:
            msg = f"this has {found} bytes, and {size} were written"
            raise DiskError(msg, path=to / name, next_step="run `pypi-subset bundle` again, with another medium")


def _sync(*folders: Path) -> None:
    """Let the names in *folders* reach the medium."""
    for folder in folders:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError:
            # Windows opens no directory.
            continue
        try:
            # Some file systems cannot sync a directory.
            with contextlib.suppress(OSError):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
