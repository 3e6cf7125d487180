"""The launcher of boxes: one process for each of ours, which starts Python once and forks for each box."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import BoxFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The program, which needs the standard library alone.
SCRIPT = Path(__file__).with_name("_launcher.py")
#: Seconds after which a launcher that does not answer is given up.
_PATIENCE = 60.0


def failed(what: str) -> BoxFailed:
    """Return the error for a box that failed, for the reason *what*."""
    return BoxFailed(
        f"a box could not do its work: {what}",
        next_step="this is an error of the machine, not of a package: run verify again, or with `--unisolated`",
    )


class Launcher:
    """Starts the launcher with the first order, and again in a process that was forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: socket.socket | None = None
        self._owner = 0

    def order(self, descriptors: Sequence[int]) -> int | None:
        """
        Return a descriptor of the process that makes a box (pidfd_open(2)); ``None`` if that process has ended already.

        :param descriptors: of its description, standard input, output and error, and of the socket for its messages.
        :raises BoxFailed: the launcher cannot be started, or has ended.
        """
        with self._lock:
            try:
                if self._orders is None or self._owner != os.getpid():
                    self._orders = self._started()
                socket.send_fds(self._orders, [b"o"], list(descriptors))
                child = int(self._orders.recv(32))
                # A process that was refused something at once said so, and is gone.
                try:
                    return os.pidfd_open(child)
                except ProcessLookupError:
                    return None
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                self.close()
                msg = f"the launcher: {error}"
                raise failed(msg) from error

    def close(self) -> None:
        """End the launcher, if this process started it."""
        if self._orders is not None:
            self._orders.close()
            self._orders = None

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_PATIENCE)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SCRIPT), str(theirs.fileno())],
                env={},
                stdin=subprocess.DEVNULL,
                cwd="/",
                pass_fds=(theirs.fileno(),),
                # Ctrl-C in a terminal is for us. The launcher ends when no process can send orders any more.
                start_new_session=True,
            )
        self._owner = os.getpid()
        # Nothing waits for it: it ends with this process.
        process.returncode = 0
        return ours


LAUNCHER = Launcher()
# Its end is the end of the launcher.
atexit.register(LAUNCHER.close)
