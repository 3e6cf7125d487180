"""Progress of the suite's process, as lines on its standard output for the process that started it."""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING

from pypi_subset.support.progress import SILENT, Silent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from pypi_subset.support.progress import Progress, Stage, Unit


_TOTAL, _DONE, _PART = "pypi-subset total ", "pypi-subset done ", "pypi-subset part "


class Sender(Silent):
    """A `Progress` whose stage is written to *stream*, a line for each step."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def stage(
        self,
        name: str,  # noqa: ARG002 - the receiver names it
        total: int,
        unit: Unit = "steps",  # noqa: ARG002 - as above
    ) -> AbstractContextManager[Stage]:
        """Send the number of steps."""
        self._send(f"{_TOTAL}{total}")
        return contextlib.nullcontext(self)

    def advance(self, count: int = 1) -> None:
        """Send that *count* more steps are done."""
        self._send(f"{_DONE}{count}")

    def expect(self, count: int) -> None:
        """Send nothing: the number of steps is known when the stage begins."""

    def finished(self, part: str, seconds: float) -> None:
        """Send that *part* took *seconds*."""
        self._send(f"{_PART}{seconds:.3f} {part}")

    def _send(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def receive(lines: Iterable[str], progress: Progress) -> list[str]:
    """Show on *progress* what a `Sender` sent; return all other lines, which are complaints of pytest."""
    others: list[str] = []
    stage: Stage = SILENT
    with contextlib.ExitStack() as stack:
        for line in lines:
            if line.startswith(_TOTAL):
                stage = stack.enter_context(progress.stage("proving", int(line.removeprefix(_TOTAL))))
            elif line.startswith(_DONE):
                stage.advance(int(line.removeprefix(_DONE)))
            elif line.startswith(_PART):
                seconds, _, part = line.removeprefix(_PART).rstrip("\n").partition(" ")
                stage.finished(part, float(seconds))
            elif line.strip():
                others.append(line.rstrip())
    return others
