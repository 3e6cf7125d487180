"""
A directory is built under a hidden name, and replaces another one atomically; what a crash leaves is mended or removed.

Whatever is not whole yet, or is not needed any more, is called ``.….stage``.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import secrets
import shutil
import stat
import sys
import threading
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def staged(live: Path) -> Iterator[Path]:
    """
    Yield an empty directory that takes the place of *live* if the block succeeds; else *live* stays as it was.

    A README in *live* is the user's and is carried along. Where *live* is
    a symbolic link it stays one: the directory that it leads to is replaced.

    :raises FolderError: the directory beside *live* cannot be written, or the two cannot be exchanged.
    """
    here = Path(os.path.realpath(live))
    # The process is part of the name: two runs that build one site never get into each other's stage.
    stage = here.with_name(f".{here.name}.{os.getpid()}.new.stage")
    try:
        with files.known_as(stage, live):
            with files.folder_errors(stage):
                remove_tree(stage)
                stage.mkdir(parents=True)
            yield stage
            with files.folder_errors(stage):
                if (here / "README.md").is_file():
                    shutil.copy2(here / "README.md", stage)
        exchange(stage, here)
    except BaseException:
        # What went wrong first is what the user needs to know.
        with contextlib.suppress(FolderError):
            recover(here)
        raise


def exchange(stage: Path, live: Path) -> None:
    """
    Put the directory *stage* where *live* stands; afterwards the old directory is gone.

    One step where the kernel has it (Linux ``renameat2``); elsewhere two renames, and `recover` mends what a crash
    between them left.

    :raises FolderError: the directories cannot be renamed.
    """
    old = retired(live)
    with files.folder_errors(live):
        if not live.exists():
            stage.rename(live)
        elif _exchange_names(stage, live):
            discard(stage)
        else:
            try:
                _set_aside(live, old)
                stage.rename(live)
            except BaseException:
                _put_back(live, unfinished=stage.exists())
                raise
            discard(old)


def swap(other: Path, live: Path) -> None:
    """
    Give the directories *other* and *live* each other's name; *live* is there throughout where the kernel has that step.

    :raises FolderError: they cannot be renamed.
    """
    old = retired(live)
    with files.folder_errors(live):
        if _exchange_names(other, live):
            return
        try:
            _set_aside(live, old)
            other.rename(live)
        except BaseException:
            _put_back(live, unfinished=other.exists())
            raise
        old.rename(other)


def retired(live: Path) -> Path:
    """Return the name that the old directory at *live* carries while it is being replaced: always a whole directory."""
    return live.with_name(f".{live.name}.old.stage")


def _set_aside(live: Path, old: Path) -> None:
    """Give the directory *live* the name *old*."""
    try:
        live.rename(old)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # A directory that came with a container's image cannot be renamed (overlayfs), only copied and removed.
        copy = live.with_name(f".{live.name}.copy.stage")
        shutil.copytree(live, copy, symlinks=True)
        copy.rename(old)
        remove_tree(live)


def _put_back(live: Path, *, unfinished: bool) -> None:
    """Give the old directory its name again, unless the new one stands there already."""
    old = retired(live)
    if old.exists() and (unfinished or not live.exists()):
        remove_tree(live)
        old.rename(live)


def recover(live: Path) -> None:
    """Finish or undo an `exchange` of *live* that a crash cut off, and remove what is left of stages."""
    here = Path(os.path.realpath(live))
    with files.folder_errors(live):
        _put_back(here, unfinished=any(here.parent.glob(f".{escape(here.name)}.*new.stage")))
        sweep(here.parent, f".{escape(here.name)}.*.stage")


def sweep(folder: Path, pattern: str) -> None:
    """Remove whatever in *folder* matches *pattern*: the leavings of a run that was killed."""
    with files.folder_errors(folder):
        for path in folder.glob(pattern):
            discard(path)


def discard(path: Path) -> None:
    """
    Remove the file or the directory at *path*, even if another process is still writing into it.

    It loses its name first, so that no process that knows that name gets in. Ctrl-C is obeyed when all is gone.
    """
    folder = path.is_dir() and not path.is_symlink()
    gone = path.with_suffix(f".{os.getpid()}.gone.stage") if folder else path

    def remove() -> None:
        if gone != path and path.exists():
            if gone.exists():
                # A run with this one's number was killed before.
                remove_tree(gone)
            path.rename(gone)
        remove_tree(gone)

    try:
        remove()
    except KeyboardInterrupt:
        remove()
        raise


def remove_tree(path: Path) -> None:
    """Remove a file or a whole directory, however deep it is and whatever its modes are; nothing there is no error."""
    if path.is_dir() and not path.is_symlink():
        try:
            shutil.rmtree(path)
        except (OSError, RecursionError):
            # A user that may remove a directory may also make it writable: an old site that was protected is removed too.
            _flatten(path)
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flatten(path: Path) -> None:
    """Make each directory below *path* writable, and move it right below *path*: `shutil.rmtree` recurses for each level."""
    path.chmod(0o700)
    prefix, numbers = secrets.token_hex(8), itertools.count()
    waiting = [Path(entry.path) for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False)]
    while waiting:
        folder = waiting.pop()
        folder.chmod(0o700)
        for entry in [*os.scandir(folder)]:
            if entry.is_dir(follow_symlinks=False):
                # What is moved into another directory must be writable itself.
                Path(entry.path).chmod(0o700)
                waiting.append(Path(entry.path).rename(path / f"{prefix}-{next(numbers)}"))


def _exchange_names(one: Path, other: Path) -> bool:
    """Swap the names of two directories in one step; ``False`` where the system cannot (renameat2(2))."""
    if sys.platform != "linux":
        return False
    import ctypes  # noqa: PLC0415 - a run with nothing to do needs none

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    at_fdcwd, rename_exchange = -100, 2
    if renameat2(at_fdcwd, os.fsencode(one), at_fdcwd, os.fsencode(other), rename_exchange) == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.EINVAL, errno.ENOSYS, errno.EXDEV}:
        return False
    raise OSError(code, os.strerror(code), str(other))


class _Opened:
    """How many blocks of `readable` run in all threads, and the umask before the first: a process has one."""

    lock = threading.Lock()
    blocks = 0
    before = 0


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """
    Let others read what is written in the block, whatever the umask is: web servers run as another user.

    Blocks may run in several threads. The umask is as it was when the last of them ends.
    """
    with _Opened.lock:
        if not _Opened.blocks:
            _Opened.before = os.umask(0)
            # Whether a group may write stays the user's choice.
            os.umask(_Opened.before & 0o022)
        _Opened.blocks += 1
    try:
        yield
    finally:
        with _Opened.lock:
            _Opened.blocks -= 1
            if not _Opened.blocks:
                os.umask(_Opened.before)


def open_up(folder: Path) -> None:
    """
    Let others read *folder* with all that is in it, if they cannot enter it; what another user owns stays as it is.

    :raises FolderError: it cannot be read.
    """
    with files.folder_errors(folder):
        if os.name == "nt" or folder.stat().st_mode & 0o005 == 0o005:  # noqa: PLR2004 - read and enter, for others
            return
        for inside, _, names in os.walk(folder):
            for path in (Path(inside), *(Path(inside, name) for name in names)):
                mode = path.lstat().st_mode
                if not stat.S_ISLNK(mode):
                    with contextlib.suppress(PermissionError):
                        path.chmod(stat.S_IMODE(mode) | (0o055 if stat.S_ISDIR(mode) else 0o044))
