"""What a build needs of the pipeline: the protocol alone."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Distribution
from pypi_subset.sdists.build import build
from pypi_subset.sdists.rooms import Python, Room, Rooms, Said
from tests.support.stages.sdists import make_buildable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.model.targets import Target


@dataclass(frozen=True)
class Plain:
    """Rooms without isolation, with one interpreter, in four lines each."""

    isolation: str = "none: a test"

    def pythons(self) -> Sequence[Python]:
        """Return the running interpreter."""
        version = ".".join(map(str, sys.version_info[:3]))
        return [Python(path=Path(os.path.realpath(sys.executable)), tag="cp311", version=version)]

    def python_for(self, target: Target) -> Python | None:
        """Return no interpreter: nothing is kept."""
        del target
        return None

    def room(self, folder: Path, environment: Path) -> Room:
        """Return a room at its own place."""
        return Room(folder=folder, environment=environment, seen_folder=str(folder), seen_environment=str(environment))

    def seen(self, folder: Path) -> str:
        """Return the directory at its own place."""
        return str(folder)

    def tool(self, folder: Path, command: Sequence[str], *, shown: Sequence[str], variables: Mapping[str, str]) -> Said:
        """Run *command*, which no build of this test asks for."""
        del folder, shown
        done = subprocess.run(command, env=dict(variables), capture_output=True, text=True, check=False)
        return Said(code=done.returncode, why="", output=done.stderr)

    def run(self, room: Room, command: Sequence[str], *, python: Python, variables: Mapping[str, str]) -> Said:
        """Run *command*."""
        del room, python
        done = subprocess.run(command, env=dict(variables), capture_output=True, text=True, check=False)
        return Said(code=done.returncode, why="", output=done.stderr)


def test_a_build_needs_the_protocol_alone(tmp_path: Path) -> None:
    """Another place to build is another implementation."""
    rooms: Rooms = Plain()
    sdist = make_buildable("leaf")
    path = tmp_path / sdist.filename
    path.write_bytes(sdist.data)
    facts = Distribution(filename=sdist.filename, project=canonicalize_name("leaf"), version=Version("1.0"))
    made = build(path, facts, rooms=rooms, work=tmp_path, resolve=lambda _: ())
    assert (made.path.name, made.differs) == ("leaf-1.0-0subset-py3-none-any.whl", "")
