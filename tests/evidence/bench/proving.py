"""
Our proof beside the loop that anybody would write: ``python -m tests.evidence.bench --proof``.

A case is one request, or all of them together, on one target by one way to the files. The loop proves one case after the
other: ``python -m venv``, ``pip install``, ``pip check``. Ours proves the same cases, takes the inventory before, imports
what was installed, starts its scripts and asks uv, which the loop does not. Both work in the same place.
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.checks import WAYS
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.machines import interpreters
from pypi_subset.support import staging
from tests.evidence.bench import goals, measure
from tests.evidence.bench.goals import BEFORE, EVERYTHING, LOOP, ONE_WAY, OPEN, OPEN_BEFORE
from tests.evidence.bench.index.indexing import workplace
from tests.evidence.bench.tools import Step
from tests.support.programs.commands import PYPI_SUBSET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.cli.display import Display
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.machines.interpreters import Interpreter

#: Name → what is requested: small projects that need few others, and the shipped example, whose files are large.
JOBS: Mapping[str, Sequence[str]] = {
    "small": ("click", "packaging", "jinja2", "rich", "attrs", "requests"),
    "example": ("pandas", "scikit-learn"),
}
#: One project whose files, with all that it needs, are 3 GB; proven with and without isolation alone, on one Python.
LARGE: Mapping[str, Sequence[str]] = {"large": ("torch",)}
#: Oldest and newest Python for which all of these have wheels.
PYTHONS = ((3, 10), (3, 13))


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How many cases one way of proving proved, and how long it took."""

    job: str
    what: str
    cases: int
    seconds: float
    failure: str = ""


def run(display: Display, environment: Mapping[str, str], *, runs: int) -> None:
    """Prove each job both ways, one after the other; print cases a minute, and their ratio."""
    found: list[Timing] = []
    pythons = usable()
    with workplace() as (folder, kind):
        display.say(f"proof: in {folder.parent} ({kind}), by {', '.join(map(name_of, pythons))}")
        for job, requests in {**JOBS, **LARGE}.items():
            place, mine = folder / job, pythons[-1:] if job in LARGE else pythons
            failure = mirrored(place, requests, mine, environment)
            if failure:
                display.say(f"{job}: no site to prove: {failure}")
                continue
            for number in range(runs):
                # The first to run finds cold files: by turns it is the other.
                doors = [(EVERYTHING, BEFORE, "no"), (OPEN, OPEN_BEFORE, "yes")][:: -1 if number % 2 else 1]
                loop = [] if job in LARGE else by_loop(job, place, requests, mine, environment)
                for one in (*loop, *(one for door in doors for one in by_ours(job, place, environment, *door))):
                    display.say(f"run {number + 1}: {job}, {one.what}: {one.seconds:.2f} s {one.failure}".rstrip())
                    found.append(one)
            # Three gigabytes need not stay in memory for the next job.
            staging.remove_tree(place)
    title = "a case: one request, or all together, on one target, by one way to the files"
    display.table(goals.PROVEN, goals.proven(found), title=title)
    display.table(goals.BOXES, goals.isolated(found), title="the same proof with isolation and without")


def usable() -> list[Interpreter]:
    """Return an interpreter for the first and the last of `PYTHONS` between which there are any here, at most two."""
    here = interpreters.find(interpreters.candidates("", interpreters.pyenv_root({})))
    fitting = [one for one in here if one.implementation == "cp" and PYTHONS[0] <= one.version[:2] <= PYTHONS[1]]
    plain = [one for one in fitting if not one.abi.endswith("t") and one.kind == "linux_x86_64"]
    return list({one.path: one for one in (plain[-1], plain[0])}.values()) if plain else []


def name_of(python: Interpreter) -> str:
    """Return the name of the target that an interpreter stands for."""
    return f"py{python.version[0]}{python.version[1]}"


def mirrored(
    place: Path, requests: Sequence[str], pythons: Sequence[Interpreter], environment: Mapping[str, str]
) -> str:
    """Build the site that is proven; return the last words of a failure."""
    (place / "requirements").mkdir(parents=True)
    (place / "requirements/base.txt").write_text("\n".join(requests) + "\n", encoding="utf-8")
    tags = (f'{name_of(one)} = "{one.abi}-manylinux_2_28_x86_64"\n' for one in pythons)
    (place / "requirements/subset.toml").write_text(f"[targets]\n{''.join(tags)}", encoding="utf-8")
    return measure.timed([Step(command=_task(place, "mirror"), variables={})], place, environment)[1]


def by_loop(
    job: str, place: Path, requests: Sequence[str], pythons: Sequence[Interpreter], environment: Mapping[str, str]
) -> Iterator[Timing]:
    """Yield how long the loop took for all cases, and what of it went into those by ``find-links.html``."""
    seconds, failure = dict.fromkeys(WAYS, 0.0), ""
    for python in pythons:
        with opened((place / "site").resolve(), name_of(python)) as ways:
            for asked in [tuple(requests), *((one,) for one in requests)]:
                for way in ways:
                    took, said = measure.timed(commands(python, way, asked, place), place, environment)
                    seconds[way.name] += took
                    failure = failure or said
    cases = len(pythons) * (len(requests) + 1)
    yield Timing(job=job, what=LOOP, cases=cases * len(WAYS), seconds=sum(seconds.values()), failure=failure)
    yield Timing(job=job, what=ONE_WAY, cases=cases, seconds=seconds[WAYS[0]], failure=failure)


def commands(python: Interpreter, way: Way, requests: Sequence[str], place: Path) -> list[Step]:
    """Return what the loop does for one case; ``--clear`` takes away what the case before left."""
    environment = place / "venv"
    own = str(environment / "bin" / "python")
    install = [
        own,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-cache-dir",
        "--only-binary=:all:",
        *way.options(),
        *requests,
    ]
    steps = [[str(python.path), "-m", "venv", "--clear", str(environment)], install, [own, "-m", "pip", "check"]]
    return [Step(command=tuple(words), variables={}) for words in steps]


def by_ours(
    job: str, place: Path, environment: Mapping[str, str], everything: str, before: str, unisolated: str
) -> Iterator[Timing]:
    """Yield how long ``pypi-subset verify`` took with everything to prove, and with nothing; with isolation or without."""
    for what, flags in ((everything, ["--all"]), (before, [])):
        started = time.perf_counter()
        done = subprocess.run(
            [*_task(place, "verify"), *flags, *(["--unisolated"] if unisolated == "yes" else [])],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        failure = measure.last_words(f"{done.stdout}\n{done.stderr}") if done.returncode else ""
        yield Timing(job=job, what=what, cases=proven(place / "site"), seconds=seconds, failure=failure)


def proven(site: Path) -> int:
    """Return how many cases the report has that were really installed: no opinion and no inventory counts."""
    try:
        checks = json.loads((site / "proof/report.json").read_bytes())["checks"]
    except (OSError, ValueError):
        return 0
    return sum(one["proof"] == "installed" and one["status"] == "passed" for one in checks)


def _task(place: Path, name: str) -> tuple[str, ...]:
    folders = (f"--{one}={place / one}" for one in ("requirements", "packages", "site"))
    return (*PYPI_SUBSET, name, *folders)
