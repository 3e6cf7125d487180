"""The stronger proof: a fresh virtual environment of a real interpreter, a real install, real imports."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.pip import pool, runner
from pypi_subset.proof import closure
from pypi_subset.proof.machines import manylinux_policy
from pypi_subset.proof.machines.venvs import fresh_environment
from pypi_subset.proof.methods import console_scripts, imports, pip_install

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from pypi_subset.model.requests import Request
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.machines.interpreters import Interpreter
    from pypi_subset.proof.methods.pip_install import Files, Run


#: The seeded pip must not answer for one that is requested: it goes, and the subset's own takes its place.
_OPTIONS = ("--force-reinstall", "--root-user-action=ignore")


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """A fresh environment: its Python, the folders of its libraries, and what runs the pip that was seeded into it."""

    python: Path
    libraries: tuple[Path, ...]
    pip: Run


@dataclass(kw_only=True)
class Installing:
    """
    How a case is proven where a real interpreter stands for the target.

    :param requests: those lines of the case that apply to the target.
    :param folder: a folder for this case alone.
    :param ending: what is ended with the case.
    """

    case: Case
    interpreter: Interpreter
    requests: Sequence[Request]
    folder: Path
    ending: ExitStack
    _seeded: Environment | None = None

    def plan(self, way: Way) -> Files:
        """Return what pip would install; the one that is asked is a pip that was seeded, whatever the subset has."""
        self._seeded = self._seeded or self._fresh("planning")
        return pip_install.install(self.case, way, self.folder, self._seeded.pip, _OPTIONS, dry=True)

    def install(self, way: Way) -> tuple[Files, Environment]:
        """Return what pip installed into a fresh environment, and that."""
        self._seeded = environment = self._fresh(way.name)
        files = pip_install.install(self.case, way, self.folder, environment.pip, _OPTIONS)
        if _brings_pip(files):
            self._seeded = None
        return files, environment

    def judge(self, files: Files, environment: Environment) -> tuple[str, ...]:
        """Return notes on *environment*; raise `ProofFailed` if pip, our own walk, an import or a script finds a fault."""
        python, target = environment.python, self.case.target.name
        # A pip of the subset must start anew: the one that was seeded is gone.
        run: Run = partial(runner.run, python=python) if _brings_pip(files) else environment.pip
        check = run(["check"], work=self.folder, timeout=pip_install.PATIENCE)
        if check.returncode:
            msg = f"pip check on {target}: {'; '.join(check.stdout.splitlines())}"
            raise ProofFailed(msg, target=target)
        present = [
            one for one in closure.present_in(environment.libraries) if one.project != "pip" or _brings_pip(files)
        ]
        markers = dict(self.interpreter.markers)
        for sentence in closure.gaps(present, self.requests, markers, target):
            raise ProofFailed(sentence, target=target)
        requested = {canonicalize_name(one.requirement.name) for one in self.requests}
        asked = closure.asked_of(present, self.requests, markers, target)
        wanted = [one for one in asked if one.project in requested]
        notes = imports.try_imports(wanted, python=python, folder=self.folder, target=target)
        notes += console_scripts.try_scripts(wanted, python=python, folder=self.folder, target=target)
        return (*pip_install.differences(self.case, files), *notes)

    def _fresh(self, name: str) -> Environment:
        folder = self.folder / name
        folder.mkdir()
        python, libraries = fresh_environment(self.interpreter, folder, self.case.work)
        manylinux_policy.hold(self.case.target, libraries[0])
        run: Run = partial(runner.run, python=python)
        if self.interpreter.implementation == "cp" and not self.interpreter.emulated:
            # Here forking is plain: one process imports pip once.
            run = partial(self.ending.enter_context(pool.Pips(folder, python)).run, environment=None)
        return Environment(python=python, libraries=libraries, pip=run)


def _brings_pip(files: Files) -> bool:
    return any(one.project == "pip" for one in files)
