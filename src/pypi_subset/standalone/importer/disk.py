"""Files and directories: opened without following links, linked or copied, exchanged, and written to the disk."""

import ctypes
import errno
import hashlib
import os
import platform
import shutil
import stat
import sys

from pypi_subset.standalone.errors import Refused, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any, Iterator

    #: Size and time of the last change in nanoseconds.
    Look = tuple[int, int]

#: Bytes that are read and hashed at once.
CHUNK = 1 << 20
#: Numbers of renameat2(2) where the C library has no function for it, and its flag.
RENAMEAT2 = {"x86_64": 316, "aarch64": 276, "i386": 353, "i686": 353, "armv7l": 382, "ppc64le": 357, "s390x": 347}
AT_FDCWD, RENAME_EXCHANGE = -100, 2
#: The kernel or the file system has no such operation.
UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
#: A hard link is refused here and now; a copy does.
NO_LINK = UNSUPPORTED | {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EACCES}


def open_file(path: str) -> "IO[bytes]":
    """
    Return the regular file at *path*, open for reading.

    :raises Refused: a symbolic link or a special file is there.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused(f"{shown(path)} is a symbolic link; replace it by the file itself") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused(f"{shown(path)} is no regular file")
    return open(descriptor, "rb")


def read_file(path: str, most: int) -> bytes:
    """
    Return the content of the file at *path*.

    :param most: bytes that it may have.
    :raises Refused: it has more, or it is no regular file.
    """
    with open_file(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise Refused(f"{shown(path)} has more than {most} bytes")
    return data


def digest_of_file(path: str) -> "tuple[str, int]":
    """Return the SHA-256 of the file at *path*, and its bytes."""
    with open_file(path) as stream:
        return digest_of_stream(stream)


def digest_of_stream(stream: "IO[bytes]") -> "tuple[str, int]":
    """Return the SHA-256 of what *stream* has, and its bytes."""
    digest, size = hashlib.sha256(), 0
    while True:
        data = stream.read(CHUNK)
        if not data:
            return digest.hexdigest(), size
        digest.update(data)
        size += len(data)


def exists(path: str) -> bool:
    """Return whether something is at *path*, even a link that leads nowhere."""
    return os.path.lexists(path)


def is_folder(path: str) -> bool:
    """
    Return whether a directory is at *path*.

    :raises Refused: something else is there.
    """
    if not exists(path):
        return False
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise Refused(f"{shown(path)} is a symbolic link or a file, and must be a directory")
    return True


def looks_below(root: str) -> "Iterator[tuple[str, Look]]":
    """
    Yield path and look of each file below the directory *root*.

    :raises Refused: a symbolic link or a special file is there.
    """
    waiting = [("", root)]
    while waiting:
        prefix, folder = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((path + "/", entry.path))
                    continue
                found = entry.stat(follow_symlinks=False)
                if not stat.S_ISREG(found.st_mode):
                    raise Refused(f"{shown(entry.path)} is a symbolic link or a special file; remove it")
                yield path, (found.st_size, found.st_mtime_ns)


class Owner:
    """
    Owner and mode of what is written: those of the site before, or what this user's other files have.

    :param site: the site before; may be absent.
    """

    def __init__(self, site: str) -> None:
        mask = os.umask(0)
        os.umask(mask)
        # A web server runs as another user, so others may read. Whether a group may write is the user's choice.
        self.file_mode, self.folder_mode = 0o666 & ~(mask & 0o022), 0o777 & ~(mask & 0o022)
        self.ids: tuple[int, int] | None = None
        manifest = os.path.join(site, "manifest.json")
        if exists(manifest):
            file, folder = os.lstat(manifest), os.lstat(site)
            self.file_mode, self.folder_mode = file.st_mode & 0o666, folder.st_mode & 0o2777
            if hasattr(os, "geteuid") and (folder.st_uid, folder.st_gid) != (os.geteuid(), os.getegid()):
                self.ids = (folder.st_uid, folder.st_gid)
        #: Whether mkdir(2) alone makes a directory as it should be.
        self.gives_folders = self.ids is None and not self.folder_mode & (mask | 0o7000)

    def give(self, path: str, mode: int) -> None:
        """Give the file or directory at *path* its mode and owner."""
        os.chmod(path, mode)
        if self.ids is not None:
            try:
                os.chown(path, *self.ids)
            except PermissionError:
                # Another user than root gives nothing away; the mode lets the web server read.
                self.ids = None


class Placing:
    """
    Places files by hard links, and copies them from the first one on that cannot be linked.

    :param owner: of copies.
    """

    def __init__(self, owner: "Owner | None" = None) -> None:
        self.copies = False
        self.owner = owner

    def put(self, source: str, target: str) -> None:
        """Give the file *source* the second name *target*."""
        if not self.copies:
            try:
                os.link(source, target)
            except OSError as error:
                if error.errno not in NO_LINK:
                    raise
                # A file can have too many links, while others can still be linked.
                self.copies = error.errno != errno.EMLINK
            else:
                return
        shutil.copy2(source, target)
        if self.owner is not None:
            self.owner.give(target, self.owner.file_mode)


def remove(path: str) -> None:
    """Remove a file or a directory with all that is in it; nothing there is no error."""
    if not exists(path):
        return
    if stat.S_ISDIR(os.lstat(path).st_mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def write_file(path: str, data: bytes, owner: "Owner | None" = None, *, beside: str = ".new") -> None:
    """
    Replace the file at *path* by *data*, atomically, and have it on the disk.

    :param beside: as in `reserve_file`.
    """
    put_reserved(reserve_file(path, data, owner, beside=beside), path)


def reserve_file(path: str, data: bytes, owner: "Owner | None" = None, *, beside: str = ".new") -> str:
    """
    Return the name beside *path* that has *data* and is on the disk: a rename to *path* needs no more room.

    :param beside: what that name ends with. With the default the directory is the importer's own, and what an
        interrupted run left there is removed.
    """
    new = path + beside
    if beside == ".new":
        remove(new)
    with open(new, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    if owner is not None:
        owner.give(new, owner.file_mode)
    return new


def put_reserved(new: str, path: str) -> None:
    """Give the file *new* the name *path* in the same directory, and have that on the disk."""
    os.replace(new, path)
    sync_folder(os.path.dirname(path))


def sync_folder(path: str) -> None:
    """Have the names in the directory *path* on the disk; Windows cannot, and does it by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(path: str) -> None:
    """Have everything that was written to the file system of the directory *path* on the disk, with one call."""
    if os.name == "nt":
        return
    function: Any = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if function is None:
        os.sync()
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if function(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(descriptor)


def exchange(one: str, other: str) -> bool:
    """Swap the names of two directories atomically; return ``False`` where the system cannot (renameat2(2))."""
    if not sys.platform.startswith("linux"):
        return False
    library: Any = ctypes.CDLL(None, use_errno=True)
    arguments = (AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    if hasattr(library, "renameat2"):
        failed = library.renameat2(*arguments)
    elif platform.machine() in RENAMEAT2:
        failed = library.syscall(RENAMEAT2[platform.machine()], *arguments)
    else:
        return False
    code = ctypes.get_errno()
    if not failed:
        return True
    if code in UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), other)


def room_fault(path: str, wanted: int, files: int) -> str:
    """Return why the disk of *path* has no room for *wanted* bytes in so many *files*, ``""`` if it has."""
    free = shutil.disk_usage(path).free
    if free < wanted:
        return f"{path} needs {wanted:,} bytes, and {free:,} are free"
    inodes = os.statvfs(path) if hasattr(os, "statvfs") else None
    if inodes is not None and inodes.f_files and inodes.f_favail < files:
        return f"{path} needs {files:,} files, and the disk has room for {inodes.f_favail:,}"
    return ""


def can_link(folder: str) -> bool:
    """Return whether the directory has hard links, by making one."""
    one, other = os.path.join(folder, "link.new"), os.path.join(folder, "link.other.new")
    placing = Placing()
    for path in (one, other):
        remove(path)
    open(one, "xb").close()
    placing.put(one, other)
    for path in (one, other):
        remove(path)
    return not placing.copies
