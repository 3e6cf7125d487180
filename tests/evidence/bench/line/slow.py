"""A proxy on loopback between a client and an index: one slow line, few requests in a time, and a cut every few seconds."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes that are sent at once.
PIECE = 1 << 14
#: Header fields of the client, and of the index, that pass.
_ASKED = ("Accept", "Range", "If-Range", "If-None-Match")
_ANSWERED = ("Content-Type", "Content-Range", "Accept-Ranges", "ETag", "Cache-Control")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """
    What the line allows.

    :param speed: bytes a second, of all connections together.
    :param most: requests in *seconds*; all others are answered with 429.
    :param cut: seconds between two cuts of all connections.
    """

    speed: float
    most: int
    seconds: float
    cut: float


class Slow(ThreadingHTTPServer):
    """The proxy: *index* is the port of the index behind it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, index: int, line: Line) -> None:
        self.index, self.line = index, line
        #: Bytes of all bodies, and requests that were refused.
        self.sent = self.refused = 0
        self._lock = threading.Lock()
        self._begun, self._free = time.monotonic(), time.monotonic()
        self._times = deque[float]()
        self._outages, self._back = 0, 0.0
        super().__init__(("127.0.0.1", 0), _Handler)

    def admits(self) -> bool:
        """Return whether one more request is allowed now."""
        with self._lock:
            now = time.monotonic()
            while self._times and now - self._times[0] > self.line.seconds:
                self._times.popleft()
            if len(self._times) >= self.line.most:
                self.refused += 1
                return False
            self._times.append(now)
            return True

    def age(self) -> int:
        """Return how many cuts there were."""
        return int((time.monotonic() - self._begun) / self.line.cut) + self._outages

    def away(self, seconds: float) -> None:
        """Cut all connections, and answer nothing for *seconds*."""
        self._outages += 1
        self._back = time.monotonic() + seconds

    def is_away(self) -> bool:
        """Return whether nothing is answered now."""
        return time.monotonic() < self._back

    def send_one(self, count: int) -> None:
        """Wait as long as *count* bytes take on the line."""
        with self._lock:
            self.sent += count
            now = time.monotonic()
            self._free = max(self._free, now) + count / self.line.speed
            wait = self._free - now
        time.sleep(max(0.0, wait))

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing if a client goes away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        """Limit the buffer of the connection: a real line holds no megabytes."""
        super().setup()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)

    def do_GET(self) -> None:
        """Answer from the index, as slowly as the line is."""
        slow = cast("Slow", self.server)
        if slow.is_away():
            self.close_connection = True
            return
        if not slow.admits():
            self.send_response(429)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        age = slow.age()
        asked = {name: self.headers[name] for name in _ASKED if self.headers[name]}
        # Links on a page are relative, or begin with this address.
        with contextlib.closing(HTTPConnection("127.0.0.1", slow.index)) as behind:
            behind.request(self.command, self.path, headers={"Host": self.headers["Host"], **asked})
            answer = behind.getresponse()
            self.send_response(answer.status)
            for name in _ANSWERED:
                if value := answer.getheader(name):
                    self.send_header(name, value)
            self.send_header("Content-Length", answer.getheader("Content-Length") or "0")
            self.end_headers()
            while piece := answer.read(PIECE):
                slow.send_one(len(piece))
                if slow.age() != age:
                    self.close_connection = True
                    break
                self.wfile.write(piece)

    do_HEAD = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextlib.contextmanager
def slow_line(index: int, line: Line) -> Iterator[Slow]:
    """Yield the proxy in front of the index at port *index*, which answers while the ``with`` block lasts."""
    with Slow(index, line) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()
