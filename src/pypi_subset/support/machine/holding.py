"""
Directories that one run at a time works in.

The lock is a file, locked by the kernel: it ends with its process, and it is the same one under every name of the directory,
a symbolic link or a bind mount. It holds one line that says which run has it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import socket
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import DiskError
from pypi_subset.support import files
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The file that `exclusive` locks.
RUNNING = ".running"
#: Seconds between two attempts to lock.
_PAUSE = 0.05
#: Bytes of the line in a lock that are read, and characters of a part of it that are shown.
_LONGEST, _SHOWN = 1024, 60
#: Some network file systems have no locks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP})
#: Who may not write a directory cannot replace a site in it.
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | files.BINARY


@contextlib.contextmanager
def exclusive(folder: Path, patience: float = 0) -> Iterator[None]:
    """
    Hold *folder* for this process; two runs at once would undo each other's work.

    :param patience: seconds to wait for another run that holds it.
    :raises FolderError: another run holds it; the error names that run.
    """
    with files.folder_errors(folder):
        if folder.is_file():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.fspath(folder))
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / RUNNING, folder, patience):
        yield


@contextlib.contextmanager
def beside(folder: Path) -> Iterator[None]:
    """
    Hold *folder*, which may be absent or replaced meanwhile, by a file beside it that is gone afterwards.

    Where this user may not write beside it, there is no lock: the user can put no other directory in its place either.

    :raises FolderError: another run holds it; the error names that run.
    """
    # As `staging.staged`: of a symbolic link the directory that it leads to.
    real = Path(os.path.realpath(folder))
    above = [one for one in real.parents if not one.exists()]
    try:
        if above:
            real.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno not in _REFUSED:
            files.raise_as_folder_error(error, folder)
    try:
        with _locked(real.with_name(f".{real.name}{RUNNING}"), folder, 0, stays=False):
            yield
    finally:
        for one in above:
            # A run that failed has put nothing there.
            with contextlib.suppress(OSError):
                one.rmdir()


@contextlib.contextmanager
def _locked(path: Path, shown: Path, patience: float, *, stays: bool = True) -> Iterator[None]:
    """
    Hold the lock at *path*.

    :param shown: the directory that an error names.
    :param stays: whether the file stays afterwards, and must be writable.
    """
    if sys.platform == "win32":
        with _locked_by_library(path, shown, patience):
            yield
        return
    until = time.monotonic() + patience
    lock: int | None = None
    with files.folder_errors(shown):
        while (lock := _attempt(path, must=stays)) is None:
            if time.monotonic() >= until:
                raise _held_by(_read(path), shown)
            time.sleep(_PAUSE)
    try:
        if lock >= 0:
            _write(lock, _line())
        yield
    finally:
        if lock >= 0:
            if stays:
                _write(lock, b"")
            else:
                with contextlib.suppress(OSError):
                    path.unlink()
            os.close(lock)


def _attempt(path: Path, *, must: bool) -> int | None:
    """Return a descriptor that holds the lock, -1 where there are no locks, ``None`` if another process holds it."""
    import fcntl  # noqa: PLC0415 - Windows has none

    try:
        lock = _opened(path)
    except OSError as error:
        if must or error.errno not in {*_REFUSED, errno.ENOENT}:
            raise
        return -1
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The run that held it may have removed it since it was opened: its name is free, or another file's.
        if os.path.samestat(os.fstat(lock), os.lstat(path)):
            return lock
    except FileNotFoundError:
        pass
    except OSError as error:
        os.close(lock)
        if error.errno in _NO_LOCKS:
            # There is no lock in such a directory. The run continues, and another run may write there.
            return -1
        if error.errno in {errno.EAGAIN, errno.EACCES}:
            return None
        raise
    os.close(lock)
    return _attempt(path, must=must)


def _opened(path: Path) -> int:
    """Return a descriptor of the file; of another user's it can only be read, which is enough for a lock."""
    try:
        return os.open(path, _OPEN | os.O_CLOEXEC, 0o666)
    except PermissionError:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _write(lock: int, line: bytes) -> None:
    """Make *line* the content of the lock, as far as the file is ours alone: a second name may be of any other file."""
    facts = os.fstat(lock)
    if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1:
        # The line serves people alone. A full disk is no reason to hold nothing.
        with contextlib.suppress(OSError):
            os.ftruncate(lock, 0)
            os.pwrite(lock, line, 0)


def _read(path: Path) -> bytes:
    """Return the beginning of the lock; nothing if it cannot be read."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(lock, _LONGEST)
    except OSError:
        return b""
    finally:
        os.close(lock)


def _line() -> bytes:
    """Return which run this is, as JSON. Its arguments are left out: an address may have a password."""
    program = Path(sys.argv[0]).stem if sys.argv and sys.argv[0] not in {"", "-c"} else "python"
    program = {"__main__": "pypi-subset", "__init__": "pypi-subset"}.get(program, program)
    command = sys.argv[1] if len(sys.argv) > 1 and re.fullmatch("[a-z][a-z-]*", sys.argv[1]) else ""
    facts = {
        "command": f"{program} {command}".strip(),
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    return f"{json.dumps(facts)}\n".encode()


def _held_by(line: bytes, folder: Path) -> DiskError:
    """Return the error about a directory that another run holds, as *line* in its lock says."""
    msg = "another run is working in this directory"
    try:
        facts = json.loads(line)
        found = {name: printable(str(facts[name]))[:_SHOWN] for name in ("command", "process", "host", "since")}
    except (ValueError, KeyError, TypeError):
        return DiskError(msg, path=folder, next_step="wait for it to end")
    where = "" if found["host"] == socket.gethostname() else f" on {found['host']}"
    msg += f": `{found['command']}`, process {found['process']}{where}, since {found['since']}"
    return DiskError(msg, path=folder, next_step="wait for it to end")


@contextlib.contextmanager
def _locked_by_library(path: Path, shown: Path, patience: float) -> Iterator[None]:
    """Hold the lock at *path* on Windows, where no process can read a file that is locked."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 - most commands hold nothing, and it takes long to load

    # A lock that is a mere file would outlive its process.
    lock = FileLock(path, timeout=patience, fallback_to_soft=False)
    with files.folder_errors(shown):
        try:
            lock.acquire()
        except Timeout:
            nothing = b""
            raise _held_by(nothing, shown) from None
    try:
        yield
    finally:
        lock.release()
