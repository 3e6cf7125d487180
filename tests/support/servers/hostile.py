"""
A server on loopback that sends what it likes, byte by byte: what no HTTP library would send.

::

    with sending(lambda path: [head(200), b"x" * 10]) as url:
        ...
"""

from __future__ import annotations

import contextlib
import socketserver
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Bytes of one endless piece.
PIECE = 1 << 16


def head(status: int = 200, **headers: object) -> bytes:
    """Return the head of an answer; an underscore in a name is a dash."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name.replace('_', '-')}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


def endless(piece: bytes = b"\0" * PIECE) -> Iterator[bytes]:
    """Yield *piece* again and again."""
    while True:
        yield piece


@contextlib.contextmanager
def sending(answer: Callable[[str], Iterable[bytes]], seen: list[str] | None = None) -> Iterator[str]:
    """
    Yield the address of a server, without a slash at its end, while the ``with`` block lasts.

    :param answer: path → all bytes of the answer, its head included. Each connection serves one request.
    :param seen: receives the head of each request.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in {b"\r\n", b""}:
                lines.append(line.decode("latin-1"))
            if not lines:
                return
            if seen is not None:
                seen.append("".join(lines))
            with contextlib.suppress(OSError):
                for piece in answer(lines[0].split(" ")[1]):
                    self.wfile.write(piece)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, block_on_close, allow_reuse_address = True, False, True

        def handle_error(self, *_: object) -> None:
            """Print nothing if the client closes the connection."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            # A loop that is not ended would find its closed socket ready, without a pause, for the rest of the session.
            server.shutdown()
