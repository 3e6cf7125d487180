"""The HTTP server: it answers while its block lasts, several clients at once, and prints nothing."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest

from pypi_subset.support import http_server
from pypi_subset.support.http_server import Handler, Server
from tests.support.programs.ending import PATIENCE


class Echo(Handler):
    """Answers with the shared state; ``/broken`` raises, ``/together`` waits for a second client."""

    server: Server[threading.Barrier]

    def do_GET(self) -> None:  # noqa: N802 - the name in the base class
        """Answer."""
        if self.path == "/broken":
            raise ValueError(self.path)
        if self.path == "/together":
            self.server.state.wait(PATIENCE)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


def asked(url: str, path: str = "/", method: str = "GET") -> tuple[int, bytes]:
    """Return status and body of an answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_it_answers_while_the_block_lasts() -> None:
    """On loopback alone, one connection for many requests; afterwards nothing listens on the port."""
    server = Server(Echo, threading.Barrier(1))
    with server.running() as url:
        assert url == f"http://127.0.0.1:{server.server_port}"
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        for _ in range(2):
            connection.request("GET", "/")
            sock = connection.sock
            assert connection.getresponse().read() == b"ok"
            assert connection.sock is sock
        connection.close()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.server_port)):
        pass


def test_it_answers_several_clients_at_once() -> None:
    """Two requests that wait for each other are both answered."""
    with Server(Echo, threading.Barrier(2)).running() as url:
        answers: list[tuple[int, bytes]] = []

        def ask() -> None:
            answers.append(asked(url, "/together"))

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [(200, b"ok"), (200, b"ok")]


def test_it_prints_nothing(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """Requests, clients that hang up and broken handlers go to the log, at level DEBUG."""
    caplog.set_level(logging.DEBUG, logger=http_server.__name__)
    with Server(Echo, threading.Barrier(1)).running() as url:
        assert asked(url) == (200, b"ok")
        with pytest.raises(http.client.RemoteDisconnected):
            asked(url, "/broken")
        assert asked(url, method="PUT")[0] == HTTPStatus.NOT_IMPLEMENTED
    assert capfd.readouterr() == ("", "")
    assert "ValueError('/broken')" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_an_address_of_ipv6_stands_in_brackets() -> None:
    """The address is a URL (RFC 3986, 3.2.2)."""
    try:
        server = Server(Echo, threading.Barrier(1), "::1")
    except OSError:
        pytest.skip("there is no IPv6 loopback")
    with server.running() as url:
        assert url.startswith("http://[::1]:")
        assert asked(url) == (200, b"ok")
