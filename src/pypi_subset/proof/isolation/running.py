"""A command that runs in a box, or without one where the system has none: waiting for it, watching it, ending it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pypi_subset.proof.isolation.launching import failed

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

#: Seconds between two looks at what was written, at least; and how many times longer than a look the pause is.
_PAUSE, _SPARED = 0.05, 30


class Running(Protocol):
    """
    A command that was started.

    `why` is the reason for which it was ended before its time, ``""`` if it ended by itself.
    """

    why: str

    def wait(self, timeout: float) -> int | None:
        """
        Return the exit code, negative for a signal, or ``None`` if the command was ended here: see `why`.

        :param timeout: seconds of wall time.
        :raises BoxFailed: the box could not be made.
        :raises OSError: its program could not be started.
        """

    def end(self) -> None:
        """End the command and everything that it started."""

    def close(self) -> None:
        """Close what belongs to a command that has ended."""


@dataclass(kw_only=True, slots=True)
class InBox:
    """
    A box that runs.

    :param channel: where the launcher reports; the command cannot write to it.
    :param launched: a descriptor of the launcher's process (pidfd_open(2)). The box ends with that process.
        ``None`` if it had ended before.
    :param begun: whether the box was made: what ends it from then on is the command's doing.
    :param excess: returns why the command must end, ``""`` if it may run on; ``None`` where nothing is watched.
    """

    channel: socket.socket
    launched: int | None
    excess: Callable[[], str] | None
    why: str = ""
    ended: bool = False
    begun: bool = False

    def listener(self) -> socket.socket:
        """
        Return a socket that listens inside the box, for a server outside it.

        :raises BoxFailed: the box could not be made.
        """
        word, descriptors, _, _ = socket.recv_fds(self.channel, _LONGEST, 1)
        if not descriptors:
            _ended(word)
        return socket.socket(fileno=descriptors[0])

    def wait(self, timeout: float) -> int | None:
        """Return the exit code, as `Running` says."""
        until, pause = time.monotonic() + timeout, timeout if self.excess is None else _PAUSE
        while not self.why:
            if self._speaks(min(pause, until - time.monotonic())):
                message = self.channel.recv(_LONGEST)
                if message == b"begun":
                    self.begun = True
                    continue
                if not message and self.ended:
                    return None
                # Process 1 was killed: the command has used up the memory of its box.
                code = -signal.SIGKILL if not message and self.begun else _ended(message)
                self._look()
                return None if self.why else code
            pause = self._look()
            if time.monotonic() >= until:
                self.why = self.why or f"did not end within {timeout:g} s"
        self.end()
        return None

    def end(self) -> None:
        """End the box with everything in it; return when process 1 of the box is gone."""
        self.ended = True
        if self.launched is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.launched, signal.SIGKILL)
        # Process 1 holds the other end of the channel until it is gone. What it said stays to be read.
        self._speaks(_PATIENCE, events=0)

    def close(self) -> None:
        """Close what belongs to a box that has ended."""
        if self.launched is not None:
            os.close(self.launched)
        self.channel.close()

    def _speaks(self, seconds: float, events: int = select.POLLIN) -> bool:
        """Whether a message or the end of the channel arrives within *seconds*; the end alone if *events* is 0."""
        poll = select.poll()
        poll.register(self.channel, events)
        return bool(poll.poll(max(0.0, seconds) * 1000))

    def _look(self) -> float:
        """Set `why` if the command must end; return the seconds until the next look."""
        if self.excess is None:
            return _PATIENCE
        started = time.monotonic()
        self.why = self.excess()
        return max(_PAUSE, _SPARED * (time.monotonic() - started))


#: Seconds in which a box that was ended must be gone.
_PATIENCE = 60.0
#: How the reason begins if the kernel refused what a box needs.
REFUSES = "this system refuses it: "
#: Bytes of the longest message of the launcher.
_LONGEST = 4096


def _ended(message: bytes) -> int:
    word, _, rest = message.decode(errors="replace").partition(" ")
    if word == "ended":
        return int(rest)
    if word == "unstarted":
        raise OSError(rest)
    raise failed(f"{REFUSES}{rest}" if word == "refused" else "it ended without a word")


@dataclass(kw_only=True, slots=True)
class InTheOpen:
    """A command without a box, in a process group of its own."""

    process: subprocess.Popen[bytes]
    why: str = ""

    def wait(self, timeout: float) -> int | None:
        """Return the exit code, as `Running` says."""
        import subprocess  # noqa: PLC0415 - for the name of an error alone

        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.why = f"did not end within {timeout:g} s"
            return None

    def end(self) -> None:
        """End the command and what is left of its process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Close nothing: the streams belong to the caller."""
