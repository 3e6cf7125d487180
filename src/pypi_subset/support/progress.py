"""How a run reports its progress: a Protocol that the command implements for terminals, and a silent implementation."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


#: What a stage counts.
Unit = Literal["steps", "bytes"]


class Stage(Protocol):
    """A counted stage of a run; any thread may advance it."""

    def advance(self, count: int = 1) -> None:
        """Count *count* more steps, or bytes, as done."""

    def expect(self, count: int) -> None:
        """Add *count* to the total."""

    def finished(self, part: str, seconds: float) -> None:
        """Show that *part* of the stage, such as that for one target, took *seconds*."""


class Progress(Protocol):
    """Receives the lines and the counted stages of a run."""

    def say(self, line: str) -> None:
        """Show *line* to the user."""

    def warn(self, line: str) -> None:
        """Show *line* to the user as a warning."""

    def stage(self, name: str, total: int, unit: Unit = "steps") -> AbstractContextManager[Stage]:
        """
        Return a context manager that shows the stage *name* while its block runs.

        :param total: the number of steps or bytes of the stage, as far as it is known.
        """


class Silent:
    """A `Progress` and a `Stage` that show nothing."""

    def say(self, line: str) -> None:
        """Show nothing."""

    def warn(self, line: str) -> None:
        """Show nothing."""

    def stage(
        self,
        name: str,  # noqa: ARG002
        total: int,  # noqa: ARG002
        unit: Unit = "steps",  # noqa: ARG002
    ) -> AbstractContextManager[Stage]:
        """Return a context manager that shows nothing."""
        return contextlib.nullcontext(self)

    def advance(self, count: int = 1) -> None:
        """Count nothing."""

    def expect(self, count: int) -> None:
        """Expect nothing."""

    def finished(self, part: str, seconds: float) -> None:
        """Show nothing."""


#: What a caller without a screen passes.
SILENT = Silent()
