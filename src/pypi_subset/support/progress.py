"""How a run reports its progress: a Protocol that the command implements for terminals, and a silent implementation."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Stage(Protocol):
    """A counted stage of a run; any thread may advance it."""

    def advance(self, count: int = 1) -> None:
        """Count *count* more steps as done."""


class Progress(Protocol):
    """Receives the lines and the counted stages of a run."""

    def say(self, line: str) -> None:
        """Show *line* to the user."""

    def warn(self, line: str) -> None:
        """Show *line* to the user as a warning."""

    def stage(self, name: str, total: int) -> AbstractContextManager[Stage]:
        """
        Return a context manager that shows the stage *name* while its block runs.

        :param total: the number of steps of the stage.
        """


class Silent:
    """A `Progress` and a `Stage` that show nothing."""

    def say(self, line: str) -> None:
        """Show nothing."""

    def warn(self, line: str) -> None:
        """Show nothing."""

    def stage(self, name: str, total: int) -> AbstractContextManager[Stage]:  # noqa: ARG002 - the Protocol's signature
        """Return a context manager that shows nothing."""
        return contextlib.nullcontext(self)

    def advance(self, count: int = 1) -> None:
        """Count nothing."""


#: What a caller without a screen passes.
SILENT = Silent()
