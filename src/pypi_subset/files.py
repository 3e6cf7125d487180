"""
Reading and writing folders so that nothing is ever half done: gather, then write; stage, then rename.

Everything that changes a folder goes through here, so that one place decides what a crash can leave behind: a file
named ``.*.part``, a folder named ``.*.stage``, and never a half file under its final name.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import re
import shutil
import stat
import sys
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pypi_subset.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

#: Bytes read at once when hashing.
CHUNK = 1 << 20
#: What `os.open` must be told where text has other line ends than bytes (Windows).
_BINARY = getattr(os, "O_BINARY", 0)


def walk(folder: Path, *, but: Collection[str] = ()) -> Iterator[tuple[str, os.stat_result]]:
    """
    Yield the path below *folder* of everything that is no folder, and what the system knows of it; links are not followed.

    A folder with nothing in it comes too, with a slash behind its name.

    :param folder: it need not be there.
    :param but: paths that are left out, with all that is below them.
    """
    waiting = [("", os.fspath(folder))] if folder.is_dir() else []
    while waiting:
        inside, current = waiting.pop()
        empty = True
        with os.scandir(current) as entries:
            for entry in entries:
                empty = False
                path = inside + entry.name
                if path in but:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((f"{path}/", entry.path))
                else:
                    yield path, entry.stat(follow_symlinks=False)
        if empty and inside:
            yield inside, os.lstat(current)


def sha256_of(path: Path) -> str:
    """
    Return the SHA-256 of the file at *path*, in hexadecimal.

    :raises FolderError: it cannot be read.
    """
    try:
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - half the time of a small file
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise_as_folder_error(error, path)


def content_of(path: str, size: int) -> bytes:
    """
    Return the bytes of a small file.

    :param size: how many it is believed to have; it may be wrong.
    :raises FolderError: it cannot be read.
    """
    try:
        # Half the time of `open`.
        descriptor = os.open(path, os.O_RDONLY | _BINARY)
        try:
            data = os.read(descriptor, size + 1)
            while piece := os.read(descriptor, size + 1):
                data += piece
        finally:
            os.close(descriptor)
    except OSError as error:
        raise_as_folder_error(error, Path(path))
    return data


def part_of(path: Path) -> Path:
    """Return the name under which *path* is written before it gets its own: a hidden sibling."""
    # File systems take 255 bytes; of a longer name the end, with a wheel's tags, tells more than the beginning.
    return path.with_name(f".{path.name[-200:]}.{os.getpid()}.part")


def write(path: Path, data: bytes) -> None:
    """
    Make *path* hold *data*, in one step: a reader sees the old bytes or the new ones, never a mixture.

    :raises FolderError: the folder cannot be written, or the disk is full.
    """
    part = part_of(path)
    with folder_errors(path):
        try:
            part.write_bytes(data)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


class Filling:
    """
    Fills a folder that nobody sees yet, so that no file needs another name while it is being written.

    It handles tens of thousands of files in a run, so paths are strings here and no folder is made twice.

    :param stage: the folder.
    :param before: what it will replace: a file that has the same bytes there is linked, and so keeps its time.
    """

    def __init__(self, stage: Path, *, before: Path) -> None:
        self.stage, self.before = os.fspath(stage), os.fspath(before)
        self._made = {""}
        self._mode = _usual_mode()
        self._old: dict[str, frozenset[str]] = {}
        #: How many files were written, and are not links.
        self.made = 0

    def replaces(self, path: str) -> bool:
        """Whether something is called *path* in the folder that will be replaced."""
        folder, _, name = path.rpartition("/")
        if folder not in self._old:
            try:
                self._old[folder] = frozenset(os.listdir(f"{self.before}/{folder}"))  # noqa: PTH208 - a string
            except OSError:
                self._old[folder] = frozenset()
        return name in self._old[folder]

    def put(self, path: str, data: bytes) -> None:
        """
        Make the file at *path*, relative and with slashes, hold *data*.

        :raises FolderError: the folder cannot be written, or the disk is full.
        """
        old = f"{self.before}/{path}"
        if self.replaces(path) and _holds(old, data, self._mode):
            self.take(old, path)
        else:
            self.make(path, data)

    def make(self, path: str, data: bytes) -> os.stat_result:
        """
        Write *data* to *path*, whatever is there in the folder that will be replaced; return what the system knows of it.

        :raises FolderError: the folder cannot be written, or the disk is full.
        """
        new = f"{self.stage}/{path}"
        try:
            self._make(path.rpartition("/")[0])
            self.made += 1
            return _write_new(new, data)
        except OSError as error:
            raise_as_folder_error(error, Path(new))

    def take(self, source: str, path: str) -> None:
        """
        Make the file at *path* a link of *source*, a regular file, or a copy where there are no links.

        :raises FolderError: the folder cannot be written, or the disk is full.
        """
        try:
            self._make(path.rpartition("/")[0])
            _link_or_copy(source, f"{self.stage}/{path}")
        except OSError as error:
            raise_as_folder_error(error, Path(self.stage, path))

    def twin(self, folder: str) -> bool:
        """
        Link all files of *folder* from the folder that will be replaced; whether they are links, and not copies.

        :raises FolderError: the folder cannot be written, or the disk is full.
        """
        old, new, linked = f"{self.before}/{folder}", f"{self.stage}/{folder}", True
        try:
            self._make(folder)
            for name in os.listdir(old):  # noqa: PTH208 - strings
                linked = _link_or_copy(f"{old}/{name}", f"{new}/{name}") and linked
        except OSError as error:
            raise_as_folder_error(error, Path(new))
        return linked

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            os.makedirs(f"{self.stage}/{folder}", exist_ok=True)  # noqa: PTH103 - a string
            self._made.add(folder)


def _write_new(path: str, data: bytes) -> os.stat_result:
    """Write a file that is not there yet, in two thirds of the time that `open` takes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _usual_mode() -> int:
    """The permissions of a file that is made now."""
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask


def _holds(path: str, data: bytes, mode: int) -> bool:
    """Whether a regular file is there, has just these bytes, and may be read by whoever may read a new one."""
    try:
        facts = os.lstat(path)
        if facts.st_size != len(data) or not stat.S_ISREG(facts.st_mode) or stat.S_IMODE(facts.st_mode) != mode:
            return False
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - a string
            return stream.read() == data
    except OSError:
        return False


def _link_or_copy(source: str, destination: str) -> bool:
    """Give *source* a second name, or make a copy of it where there are no links; whether it is a link."""
    try:
        os.link(source, destination)
    except OSError as error:
        # Another file system, one without links, or a link count that is used up.
        if error.errno not in {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}:
            raise
        shutil.copy2(source, destination)
        return False
    return True


def link(source: Path, destination: Path) -> None:
    """
    Make *destination* a hard link of *source*, or a copy where the file system has no links.

    An existing *destination* is replaced in one step. Never a symbolic link: hosts and archives drop those.

    :raises FolderError: the folder cannot be written, or the disk is full.
    """
    part = part_of(destination)
    with folder_errors(destination):
        part.unlink(missing_ok=True)
        try:
            # Of a symbolic link, link(2) would make a second symbolic link.
            _link_or_copy(os.path.realpath(source), os.fspath(part))
            # rename(2) does nothing, and leaves the source, where both names are one file already.
            part.replace(destination)
        finally:
            part.unlink(missing_ok=True)


def move(source: Path, destination: Path) -> None:
    """
    Rename *source* to *destination* on the same file system; a file there is replaced in one step.

    :raises FolderError: the folder cannot be written.
    """
    with folder_errors(destination):
        source.replace(destination)


@contextlib.contextmanager
def staged(live: Path) -> Iterator[Path]:
    """
    Yield an empty folder that takes the place of *live* if the block succeeds; else *live* stays as it was.

    A README in *live* is the user's and is carried along. Where *live* is a symbolic link it stays one: the folder that
    it leads to is replaced.

    :raises FolderError: the folder beside *live* cannot be written, or the two cannot be exchanged.
    """
    here = _real(live)
    # The process is part of the name: two runs that build one site never get into each other's stage.
    stage = here.with_name(f".{here.name}.{os.getpid()}.new.stage")
    try:
        with known_as(stage, live):
            with folder_errors(stage):
                remove_tree(stage)
                stage.mkdir(parents=True)
            yield stage
            with folder_errors(stage):
                if (here / "README.md").is_file():
                    shutil.copy2(here / "README.md", stage)
        exchange(stage, here)
    except BaseException:
        # What went wrong first is what the user needs to know.
        with contextlib.suppress(FolderError):
            recover(here)
        raise


def same_bytes(one: Path, other: Path) -> bool:
    """Whether both are files and hold the same; two names of one file need no reading."""
    if not (one.is_file() and other.is_file()):
        return False
    return one.samefile(other) or (one.stat().st_size == other.stat().st_size and sha256_of(one) == sha256_of(other))


def exchange(stage: Path, live: Path) -> None:
    """
    Put the folder *stage* where *live* stands; afterwards the old folder is gone.

    One step where the kernel has it (Linux ``renameat2``); elsewhere two renames, and `recover` mends what a crash
    between them left.

    :raises FolderError: the folders cannot be renamed.
    """
    old = retired(live)
    with folder_errors(live):
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


def retired(live: Path) -> Path:
    """Return the name that the old folder at *live* carries while it is being replaced: always a whole folder."""
    return live.with_name(f".{live.name}.old.stage")


def _set_aside(live: Path, old: Path) -> None:
    """Give the folder *live* the name *old*."""
    try:
        live.rename(old)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # A folder that came with a container's image cannot be renamed (overlayfs), only copied and removed.
        copy = live.with_name(f".{live.name}.copy.stage")
        shutil.copytree(live, copy, symlinks=True)
        copy.rename(old)
        remove_tree(live)


def _put_back(live: Path, *, unfinished: bool) -> None:
    """Give the old folder its name again, unless the new one stands there already."""
    old = retired(live)
    if old.exists() and (unfinished or not live.exists()):
        remove_tree(live)
        old.rename(live)


def recover(live: Path) -> None:
    """Finish or undo an `exchange` of *live* that a crash cut off, and remove what is left of stages."""
    here = _real(live)
    with folder_errors(live):
        _put_back(here, unfinished=any(here.parent.glob(f".{escape(here.name)}.*new.stage")))
        sweep(here.parent, f".{escape(here.name)}.*.stage")


def sweep(folder: Path, pattern: str) -> None:
    """Remove whatever in *folder* matches *pattern*: the leavings of a run that was killed."""
    with folder_errors(folder):
        for path in folder.glob(pattern):
            discard(path)


def discard(path: Path) -> None:
    """
    Remove the file, or the folder that is called ``….stage``, at *path*, even if somebody is still writing into it.

    It loses its name first, so that nobody who knows that name gets in. Ctrl-C is obeyed when all is gone.
    """
    gone = path.with_suffix(f".{os.getpid()}.gone.stage") if path.is_dir() and not path.is_symlink() else path

    def remove() -> None:
        if gone != path and path.exists():
            path.rename(gone)
        remove_tree(gone)

    try:
        remove()
    except KeyboardInterrupt:
        remove()
        raise


def remove_tree(path: Path) -> None:
    """Remove a file or a whole folder; nothing there is no error."""
    if path.is_dir() and not path.is_symlink():
        try:
            _remove_folder(os.fspath(path))
        except OSError:
            # Whoever may remove a folder may also make it writable: an old site that was protected goes all the same.
            for folder, _, _ in os.walk(path):
                Path(folder).chmod(0o700)
            shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_folder(folder: str) -> None:
    """Remove a folder in a third of the time that `shutil.rmtree` takes, which guards against others who write there."""
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.path)
            else:
                os.unlink(entry.path)  # noqa: PTH108 - tens of thousands
    for one in below:
        _remove_folder(one)
    os.rmdir(folder)  # noqa: PTH106 - a string


@contextlib.contextmanager
def folder_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about *path* into one line with a next step."""
    try:
        yield
    except OSError as error:
        raise_as_folder_error(error, path)


def raise_as_folder_error(error: OSError, path: Path) -> NoReturn:
    """Raise what the operating system says about *path* as one line with a next step."""
    steps = {
        errno.ENOSPC: ("the disk is full", "free some space and run the same command again"),
        errno.EDQUOT: ("the disk quota is used up", "free some space and run the same command again"),
        errno.EROFS: ("the file system is read-only", "name a folder that can be written"),
        errno.EACCES: ("permission denied", "make the folder writable, or name another"),
        errno.EPERM: ("permission denied", "make the folder writable, or name another"),
        errno.EBUSY: ("the folder is a mount point", "name a folder inside it"),
        errno.ENAMETOOLONG: ("the path is too long", "choose a folder with a shorter path"),
    }
    what, step = steps.get(error.errno or 0, (error.strerror or str(error), "see that the folder can be written"))
    raise FolderError(what, path=path, next_step=step) from error


def blame(said: str, folder: Path) -> None:
    """
    Do nothing, unless a program that worked in *folder* said that the disk failed it.

    :param said: what it wrote when it failed.
    :raises FolderError: the disk is full, read-only or broken, or the folder is not there any more.
    """
    found = re.search(r"\[Errno (\d+)\]", said)
    code = int(found[1]) if found is not None else 0
    with folder_errors(folder):
        if code in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO}:
            raise OSError(code, os.strerror(code))
        folder.stat()


@contextlib.contextmanager
def known_as(hidden: Path, shown: Path) -> Iterator[None]:
    """Let an error about what lies in *hidden*, a folder that no user has heard of, name *shown*."""
    try:
        yield
    except FolderError as error:
        if error.path is None or not error.path.is_relative_to(hidden):
            raise
        raise FolderError(error.what, path=shown, next_step=error.next_step) from error


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """
    Hold *folder* for this process; two runs at once would undo each other's work.

    :raises FolderError: another run holds it.
    """
    with folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / ".running").open("wb")
    with stream:
        with folder_errors(folder):
            locked = _lock(stream.fileno())
        if not locked:
            msg = "another run is working in this folder"
            raise FolderError(msg, path=folder, next_step="wait for it to end")
        yield


def _lock(descriptor: int) -> bool:
    """Whether this process now holds the file; the operating system lets go of it when the process ends."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows alone

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # noqa: PLC0415 - exists everywhere else

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        # Some network file systems know no locks: there nobody can be kept out, which is no reason to do nothing.
        if error.errno not in {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}:
            raise
    return True


def _real(path: Path) -> Path:
    """Return where *path* leads to, absolute, whether or not anything is there."""
    return Path(os.path.realpath(path))


def _exchange_names(one: Path, other: Path) -> bool:
    """Swap the names of two folders in one step; ``False`` where the system cannot (renameat2(2))."""
    if sys.platform != "linux":
        return False
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
