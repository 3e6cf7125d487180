"""Ports on loopback, and servers that are programs or handlers: started, awaited, stopped."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import sys
import threading
import time
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.support.programs.ending import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path
    from typing import Any

#: Ports that no system gives away by itself: to a client, or to a server that takes any.
_OWN = range(15_000, 32_000)


def free_port() -> int:
    """Return a port on 127.0.0.1 on which nothing listens, and which no other process of tests gets."""
    while True:
        port = random.choice(_OWN)  # noqa: S311 - no secret
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            if sys.platform == "linux":
                with socket.socket(socket.AF_UNIX) as claim:
                    # A name that no file has: it is free when this process ends.
                    claim.bind(f"\0pypi-subset-tests-{port}")
                    claim.detach()
            return port


def listens(port: int) -> bool:
    """Whether a server listens on *port* of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, log: Path, *, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """
    Start *command*, yield its process when it listens on *port*, and terminate it when the block ends.

    :param log: file for its standard output and standard error.
    :param environment: all its variables; default: those of this process.
    :raises RuntimeError: it ends, or does not listen within `PATIENCE`; the message ends with its output.
    """
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment and dict(environment)
        )
    try:
        _wait(process, port, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def answering(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[int]:
    """
    Yield the port of an HTTP server in threads of this process, which ends with the block.

    :param handler: class of handlers, or a partial of one.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with serving(server):
        yield server.server_port


@contextlib.contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    """Let *server* answer in threads of this process while the block lasts, and close it."""
    server.daemon_threads = True
    arguments: dict[str, Any] = {"poll_interval": 0.02}
    thread = threading.Thread(target=server.serve_forever, kwargs=arguments, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        if listens(port):
            return
        time.sleep(0.02)
    msg = f"no server on port {port}: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
    raise RuntimeError(msg)
