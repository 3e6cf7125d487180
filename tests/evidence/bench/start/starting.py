"""Help and a wrong command line: seconds of a process from its start to its end, beside a bare interpreter."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.cli.display import Display

#: Processor seconds that help may take.
GOAL = 0.15
#: How often each is started.
RUNS = 20
_COMMAND = (sys.executable, "-m", "pypi_subset")
STARTS: dict[str, Sequence[str]] = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "--help": (*_COMMAND, "--help"),
    "mirror --help": (*_COMMAND, "mirror", "--help"),
    "mirrot, an error": (*_COMMAND, "mirrot"),
}


def run(display: Display, environment: Mapping[str, str], *, runs: int = RUNS) -> None:
    """Print a row for each start: medians of wall and processor seconds."""
    rows = []
    for name, command in STARTS.items():
        found = [_seconds(command, environment) for _ in range(runs)]
        wall, processor = (statistics.median(one) for one in zip(*found, strict=True))
        rows.append((name, f"{wall:.3f}", f"{processor:.3f}", f"{GOAL:.2f}", "yes" if processor <= GOAL else "no"))
    display.table(["start", "seconds", "CPU s", "CPU s, goal", "met"], rows)


def _seconds(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Return wall and processor seconds of one run."""
    before, started = os.times(), time.perf_counter()
    subprocess.run(command, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - started, used
