"""Runs first in the isolated network, as a script of its own: gives a new network its loopback, then becomes a command."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys

#: netdevice(7): set the flags of an interface; it is up.
_SET_FLAGS, _UP = 0x8914, 0x1
#: prctl(2): clear the capabilities that pass to a program that is started.
_PR_CAP_AMBIENT, _CLEAR_ALL = 47, 4


def loopback_up() -> None:
    """Bring up ``lo``, the only interface of a network namespace of one's own; it begins down."""
    import fcntl  # noqa: PLC0415 - exists where there are such namespaces

    with socket.socket() as plain:
        fcntl.ioctl(plain, _SET_FLAGS, struct.pack("16sH22x", b"lo", _UP))


def drop_capabilities() -> None:
    """Let what is started now have no more rights than its user: in a user namespace these were for ``lo`` alone."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)


if __name__ == "__main__":
    loopback_up()
    drop_capabilities()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the command is what we were started for
