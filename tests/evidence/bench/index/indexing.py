"""Our index stage beside the programs that make an index: ``python -m tests.evidence.bench --index``."""

from __future__ import annotations

import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.evidence.bench import goals, measure, table
from tests.evidence.bench.index import generators, people
from tests.evidence.bench.index.generators import GENERATORS, OURS, PHASES, Place
from tests.evidence.bench.measure import Result
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.cli.display import Display
    from tests.evidence.bench.index.generators import Pool

#: How many wheels, unless told otherwise.
WHEELS = 10_000

_SHARED = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing(Result):
    """
    One run of a generator.

    :param peak: bytes of memory, of the greatest of its processes.
    :param pages: how many HTML pages there are in the end.
    :param imports: seconds of *seconds* until Python had started and imported ours.
    """

    peak: int = 0
    pages: int = 0
    imports: float = 0.0


def run(display: Display, programs: Path, environment: Mapping[str, str], *, runs: int, wheels: int) -> None:
    """Run all generators on as many wheels as usual and show how they compare; on another number, only ours, and how it grows."""
    with workplace() as (folder, kind):
        display.say(f"index: in {folder.parent} ({kind})")
        usual = wheels == WHEELS
        found: list[Timing] = []
        for count in (WHEELS,) if usual else sorted({WHEELS, wheels}):
            pool = generators.make_pool(folder / str(count), count)
            for number in range(runs):
                for name in GENERATORS if usual else (OURS,):
                    place = Place(folder=folder / "work", programs=programs)
                    found += _told(display, number, run_generator(name, pool, place, environment))
            shutil.rmtree(pool.folder)
        if usual:
            people.run(display, folder / "people", wheels)
    display.table(table.INDEXES, table.rows(found, ours=OURS, facts=what_it_took), title=f"medians of {runs}")
    if usual:
        display.table(goals.COLUMNS, goals.rows(found), title="what was aimed at, in seconds")
    else:
        display.table(
            goals.GROWTH, goals.growth(found, WHEELS, wheels), title="from few wheels to many, imports left out"
        )


def run_generator(name: str, pool: Pool, place: Place, environment: Mapping[str, str]) -> list[Timing]:
    """Return how a generator did in each phase, up to the one it failed in."""
    generator, found = GENERATORS[name], []
    for phase in PHASES:
        generators.prepare(pool, place, phase)
        for command in generator.before(place, phase):
            launch(command, environment)
        outcomes = []
        for command in generator.commands(place, phase):
            outcomes.append(launch(command, environment))
            if outcomes[-1]["code"]:
                break
        if outcomes:
            timing = _timing(f"{len(pool.recorded):,} wheels", phase, name, outcomes)
            found.append(replace(timing, pages=_pages(place.folder)))
            if found[-1].failure:
                break
    return found


def _pages(folder: Path) -> int:
    """Return how many pages lie below *folder*, but for what is kept hidden for the next run."""
    return sum(
        not any(part.startswith(".") for part in path.relative_to(folder).parts) for path in folder.glob("**/*.html")
    )


def launch(command: Sequence[str], environment: Mapping[str, str]) -> dict[str, object]:
    """Return ``seconds``, those of a ``processor``, ``peak`` in bytes, ``code`` and what it ``said``, of a command run in this checkout."""
    launcher = [
        sys.executable,
        "-I",
        "-S",
        str(ROOT / "tests" / "evidence" / "bench" / "index" / "launch.py"),
        *command,
    ]
    done = subprocess.run(
        launcher, cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    outcome: dict[str, object] = json.loads(done.stdout)
    return outcome


def _timing(job: str, phase: str, tool: str, outcomes: Sequence[Mapping[str, object]]) -> Timing:
    last = outcomes[-1]
    said = str(last["said"])
    return Timing(
        job=job,
        phase=phase,
        tool=tool,
        seconds=sum(float(str(one["seconds"])) for one in outcomes),
        processor=sum(float(str(one["processor"])) for one in outcomes),
        peak=max(int(str(one["peak"])) for one in outcomes),
        imports=json.loads(said)["imports"] if tool == OURS and not last["code"] else 0.0,
        failure=measure.last_words(said) if last["code"] else "",
    )


def what_it_took(group: Sequence[Timing]) -> tuple[str, str, str]:
    """Return three cells: the median of processors' seconds, the greatest peak in MB, and the pages of the last run."""
    return (
        table.right(f"{statistics.median(one.processor for one in group):.2f}"),
        table.right(f"{max(one.peak for one in group) / 1e6:.0f}"),
        table.right(f"{group[-1].pages:,}"),
    )


def _told(display: Display, number: int, found: list[Timing]) -> list[Timing]:
    for one in found:
        imports = f", imports {one.imports:.2f} s" if one.imports else ""
        display.say(f"run {number + 1}: {one.job}, {one.phase}, {one.tool}: {one.seconds:.2f} s{imports}")
    return found


@contextlib.contextmanager
def workplace(mounts: Path = Path("/proc/mounts")) -> Iterator[tuple[Path, str]]:
    """Yield a directory that goes away with the block, in memory if the system has such a place, and what place it is."""
    shared = is_tmpfs(_SHARED, mounts)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=_SHARED if shared else None) as name:
        yield Path(name), "tmpfs" if shared else "no tmpfs: a disk is part of what is timed"


def is_tmpfs(folder: Path, mounts: Path) -> bool:
    """Whether *folder* is a file system in memory, by the list of what is mounted; the last of a place counts."""
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return False
    return [kind for _, place, kind, *_ in lines if place == str(folder)][-1:] == ["tmpfs"]
