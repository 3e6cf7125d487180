"""The way from a box, whose network is loopback alone, to a site that another machine serves."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds without a byte after which a connection counts as gone.
PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """
    How a box, which has a network of its own, reaches a site.

    :param listen: address and port to listen on there.
    :param hosts: names that mean that address.
    :param serve: answers the connections of the socket that listens.
    """

    listen: tuple[str, int]
    hosts: tuple[str, ...]
    serve: Callable[[socket.socket], None]


def reach_of(url: str, serve: Callable[[socket.socket], None]) -> Reach:
    """
    Return how a box reaches the server of *url*, under the same name or IP address; of IPv6 it has ``::1`` alone.

    :param serve: answers the connections.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if (re.fullmatch(r"[\d.]+", host) and host != "0.0.0.0") or ":" in host:  # noqa: S104 - it means this machine
        return Reach(listen=(host, port), hosts=(), serve=serve)
    return Reach(listen=("127.0.0.1", port), hosts=(host,), serve=serve)


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
