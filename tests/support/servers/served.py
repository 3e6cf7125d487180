"""Our own server, run as a user runs it: in a process of its own, on a port that the system chose; asking servers."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tests.support.programs.ending import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection
    from pathlib import Path


class Served:
    """A served site; use it as a context manager. Afterwards `exitcode` and `said` tell how the process ended."""

    def __init__(self, site: Path, log: Path) -> None:
        self._here, there = multiprocessing.Pipe()
        # Spawned, not forked: the process of the tests has threads.
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=(site, log, there), daemon=True)
        self._log = log
        self.url = ""

    def __enter__(self) -> Self:
        """Wait until it listens."""
        self._process.start()
        if not self._here.poll(PATIENCE):
            msg = f"no server: {self.said}"
            raise TimeoutError(msg)
        self.url = self._here.recv()
        return self

    def __exit__(self, *_: object) -> None:
        """Press Ctrl-C."""
        pid = self._process.pid
        if pid is not None and self._process.is_alive():
            os.kill(pid, signal.SIGINT)
        self._process.join(PATIENCE)
        self._process.kill()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rstrip("/").rpartition(":")[2])

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid or 0

    @property
    def exitcode(self) -> int | None:
        """The exit code of the process, ``None`` while it runs."""
        return self._process.exitcode

    @property
    def said(self) -> str:
        """All that it wrote to standard output and standard error."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""


@dataclass(frozen=True)
class Answer:
    """What the server sent: status, headers with names in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    """Return the answer to one request whose path is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def _serve(site: Path, log: Path, there: Connection) -> None:
    """Serve *site* with both outputs going to the file *log*."""
    # Imported here, so that coverage, which starts in this process just before, measures it.
    from pypi_subset.serve.server import serve  # noqa: PLC0415

    sys.stdout = sys.stderr = log.open("w", encoding="utf-8", buffering=1)
    serve(site, address="127.0.0.1", port=0, ready=there.send)
