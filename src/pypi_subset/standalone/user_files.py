"""Files that a user names: regular ones, so that no run waits for a pipe, or reads a device without an end."""

import os
import stat

from pypi_subset.standalone.errors import Misused, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO


def require_file(path: str) -> None:
    """
    Return if a regular file is at *path*; a link is followed.

    :raises Misused: something else is there.
    :raises OSError: nothing is there.
    """
    _require(path, os.stat(path).st_mode)


def open_user_file(path: str) -> "IO[bytes]":
    """
    Return the regular file at *path*, open for reading; a link is followed.

    :raises Misused: something else is there.
    :raises OSError: nothing is there, or it cannot be read.
    """
    # Before it is opened too: opening a device may do something.
    require_file(path)
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags)
    try:
        _require(path, os.fstat(descriptor).st_mode)
    except Misused:
        os.close(descriptor)
        raise
    return open(descriptor, "rb")


def read_user_file(path: str, most: int) -> bytes:
    """
    Return the content of the file at *path*.

    :param most: bytes that it may have.
    :raises Misused: it has more, or it is no regular file.
    :raises OSError: nothing is there, or it cannot be read.
    """
    with open_user_file(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise Misused(f"{shown(path)} has more than {most} bytes; name a smaller file")
    return data


def _require(path: str, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise Misused(f"{shown(path)} is a directory; name a file")
    if not stat.S_ISREG(mode):
        raise Misused(f"{shown(path)} is no file, but a pipe, a socket or a device; name a file")
