"""
Reading and writing directories so that nothing is ever half done: gather, then write; stage, then rename.

Everything that changes a directory goes through here, so that one place decides what a crash can leave behind: a file
named ``.*.part``, a directory named ``.*.stage``, and never a half file under its final name.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from pypi_subset.errors import DiskError, FolderError
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

#: A flag that `os.open` needs where text has other line ends than bytes (Windows).
BINARY = getattr(os, "O_BINARY", 0)
#: How a file is made that must be new: what a link leads to, and what others opened, is never written.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

#: Bytes that are read of a file first, and then at once.
_PAGE, _PIECE = 1 << 15, 1 << 18

#: How a file is opened for reading: an open that would wait for a writer ends.
_READ = os.O_RDONLY | BINARY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def walk(folder: Path, *, but: Collection[str] = ()) -> Iterator[tuple[str, os.stat_result]]:
    """Yield what `entries` does, each path with what the system knows of it."""
    for path, entry in entries(folder, but=but):
        yield path, entry.stat(follow_symlinks=False) if entry else (folder / path).lstat()


def entries(folder: Path, *, but: Collection[str] = ()) -> Iterator[tuple[str, os.DirEntry[str] | None]]:
    """
    Yield the path below *folder* of everything that is no directory, as the system lists it; links are not followed.

    A directory with nothing in it comes too, with a slash behind its name and ``None``. *folder* need not be there.

    :param but: paths that are left out, with all that is below them.
    """
    waiting = [("", os.fspath(folder))] if folder.is_dir() else []
    while waiting:
        inside, current = waiting.pop()
        empty = True
        with os.scandir(current) as found:
            for entry in found:
                empty = False
                path = inside + entry.name
                if path in but:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((f"{path}/", entry.path))
                else:
                    yield path, entry
        if empty and inside:
            yield inside, None


def sha256_of(path: Path | str) -> str:
    """Return the SHA-256 of the file at *path*, in hexadecimal; it raises what `hashed` does."""
    return hashed(path)[0]


def hashed(path: Path | str) -> tuple[str, int]:
    """
    Return the SHA-256 of the file at *path*, and how many bytes it has.

    :raises FolderError: it cannot be read.
    """
    # Most files are pages, which one short piece holds: `hashlib.file_digest` clears 256 kB for each.
    found, length, size = hashlib.sha256(), 0, _PAGE
    try:
        # A site has tens of thousands of small files: a stream for each takes as long as its hash.
        descriptor = os.open(path, _READ)
        try:
            while piece := os.read(descriptor, size):
                found.update(piece)
                length, size = length + len(piece), _PIECE
        finally:
            os.close(descriptor)
    except OSError as error:
        raise_as_folder_error(error, Path(path))
    return found.hexdigest(), length


def part_of(path: Path) -> Path:
    """Return the name under which *path* is written before it gets its own: a hidden sibling."""
    # File systems take 255 bytes; of a longer name the end, with a wheel's tags, tells more than the beginning.
    return path.with_name(f".{path.name[-200:]}.{os.getpid()}.part")


def read_input(path: Path, limit: int | None = None) -> bytes:
    """
    Return the bytes of the file at *path*, which comes from a user or from a proposed change.

    A device or a pipe would have no end, or let the run wait for ever.

    :param limit: bytes; default: `bounds.LARGEST_INPUT`.
    :raises OSError: it cannot be read, is no regular file, or is larger; `OSError.strerror` says it.
    """
    most = bounds.LARGEST_INPUT if limit is None else limit
    # Before it is opened too: opening a device may do something.
    _require_regular(path.stat(), path, most)
    with open(os.open(path, _READ), "rb") as stream:  # noqa: PTH123 - a descriptor
        _require_regular(os.fstat(stream.fileno()), path, most)
        data = stream.read(most + 1)
    if len(data) > most:
        raise _too_large(path, most)
    return data


def _require_regular(facts: os.stat_result, path: Path, most: int) -> None:
    if stat.S_ISDIR(facts.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    if facts.st_size > most:
        raise _too_large(path, most)


def _too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"larger than {most:,} bytes", os.fspath(path))


@contextlib.contextmanager
def new_part(path: Path) -> Iterator[IO[bytes]]:
    """
    Yield a new file that becomes *path* if the block succeeds, and else vanishes.

    Nothing that stands under the name of the part is opened, written or followed: it loses that name.

    :raises FolderError: the directory cannot be written, or the disk is full.
    """
    part = part_of(path)
    with folder_errors(path):
        part.unlink(missing_ok=True)
        try:
            with open(os.open(part, _NEW, 0o666), "wb") as stream:  # noqa: PTH123 - a descriptor
                yield stream
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write(path: Path, data: bytes) -> None:
    """
    Make *path* hold *data*, in one step: a reader sees the old bytes or the new ones, never a mixture.

    :raises FolderError: the directory cannot be written, or the disk is full.
    """
    with new_part(path) as stream:
        stream.write(data)


def link_or_copy(source: str, destination: str) -> bool:
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

    An existing *destination* is replaced in one step. Never a symbolic link: web servers and archives drop those.

    :raises FolderError: the directory cannot be written, or the disk is full.
    """
    part = part_of(destination)
    with folder_errors(destination):
        part.unlink(missing_ok=True)
        try:
            # Of a symbolic link, link(2) would make a second symbolic link.
            link_or_copy(os.path.realpath(source), os.fspath(part))
            # rename(2) does nothing, and leaves the source, where both names are one file already.
            part.replace(destination)
        finally:
            part.unlink(missing_ok=True)


def copy(source: Path, destination: Path) -> None:
    """
    Make *destination* a file of its own with the bytes of *source*; an existing one is replaced in one step.

    :raises FolderError: *source* cannot be read, the directory cannot be written, or the disk is full.
    """
    with folder_errors(source), source.open("rb") as stream, new_part(destination) as part:
        shutil.copyfileobj(stream, part)


def same_bytes(one: Path, other: Path) -> bool:
    """Whether both are files and hold the same; two names of one file need no reading."""
    if not (one.is_file() and other.is_file()):
        return False
    return one.samefile(other) or (one.stat().st_size == other.stat().st_size and sha256_of(one) == sha256_of(other))


@contextlib.contextmanager
def folder_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says about *path* into one line with a next step."""
    try:
        yield
    except OSError as error:
        raise_as_folder_error(error, path)


def raise_as_folder_error(error: OSError, path: Path) -> NoReturn:
    """Raise what the operating system says about *path* as one line with a next step."""
    said = error.strerror or str(error)
    steps = {
        errno.ENOSPC: ("the disk is full", "free some space and run the same command again"),
        errno.EDQUOT: ("the disk quota is used up", "free some space and run the same command again"),
        errno.EROFS: ("the file system is read-only", "name a directory that can be written"),
        errno.EACCES: ("permission denied", "make the directory writable, or name another"),
        errno.EPERM: ("permission denied", "make the directory writable, or name another"),
        errno.EBUSY: ("the directory is a mount point", "name a directory inside it"),
        errno.ENAMETOOLONG: ("the path is too long", "choose a directory with a shorter path"),
        # What `read_input` raises: the directory is not at fault.
        errno.EINVAL: (said, "put a regular file in its place, or remove it"),
        errno.EISDIR: ("a directory is in the place of a file", "remove it"),
        errno.ENOTDIR: ("a file is in the place of a directory", "move it away, or name another directory"),
        errno.EFBIG: (said, "see what wrote it; remove it, or put a smaller file in its place"),
        errno.ENOENT: (said, "see that the path is right, and that no link leads nowhere"),
    }
    what, step = steps.get(error.errno or 0, (said, "see that the directory can be written"))
    wrong = {errno.ENAMETOOLONG, errno.EINVAL, errno.EISDIR, errno.EFBIG, errno.ENOENT, errno.ENOTDIR}
    kind = FolderError if error.errno in wrong else DiskError
    path = next(filter(os.path.isfile, (path, *path.parents)), path) if error.errno == errno.ENOTDIR else path
    if error.errno == errno.ENOENT and _takes_no_files(path):
        kind, what, step = DiskError, "the file system takes no new files", "name a directory of another file system"
    raise kind(what, path=path, next_step=step) from error


def _takes_no_files(path: Path) -> bool:
    """Return whether *path* is not there, on a file system that the kernel fills, as ``/proc``: it has no block and no inode."""
    if not hasattr(os, "statvfs") or os.path.lexists(path):
        return False
    with contextlib.suppress(OSError, StopIteration):
        facts = os.statvfs(next(one for one in path.absolute().parents if one.is_dir()))
        return facts.f_blocks == facts.f_files == 0
    return False


def blame(said: str, folder: Path) -> None:
    """
    Do nothing, unless a program that worked in *folder* said that the disk failed it.

    :param said: what it wrote when it failed.
    :raises FolderError: the disk is full, read-only or broken, or the directory is not there any more.
    """
    found = re.search(r"\[Errno (\d+)\]", said)
    with folder_errors(folder):
        code = int(found[1]) if found else 0
        if code in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO}:
            raise OSError(code, os.strerror(code))
        folder.stat()


@contextlib.contextmanager
def known_as(hidden: Path, shown: Path) -> Iterator[None]:
    """Let an error about a path in *hidden*, a directory that no user knows, name *shown*."""
    try:
        yield
    except FolderError as error:
        if error.path is None or not error.path.is_relative_to(hidden):
            raise
        raise type(error)(error.what, path=shown, next_step=error.next_step) from error


def require_apart(place: Path, called: str, others: Iterable[Path]) -> None:
    """
    Refuse *place* if it is one of the *others*, holds one, or is in one.

    :param called: how the error names it: ``the site``.
    :raises FolderError: it does.
    """
    real = place.resolve()
    for other in (path.resolve() for path in others):
        if real == other or other in real.parents or real in other.parents:
            msg = f"one of {called} and {other.name} contains the other"
            raise FolderError(msg, path=place, next_step="name two directories side by side")
