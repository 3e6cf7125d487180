"""The hosts: a site offered by each, as its users would offer it, on loopback."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

#: A server that does not listen after so many seconds will not.
PATIENCE = 20.0


@contextlib.contextmanager
def _disk(site: Path, _folder: Path) -> Iterator[str]:
    yield f"{site.as_uri()}/"


@contextlib.contextmanager
def _http_server(site: Path, folder: Path) -> Iterator[str]:
    port = _free_port()
    command = ["-m", "http.server", "--bind", "127.0.0.1", "--directory", str(site), str(port)]
    with _running([sys.executable, "-I", *command], port, folder / "log") as url:
        yield url


@contextlib.contextmanager
def _serve(site: Path, folder: Path) -> Iterator[str]:
    port = _free_port()
    command = ["-c", "from pypi_subset.cli.tasks import main; main()", "serve", f"--site={site}", f"--port={port}"]
    with _running([sys.executable, *command], port, folder / "log") as url:
        yield url


# The next two are set up by what lies beside the tests, which only those that are sealed find.


@contextlib.contextmanager
def _nginx(site: Path, _folder: Path) -> Iterator[str]:
    from tests.support.web_servers import nginx  # noqa: PLC0415

    with nginx(site) as url:
        yield url


@contextlib.contextmanager
def _apache(site: Path, _folder: Path) -> Iterator[str]:
    from tests.support.web_servers import apache  # noqa: PLC0415

    with apache(site) as url:
        yield url


#: Name of the column → the site's address while the block lasts; the second argument is a folder for a log.
HOSTS: Mapping[str, Callable[[Path, Path], AbstractContextManager[str]]] = {
    "http.server": _http_server,
    "nginx": _nginx,
    "Apache": _apache,
    "make serve": _serve,
    "file://": _disk,
}


@contextlib.contextmanager
def _running(command: Sequence[str], port: int, log: Path) -> Iterator[str]:
    """Yield the address of a server that *command* starts on *port*; end it afterwards."""
    with log.open("wb") as stream, subprocess.Popen(command, stdout=stream, stderr=stream) as server:
        try:
            _wait_for(port, server, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    msg = f"no server on port {port}: {log.read_text(encoding='utf-8', errors='replace')[-500:]}"
    raise TimeoutError(msg)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
