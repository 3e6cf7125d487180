"""The stronger proof: a fresh virtual environment of a real interpreter, a real install, real imports."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from pypi_subset import piprun
from pypi_subset.errors import ProofFailed
from pypi_subset.proof import closure, held, imports, installing, scripts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model import Request
    from pypi_subset.proof.case import Case
    from pypi_subset.proof.installing import Files
    from pypi_subset.proof.interpreters import Interpreter
    from pypi_subset.proof.ways import Way

#: pip alone: a seeded setuptools would answer for one that is missing from the subset.
_SEED = ("--no-setuptools", "--no-download", "--no-periodic-update", "--activators=", "-qq")


#: A fresh environment, and what lies in it: its Python, and the folders of its libraries.
Environment = tuple["Path", tuple["Path", ...]]

#: The seeded pip must not answer for one that is requested: it goes, and the subset's own takes its place.
_OPTIONS = ("--force-reinstall", "--root-user-action=ignore")


class Installing:
    """
    How a case is proven where a real interpreter stands for the target.

    :param interpreter: that one.
    :param requests: those lines of the case that apply to the target.
    :param folder: a folder for this case alone.
    """

    def __init__(self, case: Case, interpreter: Interpreter, requests: Sequence[Request], folder: Path) -> None:
        self.case, self.interpreter, self.requests, self.folder = case, interpreter, requests, folder
        self._seeded: Environment | None = None

    def plan(self, way: Way) -> Files:
        """Return what pip would install; the one that is asked is a pip that was seeded, whatever the subset has."""
        self._seeded = self._seeded or self._fresh("planning")
        return installing.install(self.case, way, self.folder, self._pip(self._seeded), dry=True)

    def install(self, way: Way) -> tuple[Files, Environment]:
        """Return what pip installed into a fresh environment, and that."""
        self._seeded = environment = self._fresh(way.name)
        files = installing.install(self.case, way, self.folder, self._pip(environment))
        if any(one.project == "pip" for one in files):
            self._seeded = None
        return files, environment

    def judge(self, files: Files, environment: Environment) -> tuple[str, ...]:
        """
        Return notes on *environment*, which holds: checked by pip and by our own walk, imported, its scripts started.

        :raises ProofFailed: it does not hold.
        """
        (python, libraries), target = environment, self.case.target.name
        check = piprun.run(["check"], work=self.folder, python=python, timeout=installing.PATIENCE)
        if check.returncode:
            msg = f"pip check on {target}: {'; '.join(check.stdout.splitlines())}"
            raise ProofFailed(msg, target=target)
        own = {one.project for one in files}
        present = [one for one in closure.present_in(libraries) if one.project != "pip" or "pip" in own]
        for sentence in closure.gaps(present, self.requests, dict(self.interpreter.markers), target):
            raise ProofFailed(sentence, target=target)
        requested = {canonicalize_name(one.requirement.name) for one in self.requests}
        wanted = [one for one in present if one.project in requested]
        notes = imports.try_imports(wanted, python=python, folder=self.folder, target=target)
        notes += scripts.try_scripts(wanted, python=python, folder=self.folder, target=target)
        return (*installing.differences(self.case, files), *notes)

    def _fresh(self, name: str) -> Environment:
        folder = self.folder / name
        folder.mkdir()
        environment = fresh_environment(self.interpreter, folder, self.case.work)
        held.hold(self.case.target, environment[1][0])
        return environment

    def _pip(self, environment: Environment) -> installing.Pip:
        return installing.Pip(options=_OPTIONS, python=environment[0])


def fresh_environment(interpreter: Interpreter, folder: Path, shared: Path) -> tuple[Path, tuple[Path, ...]]:
    """
    Return the Python of a new virtual environment and its library folders; pip is in it and nothing else.

    :param folder: an empty folder, in which it is made.
    :param shared: a folder where virtualenv keeps what all environments of this run have in common.
    :raises ProofFailed: virtualenv could not make it, or put more in than it was told.
    """
    virtual_env = _virtual_env_class()
    try:
        made = virtual_env(
            env=piprun.sealed_environment(folder),
            workspace=str(folder),
            name="environment",
            python=str(interpreter.path),
            args=[*_SEED, "--app-data", str(shared / "app-data")],
        )
    except (subprocess.CalledProcessError, OSError) as error:
        msg = f"virtualenv could not make an environment of {interpreter}: {getattr(error, 'output', '') or error}"
        raise ProofFailed(" ".join(msg.split())) from error
    root = Path(made.virtualenv)
    libraries = {path.resolve(): path for path in [*root.glob("lib*/*/site-packages"), root / "Lib" / "site-packages"]}
    folders = tuple(path for path in libraries.values() if path.is_dir())
    seeded = sorted(one.project for one in closure.present_in(folders))
    if seeded != ["pip"]:
        msg = f"a fresh environment of {interpreter} holds {', '.join(seeded) or 'nothing'}, and should hold pip alone"
        raise ProofFailed(msg)
    return Path(made.python), folders


def _virtual_env_class() -> Any:
    """Return `pytest_virtualenv.VirtualEnv`, whose module warns of itself when it is loaded."""
    with warnings.catch_warnings():
        # It declares a fixture in a way that pytest 10 drops; we use the class alone, and pytest is capped.
        warnings.filterwarnings("ignore", message=".*yield_fixture is deprecated")
        # It loads pytest, which no other module here needs, and comes without types.
        import pytest_virtualenv  # type: ignore[import-untyped]  # noqa: PLC0415
    # It would take this from an environment variable, and start it with the current folder on its path.
    pytest_virtualenv.CONFIG.virtualenv_executable = [sys.executable, "-I", "-m", "virtualenv"]
    return pytest_virtualenv.VirtualEnv
