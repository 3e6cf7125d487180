"""What a run is told, and how it ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Order:
    """
    One run.

    :param root: the directory that holds requirements/, packages/ and site/.
    :param variables: environment variables for it.
    :param update: whether to update.
    :param after: the signal comes at a tick whose label holds this.
    :param nth: at which of those, from 1; 0 for never.
    :param kill: the signal.
    :param group: whether it goes to the whole process group, as from a terminal, or to the process alone.
    :param atomic: whether the system has an exchange in one step.
    :param cores: how many the machine seems to have; 0 for as many as it has.
    :param watched: whether ticks are counted at all.
    :param mounts: shell commands that mount something, for this run alone.
    :param paths: other places than those below *root*, by the name of the directory.
    """

    root: str
    variables: Mapping[str, str] = field(default_factory=dict)
    update: bool = False
    after: str = ""
    nth: int = 0
    kill: int = signal.SIGKILL
    group: bool = False
    atomic: bool = True
    cores: int = 0
    watched: bool = True
    mounts: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    How a run ended.

    :param status: exit code, or the negative number of the signal that ended it.
    :param error: the type and text of what was raised, empty if nothing was.
    :param ticks: labels, in order.
    :param audited: what the interpreter reported of itself, in the same form.
    :param left: what lies below the root, where it is mounted for the run alone: path → SHA-256, empty for directories.
    :param said: all that was written to standard output and standard error.
    :param seconds: from start to end.
    :param ended: when that was, as `time.monotonic` has it.
    """

    status: int
    error: tuple[str, ...]
    ticks: tuple[str, ...]
    audited: tuple[str, ...]
    left: Mapping[str, str]
    said: str
    seconds: float
    ended: float
