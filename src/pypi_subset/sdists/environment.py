"""A build environment: a fresh virtual environment with the locked wheels, which nothing may write after that."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.sources import WheelFile

from pypi_subset.distributions.wheel import check_wheel
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from installer.scripts import LauncherKind

    from pypi_subset.sdists.rooms import Python, Room

#: Seconds in which an interpreter must have made an environment.
_PATIENCE = 120
_PATHS = "import json, sysconfig; print(json.dumps(sysconfig.get_paths()))"


def make(room: Room, python: Python, wheels: Iterable[tuple[Path, str]]) -> str:
    """
    Make the environment of *room*, install *wheels*, and return the path of its interpreter, as a command in it sees it.

    No code of the wheels runs.

    :param wheels: path and file name of each; their hashes were compared.
    :raises BadDistribution: a wheel is damaged.
    :raises OSError: the interpreter does not run.
    :raises SubprocessError: it cannot make an environment.
    """
    here = room.environment
    _run([str(python.path), "-I", "-m", "venv", "--without-pip", "--symlinks", str(here)])
    own = next(path for path in (here / "bin" / "python", here / "Scripts" / "python.exe") if os.path.lexists(path))
    paths = json.loads(_run([str(own), "-I", "-c", _PATHS]))
    seen = os.path.join(room.seen_environment, own.relative_to(here).as_posix())  # noqa: PTH118 - of another root
    kind: LauncherKind = "posix" if os.name == "posix" else "win-amd64"
    destination = SchemeDictionaryDestination(
        scheme_dict={key: paths[key] for key in ("purelib", "platlib", "scripts", "data")}
        | {"headers": paths["include"]},
        interpreter=seen,
        script_kind=kind,
    )
    for path, filename in wheels:
        check_wheel(path, filename)
        with files.folder_errors(here), WheelFile.open(path) as source:
            install(source=source, destination=destination, additional_metadata={"INSTALLER": b"pypi-subset\n"})
    return seen


def _run(command: list[str]) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    done = subprocess.run(command, env=kept, capture_output=True, text=True, check=True, timeout=_PATIENCE)
    return done.stdout
