"""The rooms of builds: boxes of the proof's isolation, and the interpreters that build."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import MachineError
from pypi_subset.proof.isolation import available
from pypi_subset.proof.isolation.box import Box, Limits
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.isolation.views import PATH, TMP
from pypi_subset.proof.machines import boxes, interpreters, matching
from pypi_subset.sdists.build import HOOK
from pypi_subset.sdists.rooms import Python, Room, Said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.model.targets import Target
    from pypi_subset.proof.machines.interpreters import Interpreter

#: Where a build sees its directory and its environment: always there, so that no path of this machine gets into a wheel.
_FOLDER, _ENVIRONMENT = f"{TMP}/build", f"{TMP}/environment"
#: Seconds that a hook may take, bytes that it may write, and bytes of its output that are kept.
_PATIENCE, _WRITTEN, _KEPT = 3600.0, 8 << 30, 1 << 16


class BuildRooms:
    """
    Starts the commands of builds (`pypi_subset.sdists.rooms.Rooms`).

    :param unisolated: whether the user accepts builds that nothing isolates.
    """

    def __init__(self, *, unisolated: bool = False) -> None:
        self._unisolated = unisolated

    @functools.cached_property
    def isolation(self) -> str:
        """
        What isolates a build.

        :raises SubsetError: nothing does, and the user has not accepted that.
        """
        why = "--unisolated" if self._unisolated else available.refusal()
        if why and not self._unisolated:
            msg = f"a build runs the code of an sdist, which must be isolated, and this system refuses that: {why}"
            raise MachineError(msg, next_step="build on a system with namespaces, or with `--unisolated`")
        return f"{available.NONE}: {why}" if why else available.NAMESPACES

    def pythons(self) -> Sequence[Python]:
        """Return the interpreter that runs the tool, and then another CPython, if there is one."""
        return [_python(one) for one in self._found]

    def python_for(self, target: Target) -> Python | None:
        """Return the interpreter that proves *target* here, ``None`` if there is none."""
        found = matching.fitting(target, _here())
        return None if found is None or found.emulated else _python(found)

    def room(self, folder: Path, environment: Path) -> Room:
        """Return the room of a build."""
        isolated = self.isolation == available.NAMESPACES
        return Room(
            folder=folder,
            environment=environment,
            seen_folder=self.seen(folder),
            seen_environment=_ENVIRONMENT if isolated else str(environment),
        )

    def seen(self, folder: Path) -> str:
        """Return *folder* as a command sees it."""
        return _FOLDER if self.isolation == available.NAMESPACES else str(folder)

    def tool(self, folder: Path, command: Sequence[str], *, shown: Sequence[str], variables: Mapping[str, str]) -> Said:
        """
        Return how a command of the tool's own interpreter ended.

        :raises SubsetError: no box could be made.
        """
        return self._ended(folder, (*boxes.own(), *shown), (), command, variables)

    def run(self, room: Room, command: Sequence[str], *, python: Python, variables: Mapping[str, str]) -> Said:
        """
        Return how *command* ended.

        :raises SubsetError: no box could be made.
        """
        own = (one for one in self._found if one.path == python.path)
        interpreter = next(own, None) or next(one for one in _here() if one.path == python.path)
        shown = (str(HOOK), *boxes.of(interpreter))
        return self._ended(room.folder, shown, ((str(room.environment), room.seen_environment),), command, variables)

    def _ended(
        self,
        folder: Path,
        shown: tuple[str, ...],
        placed: tuple[tuple[str, str], ...],
        command: Sequence[str],
        variables: Mapping[str, str],
    ) -> Said:
        isolated = self.isolation == available.NAMESPACES
        box = Box(
            shown=shown,
            placed=placed if isolated else (),
            mounted=((str(folder), _FOLDER),) if isolated else (),
            folder=folder,
            limits=Limits(written=_WRITTEN, cpu=int(_PATIENCE)),
            isolated=isolated,
        )
        given = box.variables()
        path = os.pathsep.join([variables["PATH"], PATH if isolated else given.get("PATH", os.defpath)])
        try:
            done = outcome(box, command, _PATIENCE, variables={**given, **variables, "PATH": path})
        except OSError as error:
            return Said(code=127, why="", output=str(error))
        finally:
            boxes.give_back(folder)
        output = (done.stdout[-_KEPT:] + done.stderr[-_KEPT:]).decode(errors="replace")
        return Said(code=done.code, why=done.why, output=output)

    @property
    def _found(self) -> tuple[Interpreter, ...]:
        return _interpreters(os.environ.get("PATH", ""), interpreters.pyenv_root(os.environ))


@functools.cache
def _interpreters(path: str, pyenv: Path) -> tuple[Interpreter, ...]:
    """Return the interpreter that runs the tool, and another CPython if there is one: the first that runs."""
    own = interpreters.probe(Path(sys.executable))
    if own is None:
        msg = f"{sys.executable} does not say what it is"
        raise MachineError(msg, next_step="run the tool with another Python")
    for found in map(interpreters.probe, interpreters.candidates(path, pyenv)):
        if found is None or found.implementation != "cp" or found.emulated:
            continue
        if found.version >= interpreters.OLDEST and found.version[:2] != own.version[:2]:
            return own, found
    return (own,)


def _here() -> tuple[Interpreter, ...]:
    return _every(os.environ.get("PATH", ""), interpreters.pyenv_root(os.environ))


@functools.cache
def _every(path: str, pyenv: Path) -> tuple[Interpreter, ...]:
    """Return the interpreters of this machine, as a proof finds them."""
    return interpreters.find(interpreters.candidates(path, pyenv))


def _python(one: Interpreter) -> Python:
    tag = f"{one.implementation}{one.version[0]}{one.version[1]}"
    return Python(path=one.path, tag=tag, version=".".join(map(str, one.version)))
