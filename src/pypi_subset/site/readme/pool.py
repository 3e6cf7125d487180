"""
Renders READMEs in child processes, which a README may crash or keep busy without an effect on the others.

A child that ends, or that gives no answer in time, is replaced, and its README is shown as plain text.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Self

from pypi_subset.errors import SubsetError
from pypi_subset.site.readme._program import PROCESSOR, READY
from pypi_subset.support.threads import DaemonThreadPool

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Seconds that an answer may take on a machine that is busy; a child ends itself after `PROCESSOR` seconds of work.
PATIENCE = 12 * PROCESSOR
#: The program of a child.
MODULE = "pypi_subset.site.readme._program"
#: READMEs for which one more child is worth its start.
_SHARE = 8


def render_all(readmes: Sequence[tuple[str, str]]) -> list[str]:
    """
    Return the HTML of each README.

    :param readmes: text and media type of each.
    :raises SubsetError: no child starts.
    """
    if not readmes:
        return []
    workers = min(os.cpu_count() or 1, -(-len(readmes) // _SHARE))
    waiting, found = itertools.count(), [""] * len(readmes)

    def work() -> None:
        with _Child() as child:
            while (number := next(waiting)) < len(readmes):
                found[number] = child.render(*readmes[number])

    with DaemonThreadPool(workers) as pool:
        for one in [pool.submit(work) for _ in range(workers)]:
            one.result()
    return found


class _Child:
    """A process that renders one README after the other; it starts with the first one that needs it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def render(self, text: str, kind: str) -> str:
        """Return the HTML of one README."""
        if not text:
            return ""
        answer = self._ask(json.dumps({"text": text, "kind": kind}).encode() + b"\n")
        if answer.endswith(b"\n"):
            return str(json.loads(answer))
        self._stop()
        from pypi_subset.site.readme.markup import plain  # noqa: PLC0415 - few runs need it in this process

        return plain(text)

    def _ask(self, line: bytes) -> bytes:
        """Return the answer of the child; ``b""`` if it ended, or had to be ended."""
        if self._process is None:
            self._process = _started()
        process = self._process
        timer = threading.Timer(PATIENCE, process.kill)
        timer.daemon = True
        timer.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                assert process.stdin is not None  # noqa: S101 - it was asked for
                assert process.stdout is not None  # noqa: S101
                process.stdin.write(line)
                process.stdin.flush()
                return process.stdout.readline()
        finally:
            timer.cancel()
        return b""

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            with self._process:
                pass
            self._process = None


def _started() -> subprocess.Popen[bytes]:
    """Return a child that has loaded the renderers."""
    # The modules of this process, wherever they were installed, and nothing else that is ambient.
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    command = [sys.executable, "-P", "-W", "ignore", "-m", MODULE]
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None  # noqa: S101 - it was asked for
    if process.stdout.readline() != READY:
        with process:
            process.kill()
        msg = f"the program that renders READMEs does not start: exit code {process.returncode}"
        raise SubsetError(msg, next_step="install pypi-subset again: a library is missing")
    return process
