"""
Two snapshots of 10,000 wheels of which one differs: what they take on the disk, and how long promotions and a rollback take.

All numbers are of one run. The commands are processes of their own, as users start them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pypi_subset.proof.evidence.key import VARIABLE
from pypi_subset.support.machine.sizes import readable_size
from tests.evidence.bench.index.indexing import workplace
from tests.evidence.bench.trips.offices import Office

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pypi_subset.cli.display import Display

LARGE = 10_000
#: Seconds that a rollback may take, from the start of the command to its end.
ROLLBACK = 1.0
COLUMNS = ("what", "seconds", "CPU s", "goal", "met")
_RENAMED = re.compile(r"again, by a rename in ([0-9.]+) s")


class Took(NamedTuple):
    """Seconds of a command, those of processors, and what it printed."""

    seconds: float
    processor: float
    said: str


class Measured(NamedTuple):
    """
    What was measured.

    :param snapshot: of the first state; *second* that of the next one.
    :param first: the first promotion to an empty channel; *forward* the next one, with one other wheel.
    :param back: the rollback, *again* the way forward after it.
    :param added: bytes on the disk that the second snapshot needs alone.
    """

    snapshot: Took
    second: Took
    first: Took
    forward: Took
    back: Took
    again: Took
    added: int


def run(display: Display, environment: Mapping[str, str]) -> None:
    """Print the table."""
    with workplace() as (folder, kind), pytest.MonkeyPatch.context() as patch:
        # No report of the bench is one of the user.
        patch.setenv(VARIABLE, str(folder / "reports"))
        display.say(f"states: in {folder.parent} ({kind})")
        found = measure(folder / "states", LARGE, {**environment, VARIABLE: str(folder / "reports")})
        display.table(COLUMNS, rows(found), title=f"two states of {LARGE:,} wheels, one of them changed")
        display.say(f"the second snapshot takes {readable_size(found.added)} more")


def measure(folder: Path, count: int, environment: Mapping[str, str]) -> Measured:
    """Return what the commands took, for a site of *count* wheels."""
    side = Office(folder, count).fill()
    with (side.paths.requirements / "subset.toml").open("a") as settings:
        settings.write('\n[channels]\nprod = "../www/prod"\n')
    snapshot = command(side, environment, "snapshot", "--name=one")
    first = command(side, environment, "promote", "--from=one", "--to=prod", "--grace=0")
    side.change()
    before = alone(side)
    second = command(side, environment, "snapshot", "--name=two")
    added = alone(side) - before
    forward = command(side, environment, "promote", "--from=two", "--to=prod", "--grace=0")
    back = command(side, environment, "promote", "--from=one", "--to=prod", "--grace=0", "--why=rollback")
    again = command(side, environment, "promote", "--from=two", "--to=prod", "--grace=0")
    return Measured(snapshot, second, first, forward, back, again, added)


def alone(side: Office) -> int:
    """Return the bytes of the files in the pool that have no other name."""
    facts = [path.stat() for path in (side.paths.packages / ".snapshots").rglob("*") if path.is_file()]
    return sum(one.st_size for one in facts if one.st_nlink == 1)


def command(side: Office, environment: Mapping[str, str], *words: str) -> Took:
    """Return what a command took, which must succeed."""
    places = [f"--{name}={getattr(side.paths, name)}" for name in ("requirements", "packages", "site")]
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pypi_subset", *words, *places],
        check=True,
        env=dict(environment),
        capture_output=True,
        text=True,
    )
    took, after = time.perf_counter() - started, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(took, used, done.stdout)


def rename_of(took: Took) -> float:
    """Return the seconds until the channel had the earlier state, as the command says it."""
    found = _RENAMED.search(took.said)
    assert found, took.said
    return float(found[1])


def rows(found: Measured) -> list[tuple[str, ...]]:
    """Return a row for each command; a rollback has a goal, and the part that changes the channel is in brackets."""
    plain = {
        "snapshot": found.snapshot,
        "snapshot of the next state": found.second,
        "promote to an empty channel": found.first,
        "promote the next state": found.forward,
    }
    table: list[tuple[str, ...]] = [
        (what, f"{one.seconds:.2f}", f"{one.processor:.2f}", "-", "-") for what, one in plain.items()
    ]
    for what, one in (("rollback", found.back), ("forward again", found.again)):
        seconds = f"{one.seconds:.2f} ({rename_of(one):.2f})"
        met = "yes" if one.seconds <= ROLLBACK else "NO"
        table.append((what, seconds, f"{one.processor:.2f}", f"<= {ROLLBACK:.0f} s", met))
    return table
