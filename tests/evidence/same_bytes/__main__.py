"""Builds and compares: ``python -m tests.evidence.same_bytes [--before COMMIT] [--renew]``, by ``make same-bytes``."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING

from tests.evidence.same_bytes import recording
from tests.evidence.same_bytes.cases import ALLOWED, BEFORE, CASES, FIRST, STEPS
from tests.evidence.same_bytes.compare import compare
from tests.evidence.same_bytes.sides import SideError, Work, checkout, commit
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.evidence.same_bytes.cases import Case
    from tests.evidence.same_bytes.compare import Difference
    from tests.evidence.same_bytes.recording import Recording
    from tests.evidence.same_bytes.sides import Side

#: Clones, wheels and sites; git ignores it.
FOLDER = ROOT / "build" / "same-bytes"

#: Differences that are printed for each step.
SHOWN = 5


def main() -> int:
    """Return the exit code: 0 if every site of the checkout has the bytes of the old commit's site."""
    parser = argparse.ArgumentParser(prog="same_bytes", description=__doc__)
    parser.add_argument(
        "--before", default=BEFORE, metavar="COMMIT", help=f"the commit to compare with (default: {BEFORE})"
    )
    parser.add_argument("--renew", action="store_true", help="resolve again from PyPI, and write the recording")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        old = commit(arguments.before, FOLDER / "commits")
        known = {} if arguments.renew else recording.read()
        made = {case.name: _recorded(case, old, known.get(case.name)) for case in CASES}
        if arguments.renew:
            recording.write(made)
        return 1 if sum(_compared(case, made[case.name], (old, checkout())) for case in CASES) else 0
    except (SideError, ValueError) as error:
        _say(f"error: {error}")
        return 1


def _recorded(case: Case, old: Side, known: Recording | None) -> Recording:
    """Return the recording of *case*, with every wheel in the build directory; refuse one that is too small."""
    made = recording.record(case, old, FOLDER / "recording" / case.name, known)
    if known and made.locks != known.locks:
        _say(f"{case.name}: locks that do not fit this machine or this checkout were resolved again by the old commit")
    targets = {name.partition("--")[2] for name in made.locks[FIRST]}
    if len(made.wheels) < case.files or len(targets) < case.targets:
        msg = (
            f"{case.name} has {len(made.wheels)} files for {len(targets)} targets, not {case.files} for {case.targets}"
        )
        raise SideError(msg)
    _say(f"{case.name}: {len(made.wheels)} wheels, {len(made.locks[FIRST])} locks, {len(targets)} targets recorded")
    return made


def _compared(case: Case, made: Recording, sides: Sequence[Side]) -> int:
    """Build *case* with both *sides* step by step, print a line for each step, and return the number of differences."""
    works = [_laid_out(case, made, side) for side in sides]
    differences = 0
    for step, state in STEPS:
        for side, work in zip(sides, works, strict=True):
            _build(side, work, case, made, state)
        found = compare(works[0].site, works[1].site, ALLOWED)
        differences += len(found.differences)
        numbers = f", {len(found.allowed)} but for a listed schema number" if found.allowed else ""
        _say(
            f"{case.name}, {step}: {found.files} files of SITE identical{numbers}; differences: {len(found.differences)}"
        )
        for line in _lines(found.differences):
            _say(line)
    if not differences:
        for work in works:
            shutil.rmtree(work.root)
    return differences


def _laid_out(case: Case, made: Recording, side: Side) -> Work:
    """Return new directories for *side*, with its own copy of the wheels: a mode or a cache must not pass over."""
    work = Work(FOLDER / "sides" / side.name / case.name)
    shutil.rmtree(work.root, ignore_errors=True)
    work.packages.mkdir(parents=True)
    for name in made.wheels:
        shutil.copy2(FOLDER / "recording" / case.name / "packages" / name, work.packages / name)
    return work


def _build(side: Side, work: Work, case: Case, made: Recording, state: str) -> None:
    """
    Build the site of *state* over the one before, without an index to ask.

    :raises SideError: a lock or the recording's wheels were not enough, or no site was made.
    """
    work.ask(case.texts(state), made.locks[state])
    side.mirror(work, network=False)
    if work.locks() != made.locks[state]:
        msg = f"{case.name}: {side.name} changed recorded locks in {work.requirements / 'lock'}"
        raise SideError(msg)
    if not _is_site(work.site):
        msg = f"{case.name}: {side.name} made no site in {work.site}"
        raise SideError(msg)


def _is_site(site: Path) -> bool:
    return (site / "manifest.json").is_file() and (site / "simple" / "index.html").is_file()


def _lines(differences: Sequence[Difference]) -> Iterator[str]:
    """Yield the first differences for people."""
    for one in differences[:SHOWN]:
        yield f"  {one.path}: {one.what}"
        yield from (f"    {line}" for line in one.excerpt)
    if len(differences) > SHOWN:
        yield f"  and {len(differences) - SHOWN} more paths"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
