"""Many runs of pip from one import of it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from typing import IO, TYPE_CHECKING, cast

from pypi_subset.errors import PipFailed, SubsetError
from pypi_subset.pip.runner import ALONE, GENERAL, SCRIPT, PipResult, late, logged, run, sealed_environment
from pypi_subset.support.files import blame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self


class Pips:
    """
    Runs pip many times, in parallel, while the ``with`` block lasts.

    On Linux one process imports pip once and forks for each run. Elsewhere every run starts pip anew: on macOS a fork
    that did not exec may crash in the system's frameworks, and Windows has no fork.

    :param work: a folder for the process itself; each run brings its own.
    :param python: an interpreter with a pip of its own, as in a fresh virtual environment; ``None`` means ours.
    """

    def __init__(self, work: Path, python: Path | None = None) -> None:
        self._work, self._python = work, python
        self._lock = threading.Lock()
        self._runs: dict[int, Future[int]] = {}
        self._server: Future[subprocess.Popen[str]] = Future()
        # It is started by the thread that listens to it: Linux ends a process that asked for it (prctl) together with
        # the thread that started it, and those that ask for runs come and go.
        self._listener = threading.Thread(target=self._listen, daemon=True)
        #: Whether its process has ended, and no more runs are possible.
        self.gone = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            # A thread that nobody waits for, after Ctrl-C, may come yet: it comes too late.
            self.gone = True
        if self._listener.ident is not None and self._server.exception() is None:
            # Whoever is still running is running for nobody.
            self._server.result().kill()
            self._listener.join()

    def run(
        self,
        arguments: Sequence[str],
        *,
        work: Path,
        environment: Mapping[str, str] | None,
        timeout: float | None = None,
    ) -> PipResult:
        """
        Return what pip did, as `runner.run` with the same parameters.

        :param environment: ``None`` for the markers of an interpreter that was given.
        :raises PipFailed: pip's process vanished, or pip did not end in time.
        :raises FolderError: the disk is full, or otherwise refused what pip wanted to write.
        """
        if sys.platform == "linux":
            result = self._forked(arguments, work, environment, timeout)
        else:
            result = run(arguments, work=work, environment=environment, python=self._python, timeout=timeout)
        if result.returncode:
            blame(result.stderr, work)
        return result

    def _forked(
        self, arguments: Sequence[str], work: Path, environment: Mapping[str, str] | None, timeout: float | None
    ) -> PipResult:
        # What pip says is kept in memory: that the disk is full could not be written to it.
        with (
            open(os.memfd_create("stdout"), encoding="utf-8", errors="replace") as stdout,  # noqa: PTH123 - no path
            open(os.memfd_create("stderr"), encoding="utf-8", errors="replace") as stderr,  # noqa: PTH123
        ):
            order = {
                "arguments": [*arguments, *GENERAL],
                "environment": environment and dict(environment),
                "stdout": f"/proc/{os.getpid()}/fd/{stdout.fileno()}",
                "stderr": f"/proc/{os.getpid()}/fd/{stderr.fileno()}",
            }
            code = self._awaited(order, work, timeout)
            if code < 0:
                raise _vanished()
            return logged(PipResult(arguments, code, stdout.read(), stderr.read()), arguments)

    def _awaited(self, order: Mapping[str, object], work: Path, timeout: float | None) -> int:
        """Return the exit code of the run that is ordered; one that takes too long is killed."""
        future = Future[int]()
        with self._lock:
            if self.gone:
                raise _vanished()
            if self._listener.ident is None:
                self._listener.start()
            number = len(self._runs)
            self._runs[number] = future
            try:
                # This makes directories: a run that is over must not find new ones in a stage that was removed.
                self._write({"id": number, **order, "variables": sealed_environment(work) | ALONE})
            except BrokenPipeError as error:
                raise _vanished() from error
        try:
            return future.result(timeout)
        except TimeoutError as error:
            with self._lock, contextlib.suppress(BrokenPipeError):
                self._write({"id": number, "kill": True})
            future.result()
            raise late(cast("list[str]", order["arguments"])[0], timeout) from error

    def _write(self, order: Mapping[str, object]) -> None:
        orders = cast("IO[str]", self._server.result().stdin)
        orders.write(f"{json.dumps(order)}\n")
        orders.flush()

    def _listen(self) -> None:
        """Start the process and hand each exit code to whoever waits for it; when it ends, tell all the others."""
        start = [sys.executable, "-I", str(SCRIPT), "--serve"]
        if self._python is not None:
            # What lies in an environment is as it was when this process began; what is installed brings its own bytecode.
            start = [str(self._python), "-I", "-B", str(SCRIPT), "--serve-own"]
        try:
            server = subprocess.Popen(
                [*start, str(os.getpid())],
                env=sealed_environment(self._work) | ALONE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                # Ctrl-C in a terminal is for us; this process ends with us, and silently.
                start_new_session=True,
            )
        except (OSError, SubsetError) as error:
            self._server.set_exception(error)
            return
        self._server.set_result(server)
        for line in cast("IO[str]", server.stdout):
            number, code = json.loads(line)
            self._runs[number].set_result(code)
        with self._lock:
            self.gone = True
            for future in self._runs.values():
                if not future.done():
                    future.set_exception(_vanished())
        with contextlib.suppress(BrokenPipeError):
            server.communicate()


def _vanished() -> PipFailed:
    return PipFailed("pip's process vanished", next_step="run the same command again; was it killed?")
