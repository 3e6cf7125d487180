"""Whole mirrors beside pex3, uv with pip, and nab."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.evidence.bench import measure, table
from tests.evidence.bench.jobs import JOBS
from tests.evidence.bench.tools import Bench

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.cli.display import Display
    from tests.evidence.bench.measure import Result


def run(
    display: Display,
    place: Bench,
    environment: Mapping[str, str],
    *,
    runs: int,
    jobs: Sequence[str],
    tools: Sequence[str],
) -> None:
    """
    Run each of *tools* on each of *jobs*, side by side; print one table.

    :param place: in a directory of it each tool works.
    :param jobs: the numbers of targets.
    """
    results: list[Result] = []
    own = []
    for number in range(runs):
        for job in JOBS:
            if job.name.partition(" ")[0] not in jobs:
                continue
            for tool in tools:
                bench = Bench(folder=_folder(place, tool), programs=place.programs, index=place.index)
                found = measure.run_job(job, tool, bench, environment)
                results += found
                for result in found:
                    display.say(f"run {number + 1}: {job.name}, {result.phase}, {tool}: {result.seconds:.2f} s")
                if tool == "pypi-subset" and not found[-1].failure:
                    own.append((job.name, *measure.own_seconds(bench, environment)))
                shutil.rmtree(bench.folder)
    title = f"medians of {runs}"
    display.table(table.COLUMNS, table.rows(results, ours="pypi-subset", facts=table.what_is_there), title=title)
    for name, whole, start in own:
        display.say(
            f"{name}, nothing to do, our own process: {whole:.2f} s, without the interpreter's start {whole - start:.2f} s"
        )


def _folder(place: Bench, tool: str) -> Path:
    return place.folder / tool.replace(" ", "")
