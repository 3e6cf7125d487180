"""
Our index stage alone, in a process of its own: ``python -m tests.evidence.bench.index.stage FOLDER``.

*FOLDER* holds ``packages/`` and ``recorded.json``, which says what a lock would; ``site/`` is made there. What it took is
printed as JSON: the seconds until Python had started and imported, those of the rest, and this process's own peak of memory
in bytes.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path


def main(folder: Path) -> None:
    """Build the index of *folder*, and print what it took."""
    started = float(os.environ.get("BENCH_STARTED", time.perf_counter()))
    from tests.evidence.bench.index import ours  # noqa: PLC0415 - imports are timed by themselves

    imported = time.perf_counter()
    replaced = ours.index(folder)
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    took = {"imports": imported - started, "work": ended - imported, "peak": peak, "replaced": replaced}
    sys.stdout.write(f"{json.dumps(took)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
