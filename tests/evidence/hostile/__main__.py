"""Attacks and prints: ``python -m tests.evidence.hostile [--jobs N] [--only NAME,…]``, by ``make hostile``."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

from pypi_subset.support.staging import remove_tree
from tests.evidence.hostile import suite
from tests.evidence.hostile.every import EVERY
from tests.evidence.hostile.user import NoInterpreterError, current, ordinary


def main() -> int:
    """Return the exit code: 0 if every attack succeeds by its open door, and none otherwise."""
    parser = argparse.ArgumentParser(prog="hostile", description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="attacks at a time")
    parser.add_argument("--only", default="", metavar="NAMES", help="these attacks or kinds, separated by commas")
    arguments = parser.parse_args()
    only = set(filter(None, arguments.only.split(",")))
    attacks = [one for one in EVERY.values() if not only or only & {one.name, one.kind}]
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        # Readable for all: boxes of root have other users.
        folder = Path(tempfile.mkdtemp(prefix="hostile-"))
        stack.callback(remove_tree, folder)
        folder.chmod(0o755)
        try:
            users = list({one.name: one for one in (current(), stack.enter_context(ordinary()))}.values())
        except NoInterpreterError as error:
            _say(f"error: {error}")
            return 1
        outcomes = []
        for one in suite.run(suite.trials(attacks, users), folder, arguments.jobs):
            outcomes.append(one)
            if not one.right:
                door = "open" if one.trial.opened else "shut"
                _say(f"WRONG {one.trial.attack.name}, as {one.trial.user.name}, door {door}: {one.said[:600]!r}")
        for line in suite.table(outcomes, users):
            _say(line)
    wrong = sum(not one.right for one in outcomes)
    _say(f"{len(attacks)} attacks, {len(outcomes)} trials, {wrong} wrong, {time.monotonic() - start:.0f} s")
    return 1 if wrong or not outcomes else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
