"""A box as the place of a pip: its pipes, its index, its temporary files."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from pypi_subset.errors import PipFailed, SubsetError
from pypi_subset.pip.runner import GENERAL, PipResult, logged
from pypi_subset.proof.isolation.launching import failed
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.isolation.running import InBox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.pip.pool import Served
    from pypi_subset.proof.isolation.box import Box
    from pypi_subset.proof.isolation.running import Running

#: Seconds that a server of pips may run: as long as the longest case.
_PATIENCE = 24 * 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """
    Where the pip of an environment runs (`pypi_subset.pip.pool.Place`).

    :param box: it may write below *folder*.
    :param folder: directory for temporary files, which may be large.
    :param serve: answers the connections of a socket that listens in the box.
    """

    box: Box
    folder: Path
    serve: Callable[[socket.socket], None]

    def variables(self, work: Path | None = None) -> dict[str, str]:
        """Return the environment of a run: the box's, with temporary files on disk."""
        del work
        temporary = self.folder / "tmp"
        return {**self.box.variables(), **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))}

    def start(self, command: Sequence[str], variables: Mapping[str, str]) -> Served:
        """Start *command*, a server of pips."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        with contextlib.ExitStack() as stack, open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            (stdin, orders), (results, stdout) = os.pipe(), os.pipe()
            served = (open(orders, "w", encoding="utf-8"), open(results, encoding="utf-8", errors="replace"))  # noqa: PTH123, SIM115
            try:
                streams = (stdin, stdout, nowhere.fileno())
                running = stack.enter_context(self.box.started(command, streams, variables=variables))
                self._listen(running, stack)
            finally:
                os.close(stdin)
                os.close(stdout)
            return _Served(running=running, stdin=served[0], stdout=served[1], held=stack.pop_all())

    def run(self, arguments: Sequence[str], *, python: Path, timeout: float) -> PipResult:
        """
        Return how one run of the pip of *python* ended.

        :param arguments: pip's command and its options.
        :param timeout: seconds after which it is ended.
        :raises PipFailed: it did not end in time, or wrote too much.
        """
        (self.folder / "tmp").mkdir(exist_ok=True)
        command: list[str | Path] = [python, "-I", "-m", "pip", *arguments, *GENERAL]
        with contextlib.ExitStack() as stack:

            def listening(running: Running) -> None:
                self._listen(running, stack)

            try:
                done = outcome(self.box, command, timeout, variables=self.variables(), begun=listening)
            except OSError as error:
                raise failed(str(error)) from error
        stdout, stderr = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        if done.code is None:
            msg = f"pip {arguments[0]} {done.why}"
            raise PipFailed(msg, output=stderr)
        return logged(PipResult(arguments, done.code, stdout, stderr), arguments)

    def _listen(self, running: Running, stack: contextlib.ExitStack) -> None:
        """Have what listens in the box answered, until *stack* closes."""
        if isinstance(running, InBox) and self.box.listen:
            listener = running.listener()
            stack.callback(shut, listener)
            self.serve(listener)


def shut(listener: socket.socket) -> None:
    """End the thread that accepts connections of *listener*, and with the socket its network."""
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)


@dataclass(kw_only=True)
class _Served:
    """A server of pips in a box; a thread waits for its end, and sees that it keeps its limits."""

    running: Running
    stdin: IO[str] | None
    stdout: IO[str] | None
    held: contextlib.ExitStack
    error: SubsetError | None = None
    _watch: threading.Thread = field(init=False)
    #: Another thread may end it while it is closed.
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._watch = threading.Thread(target=self._wait, daemon=True)
        self._watch.start()

    def kill(self) -> None:
        """End the process."""
        with self._lock:
            if not self._closed:
                self.running.end()

    def close(self) -> None:
        """
        End it, and close the pipes.

        :raises SubsetError: why it ended, where that is known.
        """
        with self._lock:
            self._closed = True
            self.running.end()
            self._watch.join()
        for stream in filter(None, (self.stdin, self.stdout)):
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        self.held.close()
        if self.error is not None:
            raise self.error

    def _wait(self) -> None:
        try:
            code = self.running.wait(_PATIENCE)
        except SubsetError as error:
            self.error = error
        except OSError as error:
            self.error = failed(str(error))
        else:
            if code is None and self.running.why:
                msg = f"pip {self.running.why}"
                self.error = PipFailed(msg)
