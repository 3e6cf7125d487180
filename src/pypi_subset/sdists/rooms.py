"""Where a build runs: what the pipeline brings, which alone knows boxes and interpreters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.targets import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Python:
    """
    An interpreter that builds.

    :param path: the executable itself, no link of an environment.
    :param tag: of the interpreter, as ``cp311``.
    :param version: in full, as ``3.11.7``.
    """

    path: Path
    tag: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """
    How a command ended.

    :param code: its exit code, ``None`` if it was ended.
    :param why: why it was ended.
    :param output: what it wrote, both streams, the last lines of it.
    """

    code: int | None
    why: str
    output: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """
    The directories of one build.

    :param folder: the only directory that it may write.
    :param environment: the build environment, read-only.
    :param seen_folder: *folder* as the command sees it.
    :param seen_environment: *environment* as the command sees it.
    """

    folder: Path
    environment: Path
    seen_folder: str
    seen_environment: str


class Rooms(Protocol):
    """Starts the commands of builds."""

    @property
    def isolation(self) -> str:
        """
        What isolates a build on this machine, ``namespaces``, or ``none`` and why.

        :raises SubsetError: nothing does, and the user has not accepted that.
        """

    def pythons(self) -> Sequence[Python]:
        """Return the interpreter that runs the tool, and then another one, if one was found."""

    def python_for(self, target: Target) -> Python | None:
        """Return the interpreter of this machine that stands for *target*, ``None`` if there is none."""

    def room(self, folder: Path, environment: Path) -> Room:
        """Return the room of a build; it is the same for every build, as the command sees it, if builds are isolated."""

    def seen(self, folder: Path) -> str:
        """Return the directory *folder* of a build as a command sees it."""

    def tool(self, folder: Path, command: Sequence[str], *, shown: Sequence[str], variables: Mapping[str, str]) -> Said:
        """
        Return how *command*, of the tool's own interpreter, ended; it writes *folder* alone.

        :param shown: paths that it sees besides.
        """

    def run(self, room: Room, command: Sequence[str], *, python: Python, variables: Mapping[str, str]) -> Said:
        """
        Return how *command* ended; nothing that it started is left, and what it wrote belongs to this user.

        :param command: its first word is an interpreter of the environment.
        :param python: the interpreter that the environment is of.
        :param variables: environment variables beside those that every command gets.
        """
