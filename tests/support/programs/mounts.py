"""Private mounts: a small disk, a read-only directory. Even root cannot write there, which a changed mode would not give."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: Begins a program that runs where something is mounted: `attempt` tells what an action raised.
PRELUDE = """
import json, sys
from pathlib import Path
from pypi_subset.support import files, staging
from pypi_subset.support.machine import holding
from pypi_subset.errors import FolderError

def attempt(action, *arguments):
    try:
        action(*arguments)
    except FolderError as error:
        return str(error)
    return None

directory = Path(sys.argv[1])
names = lambda: sorted(path.name for path in directory.iterdir())
"""


def small_disk(folder: Path, size: str) -> str:
    """Return the command that mounts an empty disk of *size*, e.g. ``64k``, over *folder*."""
    return f"mount -t tmpfs -o size={size} none {shlex.quote(str(folder))}"


def read_only(folder: Path) -> str:
    """Return the commands that make *folder* and all below it unwritable for everybody."""
    path = shlex.quote(str(folder))
    return f"mount --bind {path} {path} && mount -o remount,bind,ro {path}"


def run_mounted(mounts: str, code: str, *arguments: object) -> Any:
    """
    Return what the Python program *code* printed, read as JSON, when run where *mounts* hold; nobody else sees them.

    :param mounts: shell commands, from the functions above.
    :param arguments: the program's ``sys.argv[1:]``.
    """
    script = f'{mounts} && exec "$0" "$@"'
    done = subprocess.run(
        [*unshare(), "sh", "-c", script, sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def unshare() -> list[str]:
    """Return the beginning of a command that mounts privately; skip the test where that is not allowed."""
    allowed, reason = may_mount()
    if not allowed:
        pytest.skip(f"no private mounts here: {reason}")
    return [*allowed]


@cache
def may_mount() -> tuple[tuple[str, ...], str]:
    """Return the command that works here, or none and why: as root, else in a user namespace of our own."""
    reason = ""
    for flags in ("--mount", "--mount --map-root-user"):
        command = ("unshare", *flags.split())
        with tempfile.TemporaryDirectory() as folder:
            try:
                subprocess.run([*command, "mount", "-t", "tmpfs", "none", folder], capture_output=True, check=True)
            except FileNotFoundError as error:
                return (), str(error)
            except subprocess.CalledProcessError as error:
                reason = error.stderr.decode(errors="replace").strip()
            else:
                return command, ""
    return (), reason
