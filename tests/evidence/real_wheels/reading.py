"""What comes of reading a real wheel strictly, and the committed list."""

from __future__ import annotations

import csv
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from pypi_subset.distributions.wheel import check_wheel
from pypi_subset.errors import BadDistribution
from pypi_subset.proof.access.archives import fault_of

#: The list: each wheel that was read, from PyPI, with what came of it.
LIST = Path(__file__).with_name("outcomes.csv")
#: The outcome of a wheel that both readers take.
TAKEN = "taken"
#: Seconds of processor time that reading a wheel may take, on average.
GOAL = 0.015
_COLUMNS = ("filename", "sha256", "outcome")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """
    What came of one wheel.

    :param seconds: processor time of the strict reading; 0 for one of the list.
    """

    filename: str
    sha256: str
    outcome: str
    seconds: float = 0.0


def read(path: Path) -> Outcome:
    """Return what both readers, that of mirror and that of the proof, say of the wheel at *path*."""
    digest, start = hashlib.sha256(path.read_bytes()).hexdigest(), time.process_time()
    said = TAKEN
    try:
        check_wheel(path, path.name)
    except BadDistribution as error:
        said = error.what
    seconds = time.process_time() - start
    if said == TAKEN and (fault := fault_of(path)):
        said = f"the proof: {fault}"
    return Outcome(filename=path.name, sha256=digest, outcome=said, seconds=seconds)


def write(found: list[Outcome]) -> None:
    """Write the list."""
    with LIST.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(_COLUMNS)
        rows.writerows((one.filename, one.sha256, one.outcome) for one in found)


def committed() -> list[Outcome]:
    """Return the committed list."""
    with LIST.open(encoding="utf-8", newline="") as stream:
        rows = [*csv.DictReader(stream)]
    return [Outcome(filename=one["filename"], sha256=one["sha256"], outcome=one["outcome"]) for one in rows]
