"""
Imports that are killed before each step that changes a disk: run as a module, since it forks.

    python -P -m tests.support.gap.sweep ROOT MODE FIRST STEP

An audit hook counts what Python is about to do: open a file for writing, rename, link, make and remove names, change modes,
load the C library for the exchange. At the number of the run it sends the process SIGKILL. The parent looks at what is
left, lets the same import go on, and prints a line for each thing that is wrong.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

from pypi_subset.standalone.importer import program
from tests.support.gap.far import Far
from tests.support.gap.releases import files_of

#: What changes a disk, besides opening for writing.
EVENTS = frozenset(
    (
        *("os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.chown", "shutil.rmtree"),
        *("shutil.copyfile", "ctypes.dlopen", "os.utime"),
    )
)


def steps(last: int) -> None:
    """Kill this process before the step *last*."""
    done = count(1)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in EVENTS) and next(done) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def forked(far: Far, medium: Path, last: int, mode: str) -> int:
    """Return the status of an import that is killed before the step *last*; 0 lets it end."""
    pid = os.fork()
    if not pid:
        become(far, medium, last, mode)
    return os.waitpid(pid, 0)[1]


def become(far: Far, medium: Path, last: int, mode: str) -> NoReturn:
    """Be the import."""
    if "renames" in mode:
        mock.patch("pypi_subset.standalone.importer.home.exchange", return_value=False).start()
    if "copies" in mode:
        mock.patch("os.link", refuse).start()
    steps(last)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = program.main([str(medium), "--into", str(far.into), "--grace", "0"])
    os._exit(code)


def refuse(*_: object, **__: object) -> None:
    """Fail as a file system without hard links."""
    raise PermissionError(1, "Operation not permitted")


def main(root: Path, mode: str, first: int, step: int) -> None:
    """Kill imports of ``ROOT/stick`` into copies of ``ROOT/far`` until one ends by itself."""
    sites = {name: files_of(root / name) for name in ("old", "new")}
    medium = root / "stick"
    number = first
    while True:
        far = Far(root / "run")
        shutil.rmtree(far.into, ignore_errors=True)
        shutil.copytree(root / "far", far.into)
        status = forked(far, medium, number, mode)
        if os.WIFEXITED(status):
            break
        found = files_of(far.site) if far.site.exists() else None
        if found not in sites.values() and not (found is None and "renames" in mode):
            print(f"step {number}: the site is neither the old one nor the new one")  # noqa: T201
        if found is None:
            print(f"window {number}")  # noqa: T201
        status = forked(far, medium, 0, mode)
        if status or files_of(far.site) != sites["new"]:
            print(f"step {number}: the next import ended with {status}, or made another site")  # noqa: T201
        left = sorted(path.name for path in far.into.iterdir())
        if left != [".lock", "allowed_signers", "releases", "site", "state.json"] or far.loose_wheels():
            print(f"step {number}: {left} is left")  # noqa: T201
        if files_of(far.into / "releases/1") != sites["old"]:
            print(f"step {number}: the old release is not kept")  # noqa: T201
        number += step
    print(f"{number - first} steps")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
