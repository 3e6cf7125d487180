"""Mutates and prints: ``python -m tests.evidence.mutation [--every] [--renew] [--sample N]``, by ``make prove-the-proof``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.cli.display import Display
from pypi_subset.proof.machines import interpreters
from tests.evidence.mutation import closures, lost, run, score
from tests.evidence.mutation.ground import mirrored
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.evidence.mutation.judging import Outcome

FOLDER = ROOT / ".bench" / "mutation"


#: A subset that is smaller says little.
FILES, TARGETS = 60, 4


def main() -> int:
    """Return the exit code: 0 if no mutant survives."""
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("--every", action="store_true", help="prove each case that needs a mutated file: hours")
    parser.add_argument("--renew", action="store_true", help="take what is newest on PyPI, and write versions.txt")
    parser.add_argument("--only", choices=("raw", "closures", "consistent", "lost"), help="one of the scores")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="take one mutant in N, for a quick look")
    arguments = parser.parse_args()
    display = Display()
    ground = mirrored(FOLDER, renew=arguments.renew)
    display.say(f"{len(ground.artifacts)} files for {len(ground.targets)} targets")
    if len(ground.artifacts) < FILES or len(ground.targets) < TARGETS:
        display.say(f"error: a score counts for {FILES} files and {TARGETS} targets at least")
        return 1
    outcomes: list[Outcome] = []
    if arguments.only in {None, "raw"}:
        outcomes += _shown(display, "raw mutants, by the inventory", run.raw_score(FOLDER, arguments.sample))
    found = interpreters.find(interpreters.candidates(os.environ.get("PATH", ""), interpreters.pyenv_root(os.environ)))
    if arguments.only in {None, "closures"}:
        stated = closures.closure_score(ground, found, arguments.sample)
        outcomes += _shown(display, "pins and edges of the manifest", stated)
    if arguments.only in {None, "consistent"}:
        jobs = run.jobs(ground, found, every=arguments.every, step=arguments.sample)
        display.say(f"{sum(len(job.cases) for job in jobs)} cases to prove for consistent mutants")
        title = "consistent mutants, by installing"
        outcomes += _shown(display, title, run.consistent_score(FOLDER, jobs, found))
    if arguments.only in {None, "lost"}:
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix="work.") as scratch:
            cases = lost.cases(ground, found, Path(scratch))[:: arguments.sample]
            outcomes += _shown(display, "lost dependencies, by the import alone", lost.lost_score(cases))
    if not any(one.state == "red" for one in outcomes):
        display.say("error: no mutant was red, so nothing was tried")
        return 1
    return 1 if score.survivors(outcomes) else 0


def _shown(display: Display, title: str, coming: Iterable[Outcome]) -> list[Outcome]:
    """Return what is *coming*; each survivor is shown at once, the table at the end."""
    start = time.monotonic()
    outcomes: list[Outcome] = []
    for one in coming:
        outcomes.append(one)
        if len(outcomes) % 20 == 0 and one.answers:
            display.say(f"{len(outcomes)} mutants, {time.monotonic() - start:.0f} s")
        for line in score.survivors([one]):
            display.say(line)
    answers = sum(one.answers for one in outcomes)
    told = f", {answers} ways in tried" if answers else ""
    for line in [*score.table(title, outcomes), f"{time.monotonic() - start:.0f} s{told}"]:
        display.say(line)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
