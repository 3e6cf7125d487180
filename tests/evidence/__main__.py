"""
Runs one of the suites beside this file: ``python tests/evidence NAME [flags]``.

It puts ``tests/`` last on the search path of this process alone. A ``PYTHONPATH`` would reach every pip that a suite starts.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    names = sorted(path.parent.name for path in (TESTS / "evidence").glob("*/__main__.py"))
    if sys.argv[1:2] == [] or sys.argv[1] not in names:
        sys.exit(f"usage: python tests/evidence NAME [flags]; NAME is one of: {', '.join(names)}")
    # The first entry is this directory: its packages would be importable under two names.
    sys.path[:] = [*sys.path[1:], str(TESTS)]
    del sys.argv[0]
    runpy.run_module(f"evidence.{sys.argv[0]}", run_name="__main__", alter_sys=True)
