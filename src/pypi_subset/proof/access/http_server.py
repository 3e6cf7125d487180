"""The site as the plainest web server offers it: files and ``index.html``; below a token, for those who know that."""

from __future__ import annotations

import contextlib
import functools
import hmac
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


def server_of(site: Path, address: str = "127.0.0.1", token: str = "") -> http_server.Server[str]:
    """
    Return a server of *site* at the IP *address*.

    :param token: the first part of every path: without it there is nothing. Other users of this machine reach the port
        too, and a site may hold wheels that they may not read. Empty: the site is at the root.
    """
    return http_server.Server(functools.partial(Handler, directory=str(site)), token, address)


class Handler(http_server.Handler, SimpleHTTPRequestHandler):
    """Answers like ``python -m http.server``, but lists no directory, and knows no path without the token."""

    server: http_server.Server[str]

    def send_head(self) -> Any:
        """Answer 404 for every path that does not begin with the token."""
        token = self.server.state
        if token and not hmac.compare_digest(self.path[1:].partition("/")[0].encode(errors="replace"), token.encode()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def translate_path(self, path: str) -> str:
        """Return the file that *path* means, which stands behind the token."""
        token = self.server.state
        return super().translate_path(path.removeprefix(f"/{token}") if token else path)

    def list_directory(self, path: Any) -> None:
        """Answer 404 where a directory has no page: web servers do so, and a listing would be an index of its own."""
        del path
        self.send_error(HTTPStatus.NOT_FOUND)
