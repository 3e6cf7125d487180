"""Connections that ask for nothing, or take nothing, end; the others do not notice."""

from __future__ import annotations

import asyncio
import resource
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, BinaryIO, Self

import pytest
import uvicorn

from pypi_subset.serve import connection
from tests.support.programs.ending import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Receive, Scope, Send

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def app(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer with a few bytes, for ``/large`` with 256 MB."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1 << 12 if scope["path"] == "/large" else 1):
        await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
    await send({"type": "http.response.body", "body": b"end"})


#: Seconds for a head and for an answer that is not taken, by the server's clock.
LIMIT = 600


class Server:
    """A server of *app* in a thread. Tests put its clock forward."""

    def __init__(self) -> None:
        settings = uvicorn.Config(
            app,
            http=connection.Connection,
            h11_max_incomplete_event_size=connection.MOST_HEAD,
            log_level="critical",
            lifespan="off",
            timeout_keep_alive=100 * LIMIT,
            timeout_graceful_shutdown=1,
        )
        self._server, self._loop, self._passed = uvicorn.Server(settings), asyncio.new_event_loop(), 0.0
        clock = self._loop.time
        self._loop.time = lambda: clock() + self._passed  # type: ignore[method-assign]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        self._loop.run_until_complete(self._server.serve(sockets=[self._listener]))
        self._loop.close()

    def connected(self) -> socket.socket:
        """Return a connection that the server has accepted."""
        before = len(self.connections)
        client = self.connecting()
        until(lambda: len(self.connections) > before, "the connection is accepted")
        return client

    def connecting(self) -> socket.socket:
        """Return a connection."""
        return socket.create_connection(("127.0.0.1", self._listener.getsockname()[1]), timeout=PATIENCE)

    @property
    def connections(self) -> set[connection.Connection]:
        """The connections that are open."""
        return self._server.server_state.connections  # type: ignore[return-value]

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass for the server, which has taken what was sent before, and does then what is due."""
        self._turn()
        self._passed += seconds
        self._turn()

    def _turn(self) -> None:
        """Return when the server has looked for events more than once."""
        for _ in range(3):
            turned = threading.Event()
            self._loop.call_soon_threadsafe(turned.set)
            assert turned.wait(PATIENCE)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Yield a server for three connections."""
    for name, limit in (("HEAD_SECONDS", LIMIT), ("STALL_SECONDS", LIMIT), ("MOST_CONNECTIONS", 3)):
        monkeypatch.setattr(connection, name, limit)
    with Server() as running:
        yield running


def is_open(client: socket.socket) -> bool:
    """Whether the server keeps the connection, on which nothing is to be read."""
    client.settimeout(0.1)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def ends(client: socket.socket) -> bool:
    """Whether the server ends the connection."""
    client.settimeout(PATIENCE)
    try:
        while client.recv(1 << 20):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def require_drop(server: Server, client: socket.socket, drip: bytes) -> None:
    """Require that the server ends the connection at its limit, although *drip* is sent before."""
    server.wait(LIMIT - 100)
    assert is_open(client)
    client.sendall(drip)
    server.wait(200)
    assert ends(client)


@pytest.mark.parametrize("drip", [b"", b"x"])
@pytest.mark.parametrize("first", [b"", b"GET", HEAD, HEAD + b"X-Slow: "])
def test_half_a_request_is_dropped(server: Server, first: bytes, drip: bytes) -> None:
    """Whether nothing more comes, or a byte now and then."""
    with server.connected() as client:
        client.sendall(first)
        require_drop(server, client, drip)


def test_half_a_request_behind_a_whole_one_is_dropped(server: Server) -> None:
    """A connection that was used well has no more time than another."""
    with server.connected() as client, client.makefile("rb") as stream:
        server.wait(LIMIT - 100)
        client.sendall(HEAD + b"\r\n" + HEAD)
        read_answer(stream)
        require_drop(server, client, b"x")


def test_a_body_without_end_is_dropped(server: Server) -> None:
    """Nobody reads it: it does not keep the connection."""
    with server.connected() as client, client.makefile("rb") as stream:
        client.sendall(HEAD.replace(b"GET", b"POST") + b"Content-Length: 1000000000\r\n\r\n")
        read_answer(stream)
        require_drop(server, client, b"x")


def read_answer(stream: BinaryIO) -> None:
    """Read a whole answer of the server."""
    assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
    while stream.readline() not in {b"3\r\n", b""}:
        pass
    assert [stream.readline() for _ in range(3)] == [b"end\r\n", b"0\r\n", b"\r\n"]


def test_whole_requests_are_answered(server: Server) -> None:
    """One after the other on one connection, and two at once; all of them take longer than the limit."""
    with server.connected() as client, client.makefile("rb") as stream:
        for _ in range(3):
            client.sendall((HEAD + b"\r\n") * 2)
            for _ in range(2):
                read_answer(stream)
            server.wait(LIMIT / 2)


def test_an_answer_that_nobody_takes_is_dropped(server: Server) -> None:
    """The server keeps what does not fit into the network's buffers."""
    with server.connected() as client:
        client.sendall(HEAD.replace(b"/ ", b"/large ") + b"\r\n")
        until(lambda: any(one._stall for one in server.connections), "the buffers are full")  # noqa: SLF001
        server.wait(LIMIT + 100)
        until(lambda: not server.connections, "the connection is dropped")
        taken = 0
        try:
            while piece := client.recv(1 << 20):
                taken += len(piece)
        except OSError:
            pass
        assert taken < 1 << 26


def test_a_large_answer_that_is_taken_slowly_comes_whole(server: Server) -> None:
    """Each pause is shorter than the limit, the whole is longer."""
    with server.connected() as client:
        client.sendall(HEAD.replace(b"/ ", b"/large ") + b"Connection: close\r\n\r\n")
        taken, paused = 0, 0
        while piece := client.recv(1 << 20):
            taken += len(piece)
            if taken > (paused + 1) << 26:
                paused += 1
                server.wait(LIMIT / 2)
    assert taken > 1 << 28
    assert paused > 2


def test_a_long_head_is_refused(server: Server) -> None:
    """One header, or many."""
    for head in (HEAD + b"X: " + b"x" * 100_000, HEAD + b"X: x\r\n" * 50_000):
        with server.connecting() as client:
            try:
                client.sendall(head)
                answer = client.recv(100)
            except OSError:
                continue
            assert answer.startswith(b"HTTP/1.1 400 ") or not answer


def test_there_are_not_too_many(server: Server) -> None:
    """One more than the limit is refused, with the time to come again; when another ends, there is room again."""
    clients = [server.connected() for _ in range(3)]
    with server.connecting() as late:
        late.sendall(HEAD + b"\r\n")
        answer = late.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1\r\n" in answer
    for client in clients:
        client.close()
    until(lambda: not server.connections, "the connections end")
    with server.connecting() as client:
        client.sendall(HEAD + b"\r\n")
        assert client.recv(15) == b"HTTP/1.1 200 OK"


def test_far_too_many_are_closed(server: Server) -> None:
    """Twice the limit may wait to be refused; one more is closed at once."""
    clients = [server.connected() for _ in range(6)]
    with server.connecting() as late:
        assert ends(late)
    for client in clients:
        client.close()


def test_no_more_connections_than_files() -> None:
    """A process that may have few files open accepts fewer connections; it takes what it may have."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (70, {hard})); "
        "from pypi_subset.serve.connection import limited; "
        "print(limited().most, resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for most, expected in ((100, "9 100"), (hard, None)):
        done = subprocess.run(
            [sys.executable, "-c", code.format(hard=most)], capture_output=True, text=True, check=True
        )
        if expected is not None:
            assert done.stdout.strip() == expected
        elif hard >= 1088:
            assert done.stdout.split()[0] == "256"
