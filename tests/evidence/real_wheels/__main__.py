"""
Fetches real wheels, reads them strictly, and writes the list: ``python -m tests.evidence.real_wheels [--into DIR]``.

It needs PyPI, 1 GB of disk and a few minutes. Wheels that are there already are not fetched again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.evidence.real_wheels import reading
from tests.evidence.real_wheels.fetching import fetch
from tests.support.checkout import ROOT


def main() -> int:
    """Return the exit code: 0 if no wheel is refused and the mean time of a wheel is within the goal."""
    parser = argparse.ArgumentParser(prog="real_wheels", description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "real-wheels", help="directory of the wheels")
    folder: Path = parser.parse_args().into
    for sentence in fetch(folder):
        sys.stdout.write(f"{sentence}\n")
    found = [reading.read(path) for path in sorted(folder.glob("*.whl"))]
    reading.write(found)
    refused = [one for one in found if one.outcome != reading.TAKEN]
    for one in refused:
        sys.stdout.write(f"{one.filename}: {one.outcome}\n")
    mean = sum(one.seconds for one in found) / len(found)
    sys.stdout.write(f"{len(found)} wheels, {len(refused)} refused, {mean * 1000:.1f} ms of processor time each\n")
    return int(bool(refused) or mean > reading.GOAL)


sys.exit(main())
