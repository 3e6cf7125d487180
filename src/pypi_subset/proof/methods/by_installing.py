"""The proof for a machine that this one can stand for: a fresh environment, a real installation, real imports."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.pip import pool
from pypi_subset.proof import closure
from pypi_subset.proof.access.unpacked_size import unpacked_size
from pypi_subset.proof.cases.lock_reader import pin_of
from pypi_subset.proof.imports import console_scripts, importing
from pypi_subset.proof.imports.settling import Settled, settled
from pypi_subset.proof.isolation.box import new_uid
from pypi_subset.proof.isolation.pips import Place
from pypi_subset.proof.machines import boxes, manylinux_policy, venvs
from pypi_subset.proof.methods import overwritten, pip_install, planning, readable, record
from pypi_subset.proof.methods.keeping import Keeping, Part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.requests import Request
    from pypi_subset.pip.runner import PipResult
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.closure import Present
    from pypi_subset.proof.isolation.box import Box
    from pypi_subset.proof.machines.interpreters import Interpreter
    from pypi_subset.proof.methods.pip_install import Files, Run


#: Where the subset has a pip, that very one is installed, although the seeded one would satisfy.
_OPTIONS = ("--force-reinstall", "--root-user-action=ignore")
#: Where the interpreter brings projects, pip must find them installed.
_OPTIONS_BESIDE = _OPTIONS[1:]


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """
    An environment of a case, and what runs the seeded pip for it.

    :param work: directory that its Install box may write.
    :param box: that box.
    :param state: what it held before anything was installed, as `venvs.state_of` returns it.
    :param ending: ends that pip.
    """

    fresh: venvs.Environment
    work: Path
    box: Box
    pip: Run
    state: dict[str, str]
    ending: ExitStack

    @property
    def python(self) -> Path:
        """The interpreter, as a box sees it."""
        return self.fresh.python


@dataclass(kw_only=True)
class Installing:
    """
    How a case is proven where a real interpreter stands for the target.

    :param requests: those lines of the case that apply to the target.
    :param folder: a directory for this case alone.
    :param ending: what is ended with the case.
    """

    case: Case
    interpreter: Interpreter
    requests: Sequence[Request]
    folder: Path
    ending: ExitStack
    _planning: Environment | None = field(default=None, init=False)
    #: The user of all boxes of the case, which read what another of them wrote.
    _uid: int = field(default_factory=new_uid, init=False)

    def plan(self, way: Way) -> Files:
        """Return what pip would install; a seeded pip that runs no code of the subset is asked."""
        if self._keeping and self._keeping.whole:
            return planning.planned(self.case, self.interpreter, way.name, self._options)
        self._planning = self._planning or self._fresh("planning", self.folder, way)
        return self._pip(way, self._planning, dry=True)

    def install(self, way: Way) -> tuple[Files, Environment | Part]:
        """
        Return what pip installed into a fresh environment, and that.

        Where an installation of the whole set is kept and pip would take nothing but files of it, these are linked.
        """
        # Of a site elsewhere the box bounds what is written.
        readable.check(self.case, tuple)
        keeping = self._keeping
        if keeping and keeping.whole:
            files = self.plan(way)
            if not _brings_pip(files) and (part := keeping.linked(files, self.requests)):
                return files, part
        keeps = keeping is not None and keeping.begins(way)
        environment = self._fresh(way.name, keeping.new_folder() if keeping and keeps else self.folder, way)
        files = self._pip(way, environment)
        # pip may have ended between two looks at what it writes.
        if why := environment.box.excess():
            msg = f"pip {why}"
            raise ProofFailed(msg, target=self.case.target.name)
        if keeping and keeps and not _brings_pip(files):
            # From here on no box writes there.
            environment.ending.close()
            if kept := keeping.kept(files, environment.fresh, environment.state):
                return files, kept
            return files, environment
        if self._forks and not _brings_pip(files):
            # What it runs was loaded before anything was installed.
            self._planning = environment
        return files, environment

    def judge(self, files: Files, environment: Environment | Part) -> Settled:
        """
        Return notes on *environment*, and what makes it amber.

        :raises ProofFailed: pip, our own walk, an import or a script finds a fault that is not accepted.
        """
        fresh, target = environment.fresh, self.case.target.name
        record.validate(self.case, files)
        shared = overwritten.validate(self.case, files, self.requests)
        for name in venvs.replaced(fresh.root, environment.state) if isinstance(environment, Environment) else ():
            msg = f"the files of a wheel replaced {name}, a part of the environment on {target}"
            raise ProofFailed(msg, target=target)
        box = self.asking(environment)
        self._pip_check(files, environment, box)
        present = closure.present_in(fresh.libraries)
        one = self.interpreter
        for sentence in closure.gaps(present, self.requests, dict(one.markers), target, dict(one.brought)):
            raise ProofFailed(sentence, target=target)
        found = self._imported(present, environment, box)
        notes = (*pip_install.differences(self.case, files), *shared, *found.notes)
        return Settled(notes=notes, findings=found.findings)

    def imported(self, environment: Environment | Part, box: Box) -> Settled:
        """
        Return what the imports and scripts of what was requested showed.

        :param box: shows *environment*.
        :raises ProofFailed: one of them is red, and not accepted.
        """
        return self._imported(closure.present_in(environment.fresh.libraries), environment, box)

    def _imported(self, present: Sequence[Present], environment: Environment | Part, box: Box) -> Settled:
        one, target = self.interpreter, self.case.target.name
        closed = closure.declared(present, self.requests, dict(one.markers), target, dict(one.brought))
        requested = {canonicalize_name(one.requirement.name) for one in self.requests}
        wanted = [each for each in closed.present if each.project in requested]
        every = [
            *importing.try_imports(wanted, closed, python=environment.python, box=box, target=target),
            *console_scripts.try_scripts(wanted, closed, python=environment.python, box=box, target=target),
        ]
        return settled(every, target=target, accepted=self.case.accepted, strict=self.case.strict_imports)

    def asking(self, environment: Environment | Part) -> Box:
        """Return the box that sees *environment*, and can write nothing of it."""
        fresh, whole = environment.fresh, environment.whole if isinstance(environment, Part) else None
        placed = ((str(fresh.root), whole.facts.root),) if whole else ()
        return boxes.asking(
            self.interpreter,
            (fresh.seed,) if placed else (fresh.root, fresh.seed),
            self._own("asking"),
            uid=self._uid,
            isolated=self.case.isolated,
            placed=placed,
            compiled=whole.bytecode if whole and whole.bytecode.is_dir() else None,
        )

    @cached_property
    def _keeping(self) -> Keeping | None:
        """What is kept of the set, ``None`` unless boxes can see it in one place and write none of it."""
        case = self.case
        if not case.isolated or not self._forks or case.url:
            return None
        return Keeping(case=case, interpreter=self.interpreter, ending=self.ending)

    @cached_property
    def _forks(self) -> bool:
        """Whether one process imports pip once and forks for each run: where forking is plain."""
        return self.interpreter.implementation == "cp" and not self.interpreter.emulated

    @cached_property
    def _inputs(self) -> Path:
        """The directory of what pip reads: its box sees it, and cannot write it."""
        return self._own("inputs")

    def _own(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        # Its box has another user, whatever this one's mask is.
        folder.chmod(0o755)
        return folder

    def _pip(self, way: Way, environment: Environment, *, dry: bool = False) -> Files:
        report = environment.work / "installed.json"
        return pip_install.install(self.case, way, self._inputs, environment.pip, self._options, report=report, dry=dry)

    @property
    def _options(self) -> tuple[str, ...]:
        beside = self.interpreter.brought and not any(pin_of(pin).name == "pip" for pin in self.case.pins)
        return _OPTIONS_BESIDE if beside else _OPTIONS

    def _pip_check(self, files: Files, environment: Environment | Part, box: Box) -> None:
        """
        Have pip check the environment.

        :raises ProofFailed: pip finds a fault.
        """
        if isinstance(environment, Part):
            run: Run = partial(planning.run, self.case, self.interpreter, libraries=environment.fresh.libraries)
        elif not self._forks or _brings_pip(files):
            # A pip of the subset must start in a new process, where it can write nothing.
            place = Place(box=box, folder=self.folder, serve=lambda _: None)
            run = partial(_alone, place, environment.python)
        else:
            run = environment.pip
        check = run(["check"], work=self.folder, timeout=pip_install.PATIENCE)
        if check.returncode:
            msg = f"pip check on {self.case.target.name}: {'; '.join(check.stdout.splitlines())}"
            raise ProofFailed(msg, target=self.case.target.name)

    def _fresh(self, name: str, folder: Path, way: Way) -> Environment:
        work = folder / name
        work.mkdir()
        fresh = venvs.fresh_environment(self.interpreter, work, self.case.work, isolated=self.case.isolated)
        manylinux_policy.hold(self.case.target, fresh.libraries[0])
        state = venvs.state_of(fresh.root)
        box = boxes.installing(
            self.interpreter,
            way.reach,
            (self.case.site, fresh.seed, self._inputs),
            work,
            size=unpacked_size(self.case.site, self.case.pins, self.case.url),
            uid=self._uid,
            isolated=self.case.isolated,
        )
        place = Place(box=box, folder=work, serve=way.reach.serve)
        run: Run = partial(_alone, place, fresh.python)
        ending = self.ending.enter_context(ExitStack())
        if self._forks:
            run = partial(ending.enter_context(pool.Pips(work, fresh.python, place)).run, environment=None)
        return Environment(fresh=fresh, work=work, box=box, pip=run, state=state, ending=ending)


def _brings_pip(files: Files) -> bool:
    return any(one.project == "pip" for one in files)


def _alone(place: Place, python: Path, arguments: Sequence[str], /, *, work: Path, timeout: float) -> PipResult:
    """Return what the pip of *python* did, started for this alone."""
    del work
    return place.run(arguments, python=python, timeout=timeout)
