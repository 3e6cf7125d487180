"""
Runs of one job that die at a chosen moment: started as a module, it imports everything once and forks each run.

    python -m tests.support.killer.dying JOB ROOT

Each line of standard input is the number of a tick: a fork does the job below the root, and dies behind that tick. The answer
is the status of the fork, as `os.waitpid` has it. After tick 0 nothing dies.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pypi_subset.bundle.exporter import make_bundle
from pypi_subset.model.paths import Paths
from pypi_subset.snapshots.promoting import promote
from tests.support.checkout import ROOT
from tests.support.killer.orders import Order
from tests.support.killer.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The time of a promotion.
NOW = "2026-11-28T10:00:00.000000Z"


def _bundle(root: Path) -> None:
    """Write a bundle of ``work`` to ``stick``."""
    key = root.parent / "office"
    make_bundle(_paths(root / "work"), root / "stick", since="last", key=key, volume="fat32", parity=True)


def _promote(root: Path) -> None:
    """Promote the snapshot that the file ``wanted`` names to the channel ``prod``."""
    source = (root / "wanted").read_text(encoding="utf-8")
    promote(_paths(root), source, "prod", by="ada", now=NOW, why="the sweep", grace=0)


#: What a run may do.
JOBS: dict[str, Callable[[Path], None]] = {"bundle": _bundle, "promote": _promote}


def _paths(work: Path) -> Paths:
    return Paths(requirements=work / "requirements", packages=work / "packages", site=work / "site")


@contextlib.contextmanager
def dying(job: str, root: Path) -> Iterator[Callable[[int], int]]:
    """Yield what does *job* below *root*, dies behind the tick of that number, and returns its status."""
    command = [sys.executable, "-m", __name__, job, str(root)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as running:
        assert running.stdin
        assert running.stdout

        def at(tick: int) -> int:
            assert running.stdin
            assert running.stdout
            running.stdin.write(f"{tick}\n")
            running.stdin.flush()
            return int(running.stdout.readline())

        with contextlib.closing(running.stdin):
            yield at


def _become(job: str, root: Path, nth: int) -> NoReturn:
    """Be the run; never returns."""
    status = 1
    try:
        Ticks(Order(root=str(root), nth=nth), root.parent).install()
        JOBS[job](root)
        status = 0
    finally:
        os._exit(status)


def main(job: str, root: Path) -> None:
    """Obey the lines of standard input."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(job, root, int(line))
        print(os.waitpid(pid, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
