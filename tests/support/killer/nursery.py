"""
Mirrors that die at a chosen moment: after a write, a link, a rename, a response, the start of a child.

A `Nursery` is a process that has imported everything and forks one child for each run, which saves the import and
leaves this process, with its threads, unforked. In the child the functions that change files are wrapped: each call is
a *tick* with a label, e.g. ``replace requirements/lock/pylock.base--linux.toml``, and at one of them it sends itself a
signal. A file is written in halves, so there are ticks at which it exists empty, half and whole.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.support.killer.orders import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.killer.orders import Order


class Nursery:
    """
    Forks runs, one at a time, while the ``with`` block lasts.

    :param folder: for what the runs write beside their work.
    :param prefix: a command to start it with, e.g. ``unshare --mount``.
    """

    def __init__(self, folder: Path, prefix: Sequence[str] = ()) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-P", "-m", "tests.support.killer.forked", str(folder)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = 0

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]

    def run(self, order: Order, meanwhile: Callable[[int], object] | None = None) -> Outcome:
        """
        Return how *order* ended.

        :param meanwhile: called with the process id as soon as there is one.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(asdict(order))}\n")
        self._process.stdin.flush()
        started = time.monotonic()
        self.pid = int(self._answer())
        if meanwhile is not None:
            meanwhile(self.pid)
        status = int(self._answer())
        ended = time.monotonic()
        self.pid = 0
        lines = {name: (self._folder / name).read_text(errors="replace") for name in ("ticks", "audited", "said")}
        error, left = (self._folder / name for name in ("error", "left"))
        return Outcome(
            status=os.waitstatus_to_exitcode(status),
            error=tuple(json.loads(error.read_text())) if error.exists() else (),
            left=json.loads(left.read_text()) if left.exists() else {},
            ticks=tuple(lines["ticks"].splitlines()),
            audited=tuple(lines["audited"].splitlines()),
            said=lines["said"],
            seconds=ended - started,
            ended=ended,
        )

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send the signal to the run that is going on, if it still is."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _answer(self) -> str:
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        assert line, "the nursery died"
        return line


def survivors(root: Path) -> list[str]:
    """Return the command lines of processes that know *root*, from their arguments or their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            known = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX" and any(bytes(root) in text for text in known):
                found.append(f"{process.name} {state} {known[0].replace(bytes(1), b' ').decode(errors='replace')}")
    return found


def all_gone(root: Path, seconds: float) -> list[str]:
    """Return what `survivors` still finds after *seconds*, nothing as soon as it finds nothing."""
    end = time.monotonic() + seconds
    while (left := survivors(root)) and time.monotonic() < end:
        time.sleep(0.005)
    return left
