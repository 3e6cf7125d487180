"""Real pip and real uv as a user runs them, with nothing of this machine's configuration."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from uv import find_uv_bin

from pypi_subset.pip import runner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pypi_subset.pip.pool import Pips


def install(
    pips: Pips, command: str, folder: Path, variables: Mapping[str, str] | None = None
) -> tuple[int, str, Path]:
    """
    Return exit code, standard error, and the directory that the command installed into.

    :param pips: the fixture ``own_pips``, which runs pip.
    :param command: ``pip install …`` or ``uv pip install …``, as for a shell.
    :param folder: for this run alone.
    :param variables: of its environment, beside those that every run has; pip is a new process then.
    """
    tool, *arguments = shlex.split(command)
    into, work = folder / "into", folder / "work"
    if tool == "pip":
        # The projects beside pip are those of the tests; whether they agree is not asked.
        options = ["--target", str(into), "--no-warn-conflicts"]
        if variables is None:
            result = pips.run([*arguments, *options], work=work, environment=None)
            return result.returncode, result.stderr, into
        command_of = [sys.executable, "-I", "-m", "pip", *arguments, *options, "--disable-pip-version-check"]
    else:
        ours = ["--no-config", "--cache-dir", str(folder / "cache"), "--python", sys.executable, "--target", str(into)]
        command_of = [find_uv_bin(), *arguments, *ours]
    done = subprocess.run(
        command_of,
        env=runner.sealed_environment(work) | dict(variables or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr, into
