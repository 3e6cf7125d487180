"""One command in a box from its start to its end: how it ended, and what it wrote."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.proof.isolation.box import Box
    from pypi_subset.proof.isolation.running import Running

#: Bytes of one stream that are kept. A command that writes more waits in vain for a reader.
MOST = 1 << 24
#: Seconds that a pipe may stay open after the command and its process group have ended.
_PATIENCE = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """
    How a command ended.

    :param code: its exit code, negative for a signal, ``None`` if it was ended.
    :param why: why it was ended.
    :param stdout: what it wrote to standard output.
    :param stderr: what it wrote to standard error.
    """

    code: int | None
    why: str
    stdout: bytes
    stderr: bytes


def outcome(
    box: Box,
    command: Sequence[str | Path],
    timeout: float,
    *,
    variables: Mapping[str, str] | None = None,
    begun: Callable[[Running], None] = lambda _: None,
) -> Outcome:
    """
    Return how *command* ended in *box*; nothing that it started is left.

    :param timeout: seconds of wall time.
    :param variables: its environment, if it is not the box's.
    :param begun: called when it was started.
    :raises BoxFailed: the box could not be made.
    :raises OSError: the command could not be started.
    """
    with _reader() as out, _reader() as err, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - no path
        with box.started(command, (nothing.fileno(), out.end, err.end), variables=variables) as running:
            out.begin()
            err.begin()
            begun(running)
            code = running.wait(timeout)
        return Outcome(code=code, why=running.why, stdout=out.data(), stderr=err.data())


class _Reader:
    """Reads one pipe in a thread, so that its writer need not wait."""

    def __init__(self) -> None:
        self._start, self.end = os.pipe()
        self._found = b""
        self._thread = threading.Thread(target=self._read, daemon=True)

    def begin(self) -> None:
        """Read from now on; the command has its own copy of the end."""
        os.close(self.end)
        self.end = -1
        self._thread.start()

    def data(self) -> bytes:
        """Return all that was read; without isolation a process that left its group may still hold the pipe."""
        self._thread.join(_PATIENCE)
        return self._found

    def close(self) -> None:
        """Close what is left open."""
        if self.end >= 0:
            os.close(self.end)
        if not self._thread.is_alive():
            os.close(self._start)

    def _read(self) -> None:
        while len(self._found) < MOST and (part := os.read(self._start, 1 << 16)):
            self._found += part


@contextlib.contextmanager
def _reader() -> Iterator[_Reader]:
    made = _Reader()
    try:
        yield made
    finally:
        made.close()
