"""HTTP for an index on loopback: connections, ranges, validators, credentials, and a list of all requests."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal, Protocol, cast
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Hit:
    """
    One request that the index received.

    :param range: the ``Range`` header, or ``""``.
    :param headers: all headers, names in lower case.
    :param status: of the answer; 0 if the connection was cut instead.
    :param sent: bytes of body in the answer.
    """

    method: str
    path: str
    range: str
    status: int
    sent: int
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server sends at one path, whatever is asked for there."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


#: A page for people where a file or a page of an index was asked for.
LOGIN = Answer(
    body=b"<html><form action='/login'><input name='password'></form></html>", headers={"Content-Type": "text/html"}
)


def moved(url: str, status: int = 302) -> Answer:
    """Return an answer that leads to *url*."""
    return Answer(status=status, headers={"Location": url})


class CutError(Exception):
    """Raised by an `on_request` hook: the connection is cut without an answer."""


class FailedError(Exception):
    """Raised by `Answering.body`: the answer is 502 (Bad Gateway)."""


class Answering(Protocol):
    """What the server below asks: an `Index`."""

    ranges: bool
    suffixes: Literal["", "beginning", "short"]
    cache_headers: bool
    auth: tuple[str, str] | None
    secret: tuple[str, str]
    answers: dict[str, Answer]
    cuts: dict[str, int]
    delay: float
    on_request: Callable[[str], int | None] | None
    on_sent: Callable[[str], None] | None
    requests: list[Hit]

    def body(self, path: str, accept: str) -> tuple[str, bytes] | None:
        """Return content type and bytes of *path*, ``None`` if there is nothing."""


class Server(ThreadingHTTPServer):
    """
    Answers from *index*, each connection in a thread.

    :param index: what is served.
    :param tls: a file with a certificate and its key.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, index: Answering, tls: Path | None = None) -> None:
        self.index = index
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), Handler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request: object, client_address: object) -> None:
        """Answer one connection, and remember that it is open."""
        self._open.add(cast("socket.socket", request))
        super().process_request(cast("socket.socket", request), client_address)

    def shutdown_request(self, request: object) -> None:
        """Close one connection."""
        self._open.discard(cast("socket.socket", request))
        super().shutdown_request(cast("socket.socket", request))

    def cut_all(self) -> None:
        """Cut all open connections."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing if a client closes the connection in the middle of an answer: some tests kill it there."""


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer one request."""
        index = cast("Server", self.server).index
        path = unquote(urlsplit(self.path).path)
        where, word = index.secret
        # Clients put no query behind the address of a page.
        asked = urlsplit(self.path).query == word or path.startswith("/simple/")
        admitted = not word or (asked if where == "query" else path.startswith(f"/{word}/"))
        path = path.removeprefix(f"/{word}") if word and where == "path" else path
        try:
            if index.delay:
                time.sleep(index.delay)
            forced = index.on_request(path) if index.on_request else None
            if forced is None and not admitted:
                forced = HTTPStatus.FORBIDDEN
            fixed = index.answers.get(path, Answer(status=forced or 0))
            if fixed.status:
                status, headers, body = fixed.status, dict(fixed.headers), fixed.body
            else:
                status, headers, body = self._answer(index, path)
        except FailedError:
            status, headers, body = HTTPStatus.BAD_GATEWAY, {}, b""
        except CutError:
            self.close_connection = True
            self._count(index, path, 0, 0)
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or status == HTTPStatus.NOT_MODIFIED:
            body = b""
        # Counted before it leaves: a client that has it all may look at the counter at once.
        self._count(index, path, status, len(body))
        if index.cuts.get(path, 0) and len(body) > 1:
            index.cuts[path] -= 1
            body, self.close_connection = body[: len(body) // 2], True
        self.wfile.write(body)
        self.wfile.flush()
        if index.on_sent:
            index.on_sent(path)

    do_HEAD = do_GET  # noqa: N815 - the names that http.server calls

    def _count(self, index: Answering, path: str, status: int, sent: int) -> None:
        asked = {name.lower(): value for name, value in self.headers.items()}
        index.requests.append(Hit(self.command, path, asked.get("range", ""), int(status), sent, asked))

    def _answer(self, index: Answering, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        if index.auth:
            wanted = base64.b64encode(":".join(index.auth).encode()).decode()
            if self.headers["Authorization"] != f"Basic {wanted}":
                return HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="test"'}, b""
        if path.startswith("/simple/") and not path.endswith("/"):
            return HTTPStatus.MOVED_PERMANENTLY, {"Location": f"{path}/"}, b""
        found = index.body(path, self.headers["Accept"] or "")
        if found is None:
            return HTTPStatus.NOT_FOUND, {}, b""
        kind, body = found
        headers = {"Content-Type": kind}
        if index.cache_headers:
            tag = f'"{hashlib.sha256(body).hexdigest()}"'
            headers |= {"Cache-Control": "max-age=600", "ETag": tag}
            if self.headers["If-None-Match"] == tag:
                return HTTPStatus.NOT_MODIFIED, headers, b""
        if index.ranges and path.startswith("/files/"):
            return self._ranged(headers, body, index.suffixes)
        return HTTPStatus.OK, headers, body

    def _ranged(self, headers: dict[str, str], body: bytes, suffixes: str) -> tuple[int, dict[str, str], bytes]:
        """Return the part that was asked for (RFC 9110, section 14), or all of it; of a suffix, what *suffixes* says."""
        headers["Accept-Ranges"] = "bytes"
        wanted_range = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"] or "")
        if not wanted_range or wanted_range[0] == "bytes=-":
            return HTTPStatus.OK, headers, body
        first, last = _span(wanted_range[1], wanted_range[2], len(body))
        if first > last:
            return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{len(body)}"}, b""
        if suffixes == "beginning" and not wanted_range[1]:
            first, last = 0, last - first
        if suffixes == "short" and not wanted_range[1]:
            first = (first + last + 1) // 2
        headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
        return HTTPStatus.PARTIAL_CONTENT, headers, body[first : last + 1]

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """Return the first and the last byte of a ``Range`` (RFC 9110, section 14.1.2)."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(size - 1, int(last or size - 1))
