"""The tools, each told the same job in its own words; each with fresh caches, and asking the same index."""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.targets.pips.flags import pip_flags
from tests.evidence.bench.jobs import NAB, UV
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.evidence.bench.jobs import Job, Machine

#: The newest pip that pex3 knows and PyPI has: with the pip that it carries, of 2020, it needs twice the time.
PEX_PIP = "26.2.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One command, and what it needs in the environment beyond what all share."""

    command: tuple[str, ...]
    variables: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """
    Where a tool works.

    :param folder: its own, empty at the start.
    :param programs: directory of the rivals' programs.
    :param index: URL of the index, if pip was told another than its default.
    """

    folder: Path
    programs: Path
    index: str | None

    def program(self, name: str) -> str:
        """Return the path of a rival's program."""
        return str(self.programs / name)

    def write(self, name: str, text: str) -> str:
        """Write a file for the tool; return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)


def ours(job: Job, bench: Bench) -> list[Step]:
    """``pypi-subset mirror``; from another environment than that of ``make``, the task that it runs."""
    bench.write("requirements/base.txt", job.requirements_txt)
    bench.write("requirements/subset.toml", job.subset_toml)
    folders = {name: bench.folder / name for name in ("requirements", "packages", "site")}
    if Path(sys.prefix) == ROOT / ".venv":
        return [_step("make", "mirror", *(f"{name.upper()}={path}" for name, path in folders.items()))]
    return [_step(sys.executable, "-m", "invoke", "mirror", *(f"--{name}={path}" for name, path in folders.items()))]


def pex3(job: Job, bench: Bench) -> list[Step]:
    """``pex3 download``, with tags and markers of each target in full: its short names crash on markers."""
    platforms = (
        bench.write(f"{machine.name}.json", json.dumps(_complete_platform(machine))) for machine in job.machines
    )
    command = [bench.program("pex3"), "download", "--no-build", "--pip-version", PEX_PIP]
    command += ["--no-pypi", "--index", bench.index] if bench.index else []
    command += [word for path in platforms for word in ("--complete-platform", path)]
    command += ["--requirement", bench.write("requirements.txt", job.requirements_txt)]
    return [_step(*command, "--dest-dir", str(bench.folder / "files"), PEX_ROOT=str(bench.folder / "cache"))]


def uv_and_pip(job: Job, bench: Bench) -> list[Step]:
    """For each target ``uv pip compile``, then ``pip download`` of what it chose: uv has no download command."""
    requirements = bench.write("requirements.txt", job.requirements_txt)
    caches = {"UV_CACHE_DIR": str(bench.folder / "cache"), "PIP_CACHE_DIR": str(bench.folder / "pip-cache")}
    caches |= {"UV_NO_CONFIG": "1"} | ({"UV_DEFAULT_INDEX": bench.index} if bench.index else {})
    steps = []
    for machine in job.machines:
        chosen = str(bench.folder / f"{machine.name}.txt")
        platform, variables = UV[machine.platform]
        compile_ = [bench.program("uv"), "pip", "compile", "--quiet", "--no-build", "--generate-hashes"]
        compile_ += ["--python-platform", platform, "--python-version", f"3.{machine.minor}.0"]
        steps.append(_step(*compile_, "--output-file", chosen, requirements, **caches, **variables))
        download = [bench.program("pip"), "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        download += [*pip_flags(machine.target), "--requirement", chosen, "--dest", str(bench.folder / "files")]
        steps.append(_step(*download, **caches))
    return steps


def nab(job: Job, bench: Bench) -> list[Step]:
    """``nab lock`` and ``nab download``; one project for each block of targets that is a product, as a matrix must be."""
    steps = []
    for number, (minors, platforms) in enumerate(_blocks(job)):
        project = bench.write(f"{number}/pyproject.toml", _nab_project(job, minors, platforms, bench.index))
        cache = ["--no-progress", "--cache-dir", str(bench.folder / "cache")]
        lock = str(bench.folder / str(number) / "pylock.toml")
        steps.append(_step(bench.program("nab"), "lock", project, *cache, "--output", lock))
        steps.append(_step(bench.program("nab"), "download", project, *cache, "--output", str(bench.folder / "files")))
    return steps


#: Ours first: whatever the first to ask an index has to wait for is ours to wait for.
TOOLS: Mapping[str, Callable[[Job, Bench], list[Step]]] = {
    "pypi-subset": ours,
    "nab": nab,
    "pex3": pex3,
    "uv + pip": uv_and_pip,
}


def downloaded(bench: Bench) -> tuple[Path, ...]:
    """Return the distributions that a tool ended with, sorted."""
    folders = (bench.folder / "files", bench.folder / "packages")
    found = (path for folder in folders if folder.is_dir() for path in folder.iterdir())
    return tuple(sorted(path for path in found if path.name.endswith((".whl", ".tar.gz", ".zip"))))


def shared_environment(network: Mapping[str, str]) -> dict[str, str]:
    """
    Return the variables that all tools see: this process's, without what configures one of them.

    :param network: what pip was told about the way to its index, as ``PIP_`` variables.
    """
    configuring = ("PIP_", "UV_", "PEX_", "NAB_", "PYTHON", "MAKE", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(configuring)}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **network}


def _step(*command: str, **variables: str) -> Step:
    return Step(command=command, variables=variables)


def _complete_platform(machine: Machine) -> dict[str, object]:
    target = machine.target
    return {"marker_environment": target.environment, "compatible_tags": [str(tag) for tag in target.tags]}


def _blocks(job: Job) -> list[tuple[list[int], tuple[str, ...]]]:
    """The job as products of Pythons and platforms: each list of platforms with the minors that want just these."""
    platforms: defaultdict[int, list[str]] = defaultdict(list)
    for machine in job.machines:
        platforms[machine.minor].append(machine.platform)
    minors: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for minor, wanted in sorted(platforms.items()):
        minors[tuple(sorted(wanted))].append(minor)
    return [(block, wanted) for wanted, block in minors.items()]


def _nab_project(job: Job, minors: list[int], platforms: tuple[str, ...], index: str | None) -> str:
    pythons = f">=3.{minors[0]},<3.{minors[-1] + 1}"
    tables = ", ".join(f"{{{NAB[platform]}}}" for platform in platforms)
    return (
        f'[project]\nname = "job"\nversion = "0"\nrequires-python = "{pythons}"\n'
        f"dependencies = {json.dumps(job.requirements)}\n"
        '[tool.nab]\ndist-policy = "wheel-only"\n'
        + (f'indexes = [{{name = "index", url = {json.dumps(index)}}}]\n' if index else "")
        + f'[tool.nab.matrix]\npython = "{pythons}"\nplatforms = [{tables}]\n'
    )
