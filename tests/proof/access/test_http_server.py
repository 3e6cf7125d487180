"""The site as the plainest web server offers it."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.access.http_server import serving

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("forked_pip")


def test_the_server_is_a_plain_one(tmp_path: Path) -> None:
    """A directory answers with its page, one without a page does not, and what lies outside is not there."""
    (tmp_path / "secret").write_text("")
    (tmp_path / "site" / "simple").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("hello")
    with serving(tmp_path / "site") as url:
        with urllib.request.urlopen(f"{url}/") as answer:  # noqa: S310 - our own address
            assert (answer.read(), answer.headers["Content-Type"]) == (b"hello", "text/html")
        for path in ("simple/", "../secret", "%2e%2e/secret", "nothing"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{url}/{path}")  # noqa: S310 - our own address


def test_connections_stay_open(tmp_path: Path) -> None:
    """One connection serves many requests, and a list of files is in none of the answers."""
    (tmp_path / "aa.whl").write_bytes(b"bytes")
    with serving(tmp_path) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        statuses = []
        for path in ("/aa.whl", "/", "/aa.whl"):
            connection.request("GET", path)
            answer = connection.getresponse()
            assert (b"aa.whl" in answer.read()) is False
            statuses.append(answer.status)
        socket = connection.sock
        assert socket is not None
        connection.request("HEAD", "/aa.whl")
        assert connection.getresponse().headers["Content-Length"] == "5"
        assert connection.sock is socket
        connection.close()
    assert statuses == [200, 404, 200]


def test_an_address_of_the_newer_protocol(tmp_path: Path) -> None:
    """A host with colons is served by IPv6, and its URL has brackets."""
    (tmp_path / "aa").write_bytes(b"bytes")
    try:
        with serving(tmp_path, "::1") as url:
            assert url.startswith("http://[::1]:")
            with urllib.request.urlopen(f"{url}/aa") as answer:  # noqa: S310 - our own address
                assert answer.read() == b"bytes"
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
