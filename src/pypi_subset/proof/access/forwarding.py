"""The way from a box, whose network is loopback alone, to a site that another machine serves."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit

#: Seconds without a byte after which a connection counts as gone.
PATIENCE = 60.0


class Forward:
    """
    Forwards connections to the web server of *url*, and to no other: bytes pass as they are, TLS included.

    :param url: where the site is served, no slash at its end.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._to = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

    def running(self) -> contextlib.AbstractContextManager[str]:
        """Return what yields the URL; there is nothing to start."""
        return contextlib.nullcontext(self.url)

    def also(self, listener: socket.socket) -> None:
        """Forward the connections of *listener*, until it is shut."""
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with listener, contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._connect, args=(connection,), daemon=True).start()

    def _connect(self, connection: socket.socket) -> None:
        # A server that cannot be reached ends the connection: the client says so.
        with connection, contextlib.suppress(OSError), socket.create_connection(self._to, PATIENCE) as other:
            connection.settimeout(PATIENCE)
            back = threading.Thread(target=_pass_on, args=(other, connection), daemon=True)
            back.start()
            _pass_on(connection, other)
            back.join()


def _pass_on(source: socket.socket, destination: socket.socket) -> None:
    """Pass on what *source* sends, until it sends no more."""
    with contextlib.suppress(OSError):
        while part := source.recv(1 << 16):
            destination.sendall(part)
    with contextlib.suppress(OSError):
        destination.shutdown(socket.SHUT_WR)
