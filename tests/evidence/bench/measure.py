"""Running the tools and timing them: results are values."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.upstream.pip_config import without_credentials
from tests.evidence.bench.tools import TOOLS, Bench, downloaded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.evidence.bench.jobs import Job
    from tests.evidence.bench.tools import Step

#: Seconds after which a tool is given up.
PATIENCE = 900.0

COLD, AGAIN = "cold", "nothing to do"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """
    One tool's run of one job.

    :param phase: `COLD` or `AGAIN`.
    :param seconds: wall time of all its commands together.
    :param files: how many distributions it ended with; *bytes_* together.
    :param failure: its last words, if it failed.
    :param processor: seconds of all processors, which depend less on the load of the machine than *seconds*.
    """

    job: str
    phase: str
    tool: str
    seconds: float
    files: int = 0
    bytes_: int = 0
    failure: str = ""
    processor: float = 0.0


def run_job(job: Job, tool: str, bench: Bench, environment: Mapping[str, str]) -> list[Result]:
    """Return how *tool* did: cold in its empty directory, then again with all that it has there now."""
    shutil.rmtree(bench.folder, ignore_errors=True)
    bench.folder.mkdir(parents=True)
    steps = TOOLS[tool](job, bench)
    results = []
    for phase in (COLD, AGAIN):
        before = _processor()
        seconds, failure = timed(steps, bench.folder, environment)
        found = downloaded(bench)
        results.append(
            Result(
                job=job.name,
                phase=phase,
                tool=tool,
                seconds=seconds,
                files=len(found),
                bytes_=sum(path.stat().st_size for path in found),
                failure=failure,
                processor=_processor() - before,
            )
        )
        if failure:
            break
    return results


def _processor() -> float:
    """Return the processor seconds of all children that have ended, with theirs."""
    used = os.times()
    return used.children_user + used.children_system


def timed(steps: Sequence[Step], folder: Path, environment: Mapping[str, str]) -> tuple[float, str]:
    """Return the seconds that *steps* take one after the other, and the last words of the one that failed."""
    started = time.perf_counter()
    for step in steps:
        try:
            done = subprocess.run(
                step.command,
                cwd=folder if step.command[0] != "make" else None,
                env={**environment, **step.variables},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return time.perf_counter() - started, f"not done after {PATIENCE:.0f} s"
        if done.returncode:
            return time.perf_counter() - started, last_words(f"{done.stdout}\n{done.stderr}")
    return time.perf_counter() - started, ""


def last_words(text: str) -> str:
    """Return the last line that says something, in at most 100 characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    words = " ".join(without_credentials(word) for word in lines[-1].split()) if lines else "no reason given"
    return words if len(words) <= 100 else f"{words[:99]}…"


def own_seconds(bench: Bench, environment: Mapping[str, str], *, runs: int = 5) -> tuple[float, float]:
    """Return medians: our process when nothing is to do, and the start of an interpreter that does nothing at all."""
    folders = [f"--{name}={bench.folder / name}" for name in ("requirements", "packages", "site")]
    commands = ([sys.executable, "-m", "invoke", "mirror", *folders], [sys.executable, "-c", "pass"])
    whole, start = (statistics.median(_seconds(command, environment) for _ in range(runs)) for command in commands)
    return whole, start


def machine() -> str:
    """Return what the numbers depend on: system, Python, cores, and what else is going on."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    system = os.uname()
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{system.sysname} {system.machine}, {os.cpu_count()} cores, load {load}, Python {python}"


def _seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return time.perf_counter() - started
