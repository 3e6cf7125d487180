"""The hosts: a site offered by each, as its users would offer it, on loopback."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from tests.support.programs.commands import PYPI_SUBSET
from tests.support.servers.ports import free_port, running
from tests.support.servers.web import apache, nginx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path


@contextlib.contextmanager
def _disk(site: Path, _folder: Path) -> Iterator[str]:
    yield f"{site.as_uri()}/"


@contextlib.contextmanager
def _http_server(site: Path, folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-I", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(site), str(port)]
    with running(command, port, folder / "log"):
        yield f"http://127.0.0.1:{port}/"


@contextlib.contextmanager
def _serve(site: Path, folder: Path) -> Iterator[str]:
    port = free_port()
    with running([*PYPI_SUBSET, "serve", f"--site={site}", f"--port={port}"], port, folder / "log"):
        yield f"http://127.0.0.1:{port}/"


@contextlib.contextmanager
def _nginx(site: Path, _folder: Path) -> Iterator[str]:
    with nginx(site) as url:
        yield url


@contextlib.contextmanager
def _apache(site: Path, _folder: Path) -> Iterator[str]:
    with apache(site) as url:
        yield url


#: Name of the column → the site's address while the block lasts; the second argument is a directory for a log.
HOSTS: Mapping[str, Callable[[Path, Path], AbstractContextManager[str]]] = {
    "http.server": _http_server,
    "nginx": _nginx,
    "Apache": _apache,
    "make serve": _serve,
    "file://": _disk,
}
