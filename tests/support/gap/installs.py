"""A mirrored site with a pip, and runs of the installer from it: in this process, or in another Python."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from virtualenv.seed.wheels import embed

from pypi_subset.pipeline import mirror as pipeline
from pypi_subset.standalone import joined as joiner
from pypi_subset.standalone.installer import program
from tests.support.gap.far import Done
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The newest pip for the Python of these tests.
PIP = max(Path(embed.__file__).parent.glob("pip-*.whl"))
#: How errors begin.
ERROR = "install.py: error: "


def pip_wheel() -> Wheel:
    """Return `PIP`, for an index."""
    with zipfile.ZipFile(PIP) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA") and one.count("/") == 1]
        return Wheel(PIP.name, PIP.read_bytes(), archive.read(name))


@dataclass(frozen=True)
class Lab:
    """A mirrored site: ``app`` needs ``lib``, and ``[bootstrap]`` adds pip."""

    root: Path

    @classmethod
    def made(cls, root: Path, targets: Mapping[str, object] | None = None, pips: Iterable[Path] = ()) -> Lab:
        """
        Return a site, mirrored below *root* from an index on loopback.

        :param targets: those of ``subset.toml``; without any, this machine and one with Windows.
        :param pips: wheels of pip beside the newest one.
        """
        space = Workspace(root / "work")
        space.toml(targets or {"here": "host", "windows": "cp310-win_amd64"}, more="[bootstrap]\npip = true\n")
        space.write("base.txt", "app\n")
        wheels = space.paths.requirements / "wheels"
        wheels.mkdir()
        for one in (PIP, *pips):
            (wheels / one.name).write_bytes(one.read_bytes())
        with own_index() as index:
            index.add(make_wheel("app", "2.0", requires=["lib"]), make_wheel("lib", "1.0"))
            pipeline.mirror(space.paths)
        return cls(root)

    @property
    def site(self) -> Path:
        """The site."""
        return self.root / "work" / "site"

    def lock(self, target: str = "here") -> Path:
        """Return the requirements of the set ``base`` for *target*."""
        return self.site / "locks" / f"base--{target}.requirements.txt"


def run(*arguments: str | Path) -> Done:
    """Return how a command ended, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = program.main([str(one) for one in arguments])
    return Done(code, out.getvalue(), err.getvalue())


def error_of(done: Done) -> str:
    """Return the line of the error, the last one of a run that printed nothing else about it."""
    assert done.out == ""
    *others, line = done.err.splitlines()
    assert line.startswith(ERROR), done.err
    assert not [one for one in others if one.startswith((ERROR, "Traceback"))]
    return line.removeprefix(ERROR)


def run_alone(python: str | Path, script: Path, *arguments: str | Path, **variables: str) -> Done:
    """
    Return how the one file ended, run by *python*.

    :param variables: of its environment, beside those of this process.
    """
    command = [str(python), str(script), *map(str, arguments)]
    environment = {**os.environ, **variables}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=environment
    )
    return Done(done.returncode, done.stdout, done.stderr)


@cache
def joined() -> bytes:
    """Return the one file."""
    return joiner.install()


def programs_of(environment: Path) -> Path:
    """Return the directory of an environment's programs."""
    return environment / ("Scripts" if sys.platform == "win32" else "bin")


def answer(environment: Path, code: str) -> str:
    """Return what the Python of an environment prints."""
    command = [str(programs_of(environment) / "python"), "-I", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
