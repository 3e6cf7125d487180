"""Commands as a user starts them: no terminal, no input, output as text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: The command ``pypi-subset``, run by the interpreter of the tests.
PYPI_SUBSET = (sys.executable, "-m", "pypi_subset")

#: A line about a stage.
STAGE = re.compile(r"^(?:resolve|download|index|proving|publish|fetch|read|bundle|snapshot): .* s\n", re.MULTILINE)

#: Seconds after which a command is killed.
PATIENCE = 300


def run(command: Sequence[str | Path], cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """
    Run *command* to its end, without a terminal and without input, and return its exit code and output.

    :param variables: environment variables on top of those of this process.
    """
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def complaints(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command wrote to standard error beside the lines about its stages."""
    return STAGE.sub("", done.stderr)


def subset(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``pypi-subset`` with *arguments* in *cwd*, and return its exit code and output."""
    return run([*PYPI_SUBSET, *arguments], cwd, **variables)
