"""Connections that ask for nothing, or take nothing, end; the others do not notice."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
import uvicorn

from pypi_subset.serve import connection

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


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Yield the port of a server with short limits."""
    for name, limit in (("HEAD_SECONDS", 0.6), ("STALL_SECONDS", 0.6), ("MOST_CONNECTIONS", 3)):
        monkeypatch.setattr(connection, name, limit)
    settings = uvicorn.Config(
        app,
        http=connection.Connection,
        h11_max_incomplete_event_size=connection.MOST_HEAD,
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def connect(port: int) -> socket.socket:
    """Return a connection to the server."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def ends(client: socket.socket, *, drip: bytes = b"") -> float:
    """Return the seconds until the server ends the connection, to which *drip* is sent now and then."""
    start = time.monotonic()
    client.settimeout(0.1)
    while time.monotonic() < start + 8:
        try:
            client.sendall(drip)
            if not client.recv(1 << 20):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - start


@pytest.mark.parametrize("drip", [b"", b"x"])
@pytest.mark.parametrize("first", [b"", b"GET", HEAD, HEAD + b"X-Slow: "])
def test_half_a_request_is_dropped(port: int, first: bytes, drip: bytes) -> None:
    """Whether nothing more comes, or a byte now and then."""
    with connect(port) as client:
        client.sendall(first)
        assert 0.3 < ends(client, drip=drip) < 5


def test_half_a_request_behind_a_whole_one_is_dropped(port: int) -> None:
    """A connection that was used well has no more time than another."""
    with connect(port) as client:
        client.sendall(HEAD + b"\r\n" + HEAD)
        assert 0.3 < ends(client, drip=b"x") < 5


def test_a_body_without_end_is_dropped(port: int) -> None:
    """Nobody reads it: it does not keep the connection."""
    with connect(port) as client:
        client.sendall(HEAD.replace(b"GET", b"POST") + b"Content-Length: 1000000000\r\n\r\n")
        assert 0.3 < ends(client, drip=b"x") < 5


def test_whole_requests_are_answered(port: int) -> None:
    """One after the other on one connection, and two at once."""
    with connect(port) as client, client.makefile("rb") as stream:
        for _ in range(3):
            client.sendall((HEAD + b"\r\n") * 2)
            for _ in range(2):
                assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
                while stream.readline() not in {b"3\r\n", b""}:
                    pass
                assert [stream.readline() for _ in range(3)] == [b"end\r\n", b"0\r\n", b"\r\n"]
            time.sleep(0.3)


def test_an_answer_that_nobody_takes_is_dropped(port: int) -> None:
    """The server keeps what does not fit into the network's buffers."""
    with connect(port) as client:
        client.sendall(HEAD.replace(b"/ ", b"/large ") + b"\r\n")
        time.sleep(3)
        taken = 0
        try:
            while piece := client.recv(1 << 20):
                taken += len(piece)
        except OSError:
            pass
        assert taken < 1 << 26


def test_a_large_answer_that_is_taken_slowly_comes_whole(port: int) -> None:
    """Each pause is shorter than the limit, the whole is longer."""
    with connect(port) as client:
        client.sendall(HEAD.replace(b"/ ", b"/large ") + b"Connection: close\r\n\r\n")
        taken, paused = 0, 0
        while piece := client.recv(1 << 20):
            taken += len(piece)
            if taken > (paused + 1) << 26:
                paused += 1
                time.sleep(0.4)
    assert taken > 1 << 28


def test_a_long_head_is_refused(port: int) -> None:
    """One header, or many."""
    for head in (HEAD + b"X: " + b"x" * 100_000, HEAD + b"X: x\r\n" * 50_000):
        with connect(port) as client:
            try:
                client.sendall(head)
                answer = client.recv(100)
            except OSError:
                continue
            assert answer.startswith(b"HTTP/1.1 400 ") or not answer


def test_there_are_not_too_many(port: int) -> None:
    """One more than the limit is refused, with the time to come again; when another ends, there is room again."""
    clients = [connect(port) for _ in range(3)]
    time.sleep(0.1)
    with connect(port) as late:
        late.sendall(HEAD + b"\r\n")
        answer = late.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1\r\n" in answer
    for client in clients:
        client.close()
    time.sleep(0.1)
    with connect(port) as client:
        client.sendall(HEAD + b"\r\n")
        assert client.recv(15) == b"HTTP/1.1 200 OK"


def test_far_too_many_are_closed(port: int) -> None:
    """Twice the limit may wait to be refused; one more is closed at once."""
    clients = [connect(port) for _ in range(6)]
    time.sleep(0.1)
    with connect(port) as late:
        assert ends(late) < 0.4
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
