"""The one HTTP server of this project: it answers in daemon threads of this process, on loopback, and prints nothing."""

from __future__ import annotations

import contextlib
import logging
import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

_T = TypeVar("_T")


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, which stays open; a subclass adds ``do_GET`` and ``do_HEAD``."""

    protocol_version = "HTTP/1.1"
    # With Nagle's algorithm a body waits 40 ms for the client's delayed acknowledgement of the head.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Log a request or an error at level DEBUG."""
        logger.debug(format, *args)

    def handle_one_request(self) -> None:
        """Answer one request; a client that ends the connection early is no error."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True


class Server(ThreadingHTTPServer, Generic[_T]):
    """
    A server that accepts connections from its creation, and answers them inside `running`.

    :param handler: class of handlers, or a partial of one.
    :param state: what the handlers share, as ``self.server.state``.
    :param address: IP address to listen on. A free port is chosen.
    """

    daemon_threads = True
    #: Clients beyond this backlog would wait for a second or more.
    request_queue_size = 128

    def __init__(self, handler: Callable[..., BaseHTTPRequestHandler], state: _T, address: str = "127.0.0.1") -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.state = state
        super().__init__((address, 0), handler)
        shown = f"[{address}]" if ":" in address else address
        #: The address, without a slash at its end.
        self.url = f"http://{shown}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without the name lookup of `HTTPServer`: an isolated network has no resolver."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def also(self, listener: socket.socket) -> None:
        """Answer the connections of *listener* too, a socket that listens in another network, until that network ends."""
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with listener, contextlib.suppress(OSError):
            while True:
                self.process_request(*listener.accept())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log the error of a handler at level DEBUG."""
        del request
        logger.debug("no answer for %s: %r", client_address, sys.exception())

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Yield the address while a thread answers requests; close the server when the block ends."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield self.url
        finally:
            self.shutdown()
            self.server_close()
