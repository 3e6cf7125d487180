"""A Dask cluster as people start one: a scheduler and workers, each a process."""

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
