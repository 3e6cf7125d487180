"""Many runs of pip from one import of it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future, InvalidStateError
from typing import IO, TYPE_CHECKING, Protocol, cast

from pypi_subset.errors import PipFailed, SubsetError
from pypi_subset.pip.runner import ALONE, GENERAL, SCRIPT, PipResult, late, logged, run, sealed_environment
from pypi_subset.support.files import blame
from pypi_subset.support.machine import memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self


#: Seconds in which a process whose output has ended is gone, also on a busy machine.
_PATIENCE = 5.0


class Served(Protocol):
    """A process that was started, with pipes to its standard input and output."""

    stdin: IO[str] | None
    stdout: IO[str] | None

    def kill(self) -> None:
        """End the process."""

    def close(self) -> None:
        """
        End it, and close the pipes.

        :raises SubsetError: why it ended, where that is known.
        """


class Place(Protocol):
    """Where a pip is started."""

    def variables(self, work: Path) -> dict[str, str]:
        """Return the environment of a run; *work* is its own directory."""

    def start(self, command: Sequence[str], variables: Mapping[str, str]) -> Served:
        """Start *command*, a server of pips."""


class Pips:
    """
    Runs pip many times, in parallel, while the ``with`` block lasts.

    On Linux one process imports pip once and forks for each run. Elsewhere every run starts pip again: on macOS a fork
    that did not exec may crash in the system's frameworks, and Windows has no fork.

    :param work: a directory for the process itself; each run brings its own.
    :param python: an interpreter with a pip of its own, as in a fresh virtual environment; ``None`` means ours.
    :param place: where that interpreter is started.
    :param plans: whether that pip runs once before the first order; see ``_child.py``.
    """

    def __init__(
        self, work: Path, python: Path | None = None, place: Place | None = None, *, plans: bool = False
    ) -> None:
        self._work, self._python, self._place, self._plans = work, python, place or _Here(), plans
        self._lock = threading.Lock()
        self._runs: dict[int, Future[tuple[int, str, str]]] = {}
        self._server: Future[Served] = Future()
        # It is started by the thread that listens to it: Linux ends a process that asked for it (prctl) together with
        # the thread that started it, and those that ask for runs come and go.
        self._listener = threading.Thread(target=self._listen, daemon=True)
        #: Whether its process has ended, and no more runs are possible.
        self.gone = False
        #: The error that a run gets then.
        self._why: SubsetError = _vanished()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            # After Ctrl-C an abandoned thread may still call `run`: it is refused.
            self.gone = True
        if self._listener.ident is not None and self._server.exception() is None:
            # No thread waits for the runs that are left.
            self._server.result().kill()
            self._listener.join()

    def run(  # noqa: PLR0913 - each setting of a run by name
        self,
        arguments: Sequence[str],
        *,
        work: Path,
        environment: Mapping[str, str] | None,
        installed: Mapping[str, str] | None = None,
        known: Mapping[str, Mapping[str, object]] | None = None,
        timeout: float | None = None,
        libraries: Sequence[Path] = (),
    ) -> PipResult:
        """
        Return what pip did, as `runner.run` with the same parameters.

        :param environment: ``None`` for the markers of an interpreter that was given.
        :param known: what pip need not ask for or compute, as `sharing` takes it; a pip in a new process does so all the same.
        :param libraries: on Linux, the directories in which ``pip check`` finds what is installed; none for its own.
        :raises PipFailed: pip's process was killed or vanished, or pip did not end in time.
        :raises FolderError: the disk is full, or otherwise refused what pip wanted to write.
        """
        if sys.platform == "linux":
            order = {
                "arguments": [*arguments, *GENERAL],
                "environment": environment and dict(environment),
                "installed": dict(installed or {}),
                "known": known,
                "libraries": [*map(str, libraries)],
                "notes": self._plans,
            }
            result = self._forked(order, work, timeout)
        else:
            result = run(
                arguments,
                work=work,
                environment=environment,
                installed=installed,
                python=self._python,
                timeout=timeout,
            )
        if result.returncode:
            blame(result.stderr, work)
            if why := memory.ran_out(result.returncode, result.stderr):
                raise _short(why)
        return result

    def _forked(self, order: Mapping[str, object], work: Path, timeout: float | None) -> PipResult:
        code, stdout, stderr = self._awaited(order, work, timeout)
        if code < 0:
            raise _short(memory.ran_out(code, stderr)) if memory.ran_out(code, stderr) else _vanished()
        arguments = cast("list[str]", order["arguments"])
        return logged(PipResult(arguments, code, stdout, stderr), arguments)

    def _awaited(self, order: Mapping[str, object], work: Path, timeout: float | None) -> tuple[int, str, str]:
        """Return exit code and output of the run that is ordered; one that takes too long is killed."""
        future = Future[tuple[int, str, str]]()
        with self._lock:
            if self.gone:
                raise self._why
            if self._listener.ident is None:
                self._listener.start()
            number = len(self._runs)
            self._runs[number] = future
            try:
                # This makes directories: a run that is over must not find new ones in a stage that was removed.
                self._write({"id": number, **order, "variables": self._place.variables(work) | ALONE})
            except BrokenPipeError:
                # It reads no more. The listener finds out why it ended, and raises that in all runs that wait.
                self._server.result().kill()
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
        """Start the process and hand each result to the run that waits for it. When the process ends, fail all other runs."""
        start = [sys.executable, "-I", str(SCRIPT), "--serve"]
        if self._python is not None:
            # An environment is as it was when this process began; what is installed brings its own bytecode.
            start = [str(self._python), "-I", "-B", str(SCRIPT), "--serve-plans" if self._plans else "--serve-own"]
        try:
            server = self._place.start(start, self._place.variables(self._work) | ALONE)
        except (OSError, SubsetError) as error:
            self._server.set_exception(error)
            return
        self._server.set_result(server)
        # A server that says something else than results is as good as gone.
        with contextlib.suppress(ValueError, KeyError, TypeError, InvalidStateError):
            for line in cast("IO[str]", server.stdout):
                number, code, stdout, stderr = json.loads(line)
                self._runs[number].set_result((int(code), str(stdout), str(stderr)))
        with self._lock:
            # An order from now on finds no process. It waits here until the reason is known.
            self.gone = True
            try:
                server.close()
            except SubsetError as error:
                self._why = error
            for future in self._runs.values():
                if not future.done():
                    future.set_exception(self._why)


class _Here:
    """No other place than this machine, with nothing of its settings."""

    def variables(self, work: Path) -> dict[str, str]:
        """Return what pip may see."""
        return sealed_environment(work)

    def start(self, command: Sequence[str], variables: Mapping[str, str]) -> Served:
        """Start *command* with the id of this process, so that it ends with this process."""
        return _Child(
            [*command, str(os.getpid())],
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            # Ctrl-C in a terminal is for us; this process ends with us, and silently.
            start_new_session=True,
        )


class _Child(subprocess.Popen[str]):
    """A child process."""

    def close(self) -> None:
        """
        End it, and close the pipes.

        :raises PipFailed: it was killed before.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            # Its output has ended: it is about to end, unless it is made to.
            self.wait(_PATIENCE)
        why = memory.ran_out(self.returncode, "")
        self.kill()
        with contextlib.suppress(BrokenPipeError):
            self.communicate()
        if why:
            raise _short(why)


def _short(why: str) -> PipFailed:
    """Return the error about a pip that had too little memory, as `memory.ran_out` says it."""
    return PipFailed(f"pip {why}", next_step=memory.STEP)


def _vanished() -> PipFailed:
    return PipFailed("pip's process vanished", next_step="run the same command again; was it killed?")
