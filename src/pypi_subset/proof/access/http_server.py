"""The site as the plainest web server offers it: files and ``index.html``."""

from __future__ import annotations

import contextlib
import functools
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from pypi_subset.support import http_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def serving(site: Path, address: str = "127.0.0.1") -> Iterator[str]:
    """Serve *site* at the IP *address* while the ``with`` block lasts; yield its URL without a slash at its end."""
    with server_of(site, address).running() as url:
        yield url


def server_of(site: Path, address: str = "127.0.0.1") -> http_server.Server[None]:
    """Return a server of *site* at the IP *address*."""
    return http_server.Server(functools.partial(Handler, directory=str(site)), None, address)


class Handler(http_server.Handler, SimpleHTTPRequestHandler):
    """Answers like ``python -m http.server``, but lists no directory."""

    def list_directory(self, path: Any) -> None:
        """Answer 404 where a directory has no page: web servers do so, and a listing would be an index of its own."""
        del path
        self.send_error(HTTPStatus.NOT_FOUND)
