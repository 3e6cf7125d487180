"""A large list for four targets: what it takes to resolve it, beside uv; ``python -m tests.evidence.bench --large``."""

from __future__ import annotations

import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.evidence.bench.jobs import UV, Job, Machine
from tests.evidence.bench.measure import last_words
from tests.evidence.bench.table import right

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.cli.display import Display

LIST = Path(__file__).with_name("large.txt")
MACHINES = (
    Machine(minor=11, platform="manylinux_2_28_x86_64"),
    Machine(minor=12, platform="manylinux_2_28_x86_64"),
    Machine(minor=12, platform="win_amd64"),
    Machine(minor=13, platform="macosx_14_0_arm64"),
)
OURS, RIVAL = "pypi-subset", "uv"
#: Megabytes that resolving may take, of all processes together, and how many times the seconds of the rival.
MEMORY, AS_FAST = 400, 1.0
COLUMNS = ("tool", "seconds", "x ours", "CPU s", "peak MB", "")
GOALS = ("goal", "may take", "takes", "met")

#: Seconds between two looks at the memory, and after which a tool is given up.
_TICK, _PATIENCE = 0.2, 1800


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """
    One run of a tool.

    :param seconds: of wall time, of all its commands one after the other.
    :param processor: seconds of all processors.
    :param peak: most bytes of its processes together; pages that they share count once.
    :param failure: its last words, if it failed.
    """

    tool: str
    seconds: float
    processor: float
    peak: int
    failure: str = ""


def run(display: Display, programs: Path, index: str | None, environment: Mapping[str, str], *, runs: int) -> None:
    """Resolve the list by both tools in turn, nothing cached, and print what it took."""
    found: list[Run] = []
    for _ in range(runs):
        for tool in (OURS, RIVAL):
            with tempfile.TemporaryDirectory() as folder:
                one = measured(tool, commands(tool, Path(folder), programs, index), Path(folder), environment)
            display.say(f"{tool}: {one.seconds:.1f} s, {one.peak / 1e6:.0f} MB {one.failure}")
            found.append(one)
    display.table(COLUMNS, rows(found), title=f"{len(requests())} names, {len(MACHINES)} targets, medians of {runs}")
    display.table(GOALS, goals(found), title="what was aimed at")


def requests() -> tuple[str, ...]:
    """Return the names of the list."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


def commands(tool: str, folder: Path, programs: Path, index: str | None) -> list[tuple[list[str], dict[str, str]]]:
    """Return the commands of *tool*, each with the variables that it needs; what they read is written to *folder*."""
    job = Job(name="large", requirements=requests(), machines=MACHINES)
    inputs = folder / "requirements"
    inputs.mkdir()
    (inputs / "base.txt").write_text(job.requirements_txt, encoding="utf-8")
    if tool == OURS:
        (inputs / "subset.toml").write_text(job.subset_toml, encoding="utf-8")
        return [([sys.executable, "-m", "pypi_subset", "plan"], {})]
    made = []
    for machine in MACHINES:
        platform, variables = UV[machine.platform]
        command = [str(programs / "uv"), "pip", "compile", "--quiet", "--no-config", "--no-cache", "--no-build"]
        command += ["--generate-hashes", "--python-platform", platform, "--python-version", f"3.{machine.minor}.0"]
        command += [*(["--index-url", index] if index else []), str(inputs / "base.txt")]
        made.append(([*command, "--output-file", str(folder / f"{machine.name}.txt")], dict(variables)))
    return made


def rows(found: Sequence[Run]) -> list[tuple[object, ...]]:
    """Return one row for each tool: medians of its runs."""
    ours = _median([one.seconds for one in found if one.tool == OURS])
    table: list[tuple[object, ...]] = []
    for tool in (OURS, RIVAL):
        own = [one for one in found if one.tool == tool]
        seconds, processor = _median([one.seconds for one in own]), _median([one.processor for one in own])
        peak = max((one.peak for one in own), default=0) / 1e6
        said = next((one.failure for one in own if one.failure), "")
        numbers = (f"{seconds:.1f}", f"{seconds / ours:.2f}" if ours else "", f"{processor:.1f}", f"{peak:.0f}")
        table.append((tool, *map(right, numbers), said))
    return table


def goals(found: Sequence[Run]) -> list[tuple[object, ...]]:
    """Return one row for each goal; a tool that failed meets none."""
    ours, rival = ([one for one in found if one.tool == tool and not one.failure] for tool in (OURS, RIVAL))
    seconds, others = (_median([one.seconds for one in group]) for group in (ours, rival))
    peak = max((one.peak for one in ours), default=0) / 1e6
    return [
        ("MB, all processes", right(str(MEMORY)), right(f"{peak:.0f}"), "yes" if 0 < peak <= MEMORY else "no"),
        (
            f"seconds, as {RIVAL}",
            right(f"{AS_FAST * others:.1f}"),
            right(f"{seconds:.1f}"),
            "yes" if 0 < seconds <= AS_FAST * others else "no",
        ),
    ]


def _median(numbers: Sequence[float]) -> float:
    return statistics.median(numbers) if numbers else 0.0


def measured(
    tool: str, steps: Sequence[tuple[list[str], dict[str, str]]], folder: Path, environment: Mapping[str, str]
) -> Run:
    """Return what *steps* took, one after the other, in *folder*."""
    peak, failure, started, before = 0, "", time.perf_counter(), _processor_of_children()
    for command, variables in steps:
        with (folder / "said.txt").open("w+", encoding="utf-8") as said:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            timer = threading.Timer(_PATIENCE, process.kill)
            timer.start()
            while process.poll() is None:
                peak = max(peak, sum(map(_memory, tree(process.pid))))
                time.sleep(_TICK)
            timer.cancel()
            said.seek(0)
            if process.returncode:
                failure = last_words(said.read())
                break
    seconds, processor = time.perf_counter() - started, _processor_of_children() - before
    return Run(tool=tool, seconds=seconds, processor=processor, peak=peak, failure=failure)


def tree(process: int) -> list[int]:
    """Return the ids of *process* and of all that it started, directly or not (proc_pid_children(5))."""
    found = [process]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += tree(int(child))
    return found


def _memory(process: int) -> int:
    """Return the bytes of a process, of pages that it shares its part (proc_pid_smaps(5)); 0 if it has ended."""
    with contextlib.suppress(OSError):
        match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text("ascii"), re.MULTILINE)
        return int(match[1]) << 10 if match else 0
    return 0


def _processor_of_children() -> float:
    import resource  # noqa: PLC0415 - Windows has none

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
