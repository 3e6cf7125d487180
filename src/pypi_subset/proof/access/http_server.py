"""The site as the plainest web server offers it: files and ``index.html``, on loopback unless told otherwise."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def serving(site: Path, host: str = "127.0.0.1") -> Iterator[str]:
    """
    Yield the URL of *site*, without a slash at its end, while the ``with`` block lasts.

    :param host: the address of this machine at which it is offered.
    """
    # No name is looked up, which HTTPServer would do with a host name: there is no resolver behind the seal.
    kind = _Server6 if ":" in host else _Server
    server = kind((host, 0), functools.partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up, as one does that was killed, is no event."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class Handler(SimpleHTTPRequestHandler):
    """What ``python -m http.server`` does, silently, with connections kept open, and without lists of folders."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def list_directory(self, path: Any) -> None:
        """Answer 404 where a folder has no page, as hosts do; a list of files would be an index that nobody wrote."""
        del path
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's own name
        """Say nothing."""
