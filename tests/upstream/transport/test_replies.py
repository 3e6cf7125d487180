"""What an answer says: its page, its part of a file, and the line about it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pip._vendor.urllib3.exceptions import ProtocolError

from pypi_subset.errors import UpstreamError
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.transport.kept import Answer
from pypi_subset.upstream.transport.replies import attempt, content_range, failure, page_of, require


def reply(status: int = 206, stated: str = "") -> SimpleNamespace:
    """Return an answer with a status and a head alone."""
    return SimpleNamespace(status_code=status, reason="Whatever", headers={"Content-Range": stated})


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("bytes 10-19/20", (10, 20)),
        ("bytes 0-0/1", (0, 1)),
        ("bytes 10-19/*", None),
        ("bytes */20", None),
        ("items 1-2/3", None),
        ("bytes -1-2/3", None),
        (f"bytes {'9' * 5000}-1/2", None),
        ("", None),
    ],
)
def test_ranges(stated: str, expected: tuple[int, int] | None) -> None:
    """RFC 9110, 14.4; what has no total is of no use, and no number is longer than that of a real file."""
    assert content_range(reply(stated=stated)) == expected


@pytest.mark.parametrize(
    ("content_type", "data", "text"),
    [
        ("text/html", "☃".encode(), "☃"),
        ("text/html; charset=latin-1", b"\xe9", "é"),
        ('text/html; charset="iso-8859-15"', b"\xa4", "€"),
        ("text/html; charset=utf-7", b"+AGE-", "+AGE-"),
        ("text/html; charset=iso-8859-99", "é".encode(), "é"),
    ],
)
def test_charsets(content_type: str, data: bytes, text: str) -> None:
    """UTF-8, unless the header names another encoding that is read in linear time."""
    assert page_of(Answer(data=data, content_type=content_type, url="https://index.example/")).text == text


@pytest.mark.parametrize(("status", "step"), [(401, "credentials"), (403, "who may read"), (418, "try again later")])
def test_another_status(status: int, step: str) -> None:
    """The address, without what is secret in it, the status, and what to do."""
    with pytest.raises(UpstreamError, match=f"^https://index.example/a answered {status} Whatever.*; .*{step}"):
        require(reply(status), "https://me:s3cret@index.example/a?token=1", 200, read_network().blame())


def test_what_the_network_raises_is_one_line() -> None:
    """Without password and token, also where the error repeats the address."""
    url = "https://me:s3cret@index.example/a?token=1"

    def fail() -> None:
        msg = f"no way to {url}\nmore"
        raise ProtocolError(msg)

    with pytest.raises(UpstreamError) as caught:
        attempt(url, fail, read_network().blame())
    assert "cannot fetch https://index.example/a: no way to https://index.example/a" in str(caught.value)

    # The network layer shows what it takes for a host and a port.
    def parse() -> None:
        read_network().session().get(r"https://me:s3cret\@index.example/a")

    with pytest.raises(UpstreamError, match="the address is no URL") as caught:
        attempt(url, parse, read_network().blame())
    assert "s3cret" not in str(caught.value)
    assert "ValueError" in str(failure(url, ValueError(), read_network().blame()))
