"""Measures and prints: ``python -m bench [--runs N] [--jobs 4,12]``, by ``make bench``."""

from __future__ import annotations

import argparse
import shutil

from bench import measure, rivals, table
from bench.jobs import JOBS
from bench.tools import ROOT, TOOLS, Bench, shared_environment
from pypi_subset.display import Display

#: Git ignores it: the rivals' environment, and the folders that the tools work in.
CACHE = ROOT / ".bench"


def main() -> None:
    """Run every tool on every job, side by side; print one table."""
    arguments = _arguments()
    display = Display()
    index, network = rivals.network_settings()
    environment = shared_environment(network)
    programs = rivals.set_up(CACHE, ROOT / "bench-lock.txt", environment)
    display.say(", ".join(f"{name} {version}" for name, version in rivals.versions(programs).items()))
    display.say(f"before: {measure.machine()}")
    results, own = [], []
    for number in range(arguments.runs):
        for job in JOBS:
            if job.name.partition(" ")[0] not in arguments.jobs:
                continue
            for tool in TOOLS:
                bench = Bench(folder=CACHE / "work" / tool.replace(" ", ""), programs=programs, index=index)
                found = measure.run_job(job, tool, bench, environment)
                results += found
                for result in found:
                    display.say(f"run {number + 1}: {job.name}, {result.phase}, {tool}: {result.seconds:.2f} s")
                if tool == "pypi-subset" and not found[-1].failure:
                    own.append((job.name, *measure.own_seconds(bench, environment)))
                shutil.rmtree(bench.folder)
    display.say(f"after: {measure.machine()}")
    display.table(table.COLUMNS, table.rows(results, ours="pypi-subset"), title=f"medians of {arguments.runs}")
    for name, whole, start in own:
        display.say(
            f"{name}, nothing to do, our own process: {whole:.2f} s, without the interpreter's start {whole - start:.2f} s"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often each tool runs each job (default: 1)")
    parser.add_argument(
        "--jobs", type=lambda text: text.split(","), default=["4", "12"], help="numbers of targets (default: 4,12)"
    )
    arguments = parser.parse_args()
    known = {job.name.partition(" ")[0] for job in JOBS}
    if unknown := set(arguments.jobs) - known:
        parser.error(f"there is no job with {', '.join(sorted(unknown))} targets, but with {', '.join(sorted(known))}")
    return arguments


if __name__ == "__main__":
    main()
