"""A Dask cluster as people start one, and scripts in the place of the process that talks to it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


class Cluster:
    """A scheduler and its workers, each started as on a command line."""

    def __init__(self, folder: Path, *options: str, **settings: str) -> None:
        self.folder, self.settings = folder, settings
        where = ("--host=127.0.0.1", "--port=0", "--scheduler-file=scheduler.json")
        self.processes = [self._start("scheduler", *where, *options)]
        self.address = self._address()

    def add(self, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """Return a new worker of one thread, which is gone when it dies unless a nanny is asked for."""
        words = ["--nthreads=1", f"--local-directory=worker-{len(self.processes)}", *(options or ["--no-nanny"])]
        self.processes.append(self._start("worker", self.address, *words, **variables))
        return self.processes[-1]

    def stop(self) -> None:
        """End everything, the scheduler last; a nanny that is told to ends its worker."""
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, kind: str, *words: str, **variables: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, "--no-dashboard"]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self.settings, **variables},
            )

    def _address(self) -> str:
        for _ in range(600):
            with contextlib.suppress(OSError, ValueError):
                return str(json.loads((self.folder / "scheduler.json").read_text())["address"])
            time.sleep(0.1)
        return pytest.fail("the scheduler did not start")


#: What a process writes that is connected.
PRELUDE = """
import sys, time
def send(data):
    sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data)
    sys.stdout.buffer.flush()
"""
CONNECTED = PRELUDE + 'send(b\'{"type": "Connected"}\')\n'


class Scripted:
    """A start of the process that talks to a cluster: a script in its place, and what that one would have been started with."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.environment: Mapping[str, str] = {}
        self.reads: Sequence[Path] = ()

    @contextlib.contextmanager
    def __call__(
        self, command: Sequence[str], environment: Mapping[str, str], reads: Sequence[Path], streams: tuple[int, int]
    ) -> Iterator[None]:
        """Start it, as `cluster.start_plainly` starts *command*."""
        assert command[1:] == ["-I", "-m", "pypi_subset.proof.remote.client"]
        self.environment, self.reads = environment, reads
        process = subprocess.Popen([sys.executable, "-c", self.script], stdin=streams[0], stdout=streams[1])
        try:
            yield
        finally:
            process.kill()
            process.wait()
