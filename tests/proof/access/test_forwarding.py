"""The way from a box to a site that another machine serves."""

from __future__ import annotations

import contextlib
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.access.forwarding import Forward
from pypi_subset.proof.access.http_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Return a socket that listens, as one in a box does."""
    one = socket.create_server(("127.0.0.1", 0))
    yield one
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


def get(listener: socket.socket, path: str = "/") -> bytes:
    """Return what is served through *listener*."""
    with urllib.request.urlopen(f"http://127.0.0.1:{listener.getsockname()[1]}{path}", timeout=10) as answer:
        return bytes(answer.read())


def test_bytes_pass_as_they_are(tmp_path: Path, listener: socket.socket) -> None:
    """A page of any size arrives whole, by one connection after the other."""
    (tmp_path / "big").write_bytes(bytes(range(256)) * 9999)
    with serving(tmp_path) as url:
        forward = Forward(url)
        with forward.running() as same:
            assert same == url
            forward.also(listener)
            assert get(listener, "/big") == get(listener, "/big") == bytes(range(256)) * 9999


def test_a_server_that_is_gone(tmp_path: Path, listener: socket.socket) -> None:
    """Where there is no server the connection ends; the client says so, and the next one is tried again."""
    with serving(tmp_path) as url:
        forward = Forward(url)
    forward.also(listener)
    for _ in range(2):
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            get(listener)
