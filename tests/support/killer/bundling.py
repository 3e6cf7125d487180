"""
Bundles that die at a chosen moment: started as a module, it imports everything once and forks each run.

Each line of standard input is the number of a tick: a fork writes a bundle of the subset below the root, and dies behind
that tick. The answer is the status of the fork, as `os.waitpid` has it. After tick 0 nothing dies.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from tests.support.killer.orders import Order
from tests.support.killer.ticks import Ticks


def _become(root: Path, nth: int) -> NoReturn:
    """Be the run; never returns."""
    from pypi_subset.bundle.exporter import make_bundle  # noqa: PLC0415
    from pypi_subset.model.paths import Paths  # noqa: PLC0415

    status = 1
    try:
        Ticks(Order(root=str(root), nth=nth), root.parent).install()
        work = root / "work"
        paths = Paths(requirements=work / "requirements", packages=work / "packages", site=work / "site")
        make_bundle(paths, root / "stick", since="last", key=root.parent / "office", volume="fat32", parity=True)
        status = 0
    finally:
        os._exit(status)


def main(root: Path) -> None:
    """Obey the lines of standard input."""
    import pypi_subset.bundle.exporter  # noqa: F401, PLC0415

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(root, int(line))
        print(os.waitpid(pid, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
