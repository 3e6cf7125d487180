"""
Mutants of what is installed: a dependency is lost, and the import alone has to notice.

pip installs a request. Then the files of one dependency are moved away, with its metadata or without. Neither inventory nor
pip nor the walk through the metadata is asked. What a plain interpreter cannot import must be red.
"""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.proof import closure
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.by_installing import Installing
from tests.evidence.mutation.judging import Outcome, installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.closure import Present
    from pypi_subset.proof.isolation.box import Box
    from pypi_subset.proof.machines.interpreters import Interpreter
    from pypi_subset.proof.methods.by_installing import Environment
    from pypi_subset.proof.methods.keeping import Part
    from tests.evidence.mutation.ground import Ground

WITH, BARE = "a dependency is lost after the installation", "the files of a dependency are lost, its metadata is there"
OPERATORS = (WITH, BARE)


def cases(ground: Ground, found: Sequence[Interpreter], work: Path) -> tuple[Case, ...]:
    """Return the cases of single requests on targets that an interpreter of *found* represents; their sets are kept."""
    every = cases_of(ground.subset, ground.paths, found, work)
    installed(every, every)
    return tuple(case for case in every if case.interpreter is not None and not case.joint)


def lost_score(every: Iterable[Case]) -> Iterator[Outcome]:
    """Yield what the import alone made of each lost dependency of *every* case."""
    for case in every:
        case.work.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=case.work, prefix="lost-") as folder,
            opened(case.site, case.target.name, case.url) as ways,
            ExitStack() as ending,
        ):
            # The users of boxes must reach it.
            Path(folder).chmod(0o755)
            assert case.interpreter is not None
            kind = Installing(
                case=case, interpreter=case.interpreter, requests=case.requests, folder=Path(folder), ending=ending
            )
            _, environment = kind.install(ways[0])
            yield from _of_case(kind, environment)


def _of_case(kind: Installing, environment: Environment | Part) -> Iterator[Outcome]:
    libraries, box = environment.fresh.libraries, kind.asking(environment)
    requested = {one.requirement.name.lower() for one in kind.requests}
    every = closure.present_in(libraries)
    wanted = [one for one in every if one.project in requested]
    for one in every:
        if one.project in requested:
            continue
        for operator in OPERATORS:
            with ExitStack() as put_back:
                for path in _files(one, every, libraries, bare=operator == BARE):
                    aside = path.with_name(f"{path.name}.lost")
                    path.rename(aside)
                    put_back.callback(aside.rename, path)
                failing = [name for each in wanted for name in _public(each) if not _imports(environment, name)]
                yield _outcome(
                    operator, f"{kind.case.request} without {one.project}", failing, _verdict(kind, environment, box)
                )


def _files(one: Present, every: Sequence[Present], libraries: Sequence[Path], *, bare: bool) -> list[Path]:
    """Return what is moved away: of a directory that others fill as well the own files; no metadata, if *bare*."""
    others = {file.split("/")[0] for other in every if other is not one for file in other.files}
    own = [file for file in one.files if not (bare and ".dist-info/" in file) and not file.startswith("..")]
    places = sorted({file if file.split("/")[0] in others else file.split("/")[0] for file in own})
    found = [library / place for library in libraries for place in places]
    return [path for path in found if path.exists()]


def _public(one: Present) -> list[str]:
    """Return the importable names at the top of *one*, without a leading underscore: worked out apart from the proof."""
    packages = {file.split("/")[0] for file in one.files if file.count("/") == 1 and file.endswith("/__init__.py")}
    modules = {file.removesuffix(".py") for file in one.files if "/" not in file and file.endswith(".py")}
    return sorted(name for name in packages | modules if not name.startswith("_"))


def _imports(environment: Environment | Part, name: str) -> bool:
    """Whether a plain interpreter imports the module *name*."""
    command: list[str | Path] = [environment.fresh.python, "-I", "-B", "-c", f"import {name}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _verdict(kind: Installing, environment: Environment | Part, box: Box) -> str:
    """Return ``red``, ``amber`` or ``green``."""
    try:
        found = kind.imported(environment, box)
    except ProofFailed:
        return "red"
    return "amber" if found.findings else "green"


def _outcome(operator: str, what: str, failing: Sequence[str], verdict: str) -> Outcome:
    """
    Return what became of a mutant.

    If a plain interpreter imports everything, the import must not be less than green because of modules; a script may be red.
    """
    what = f"{operator}: {what}"
    if failing:
        why = f"a plain interpreter does not import {', '.join(failing)}, and the import is {verdict}"
        state = "red" if verdict == "red" else "surviving"
        return Outcome(operator=operator, what=what, state=state, why=why * (state == "surviving"), answers=1)
    state = "red" if verdict == "red" else "equivalent"
    return Outcome(operator=operator, what=what, state=state, answers=1)
