"""Measures and prints: ``python -m tests.evidence.bench [--mirrors | --index | --proof | --policy | --large | --start | --line | --pages | --bundle | --states] [--runs N] [--jobs 4,12] [--tools nab] [--wheels N]``, by ``make bench``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pypi_subset.cli.display import Display
from tests.evidence.bench import filters, frozen, large, measure, mirroring, proving, rivals
from tests.evidence.bench.index import indexing
from tests.evidence.bench.jobs import JOBS
from tests.evidence.bench.line import lines
from tests.evidence.bench.pages import reading
from tests.evidence.bench.start import starting
from tests.evidence.bench.tools import TOOLS, Bench, shared_environment
from tests.evidence.bench.trips import carrying, promoting
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Git ignores it: the rivals' environments, and the directories that the tools work in.
CACHE = ROOT / ".bench"


def main() -> None:
    """Run all parts, or one alone; the load of the machine is printed before and after."""
    arguments = _arguments()
    display = Display()
    index, network = rivals.network_settings()
    environment = shared_environment(network)
    names = ("mirrors", "index", "proof", "policy", "large", "start", "line", "pages", "bundle", "states")
    chosen = [getattr(arguments, name) for name in names]
    alone = any(chosen)
    if arguments.mirrors or arguments.large or not alone:
        programs = rivals.set_up(CACHE, ROOT / "tests/evidence/bench/bench-lock.txt", environment)
        _say_before(display, rivals.versions(programs))
    if arguments.mirrors or not alone:
        place = Bench(folder=CACHE / "work", programs=programs, index=index)
        mirroring.run(display, place, environment, runs=arguments.runs, jobs=arguments.jobs, tools=arguments.tools)
    if arguments.large:
        large.run(display, programs, index, environment, runs=arguments.runs)
        frozen.run(display, environment, runs=arguments.runs)
    if arguments.index or not alone:
        programs = rivals.set_up(CACHE / "index", ROOT / "tests/evidence/bench/bench-index-lock.txt", environment)
        _say_before(display, rivals.versions(programs, rivals.GENERATORS))
        indexing.run(display, programs, environment, runs=arguments.runs, wheels=arguments.wheels)
    _run_without_rivals(arguments, display, environment, alone=alone)
    # Not beside the rest: those that never come to an end take ten minutes each.
    if arguments.line:
        _say_before(display, {})
        lines.run(display, environment)
    display.say(f"after: {measure.machine()}")


def _run_without_rivals(
    arguments: argparse.Namespace, display: Display, environment: Mapping[str, str], *, alone: bool
) -> None:
    """Run the parts that need no other tool, or those of them that were asked for alone."""
    if arguments.proof or not alone:
        _say_before(display, {})
        proving.run(display, environment, runs=arguments.runs)
    if arguments.policy or not alone:
        _say_before(display, {})
        filters.run(display, environment, runs=max(arguments.runs, filters.RUNS))
    if arguments.start or not alone:
        _say_before(display, {})
        starting.run(display, environment)
    if arguments.pages or not alone:
        _say_before(display, {})
        reading.run(display, environment, runs=arguments.runs)
    if arguments.bundle or not alone:
        _say_before(display, {})
        carrying.run(display, environment)
    if arguments.states or not alone:
        _say_before(display, {})
        promoting.run(display, environment)


def _say_before(display: Display, versions: dict[str, str]) -> None:
    if versions:
        display.say(", ".join(f"{name} {version}" for name, version in versions.items()))
    display.say(f"before: {measure.machine()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--mirrors", action="store_true", help="leave the rest out: time whole mirrors alone")
    parser.add_argument("--index", action="store_true", help="leave whole mirrors out: time the index stage alone")
    parser.add_argument("--proof", action="store_true", help="time the proof alone, beside a plain loop")
    parser.add_argument("--policy", action="store_true", help="time what the rules of [policy] cost, alone")
    parser.add_argument("--start", action="store_true", help="time help and a wrong command line, alone")
    parser.add_argument("--pages", action="store_true", help="time a page of 60,000 links and a run over it, alone")
    parser.add_argument("--bundle", action="store_true", help="time a bundle of one changed wheel in 10,000, alone")
    parser.add_argument(
        "--states", action="store_true", help="time two snapshots and a rollback of 10,000 wheels, alone"
    )
    parser.add_argument("--line", action="store_true", help="time a slow and limited line beside pip and uv, alone")
    parser.add_argument(
        "--large",
        action="store_true",
        help="time a large list alone: its resolution beside uv, and the proof of a frozen one",
    )
    parser.add_argument("--runs", type=int, default=1, help="how often each tool runs each job (default: 1)")
    parser.add_argument(
        "--jobs", type=lambda text: text.split(","), default=["4", "12"], help="numbers of targets (default: 4,12)"
    )
    parser.add_argument(
        "--tools",
        type=lambda text: text.split(","),
        default=[*TOOLS],
        help="what mirrors (default: all), ours as pypi-subset",
    )
    usual = indexing.WHEELS
    parser.add_argument(
        "--wheels",
        type=int,
        default=usual,
        help=f"how many are indexed; other than {usual}: by ours alone, beside {usual}",
    )
    arguments = parser.parse_args()
    known = {job.name.partition(" ")[0] for job in JOBS}
    if unknown := set(arguments.jobs) - known:
        parser.error(f"there is no job with {', '.join(sorted(unknown))} targets, but with {', '.join(sorted(known))}")
    if unknown := set(arguments.tools) - set(TOOLS):
        parser.error(f"there is no tool {', '.join(sorted(unknown))}, but {', '.join(TOOLS)}")
    return arguments


if __name__ == "__main__":
    main()
