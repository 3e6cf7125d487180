"""The three resolvers, each asked for one case from one index: ours in this process, the others as programs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.errors import SubsetError
from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.model.intake.sources import Sources
from pypi_subset.model.locks import Inputs
from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.pip.pool import Pips
from pypi_subset.policy.age import MinAge
from pypi_subset.policy.judge import ADMIT_ALL, Judge, judge_of
from pypi_subset.resolve.resolver import resolve
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.evidence.differential.cases import NAB_PLATFORMS, UV_PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pypi_subset.model.targets import Target
    from tests.evidence.differential.cases import Case

#: Project → the versions that a resolver is told not to take.
Without = Mapping[str, tuple[str, ...]]

#: Seconds that a program may take. Most take one; nab may go through all combinations of old releases.
PATIENCE = 20.0

_NO_INPUTS = Inputs(requirement_set="", target="", policy="", constraint="")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """
    What a resolver chose.

    :param chosen: project → version; ``None`` if it says that nothing will do.
    :param reason: why not, in its words.
    :param gave_up: it says nothing at all: it did not come to an end in time.
    """

    chosen: Mapping[str, str] | None
    reason: str = ""
    gave_up: bool = False


def judge_at(cutoff: str) -> Judge:
    """Return the rules that refuse files which were uploaded at *cutoff* or later, none for ``""``."""
    rules = [MinAge(IntakeRules(as_of=cutoff), Sources(), datetime.now(UTC))] if cutoff else []
    return judge_of(IntakeRules(), (), rules)


@contextlib.contextmanager
def ours(
    targets: Sequence[Target], url: str, work: Path, judge: Judge = ADMIT_ALL
) -> Iterator[Callable[[Case], Answer]]:
    """
    Yield our own resolver, one for all cases: it reads each page once.

    :param judge: the rules about candidates.
    """
    network = replace(read_network(), index_urls=(url,), find_links=(), constraints=())
    upstream = Upstream(network, store=work / "store", shelf=work / "shelf", judge=judge)
    with Loopback(upstream, targets) as index, Pips(work / "pips") as pips:

        def answer(case: Case) -> Answer:
            own = work / _unique()
            own.mkdir()
            try:
                found = resolve(
                    _job(case),
                    inputs=_NO_INPUTS,
                    constraints=(),
                    index=index,
                    pips=pips,
                    work=own,
                )
            except SubsetError as error:
                return Answer(chosen=None, reason=f"{type(error).__name__}: {error}")
            pins = [pin.distribution for pin in found.lock.pins]
            return Answer(chosen={pin.project: str(pin.version) for pin in pins})

        yield answer


def uv(case: Case, without: Without, *, program: Path, url: str, work: Path, cutoff: str = "") -> Answer:
    """
    Return what ``uv pip compile`` says, *without* some releases.

    :param cutoff: the moment before which files must be uploaded, ``""`` without one.
    """
    platform, variables = UV_PLATFORMS[case.platform]
    command = [str(program), "pip", "compile", "--no-build", "--no-header", "--no-annotate", "--python", sys.executable]
    command += ["--python-platform", platform, "--python-version", case.python, "--default-index", url, "-"]
    command += ["--exclude-newer", cutoff] if cutoff else []
    settings = {"UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(work / "uv"), "UV_PYTHON_DOWNLOADS": "never"}
    if without:
        constraints = work / f"{_unique()}.txt"
        constraints.write_text("".join(f"{line}\n" for line in _lines(without)), encoding="utf-8")
        command += ["--constraint", str(constraints)]
    return _told(command, {**settings, **variables}, f"{case.request}\n")


def nab(case: Case, without: Without, *, program: Path, url: str, work: Path) -> Answer:
    """
    Return what ``nab lock`` says, *without* some releases.

    It is asked about one environment: a matrix would make it look for versions that do everywhere.
    """
    project = work / _unique() / "pyproject.toml"
    project.parent.mkdir()
    project.write_text(
        f'[project]\nname = "job"\nversion = "0"\nrequires-python = ">={case.python}"\n'
        f'dependencies = ["{case.request}"]\n'
        f'[tool.nab]\ndist-policy = "wheel-only"\nindexes = [{{name = "index", url = "{url}/"}}]\n'
        f'[tool.nab.environment]\npython = "{case.python}"\nplatform = {{{NAB_PLATFORMS[case.platform]}}}\n',
        encoding="utf-8",
    )
    command = [str(program), "lock", str(project), "--no-progress", "--cache-dir", str(work / "nab")]
    command += [f"--project-constraint={line}" for line in _lines(without)]
    return _told([*command, "--format", "requirements-without-hashes", "--output", "-"], {}, "")


def _told(command: Sequence[str], variables: Mapping[str, str], given: str) -> Answer:
    """What a program says: a requirements file, or why there is none."""
    configuring = ("PIP_", "UV_", "NAB_", "PYTHON", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(configuring)}
    try:
        done = subprocess.run(
            command,
            env={**kept, **variables},
            input=given,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(chosen=None, reason=f"no answer within {PATIENCE:.0f} s", gave_up=True)
    if done.returncode:
        return Answer(chosen=None, reason=" ".join(done.stderr.split()))
    lines = [line.partition("#")[0].strip() for line in done.stdout.splitlines()]
    pins = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return Answer(chosen={canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins})


def _lines(without: Without) -> list[str]:
    """Constraints that forbid these versions."""
    return [f"{project}!={version}" for project, versions in sorted(without.items()) for version in versions]


def _unique() -> str:
    """A name for a file or directory that no other thread takes."""
    return uuid.uuid4().hex


def _job(case: Case) -> Job:
    request = Request(requirement=Requirement(case.request), path=Path("case.txt"), line=1)
    one = RequirementSet(
        name="case", path=request.path, requests=(request,), constraints=(), targets=(case.target.name,)
    )
    return Job(requirement_set=one, target=case.target)
