"""Bodies of answers: bounds, encodings, and what is dropped."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.transport.bodies import TooLargeError
from tests.support.servers.hostile import endless, head, sending

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TEXT = b"all that is read " * 100


def packed(data: bytes = TEXT) -> bytes:
    """Return *data* compressed by gzip, the same bytes each time."""
    return gzip.compress(data, mtime=0)


def raw_deflate(data: bytes) -> bytes:
    """Return *data* compressed without zlib's header, as some servers send "deflate"."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def fetched(*pieces: bytes, limit: int = len(TEXT), **headers: object) -> bytes | None:
    """Return what is read of an answer with that body."""
    with sending(lambda _: [head(200, **headers), *pieces]) as url:
        return Fetcher(read_network()).small(url, limit)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", TEXT),
        ("gzip", packed()),
        ("X-GZIP", packed(TEXT[:500]) + packed(TEXT[500:]) + b"\0" * 20),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("gzip", b""),
    ],
    ids=["identity", "gzip", "members", "zlib", "raw", "nothing"],
)
def test_encodings_that_are_known(encoding: str, body: bytes) -> None:
    """A server may send gzip or deflate although identity was asked for; several members of gzip are one body."""
    assert fetched(body, Content_Encoding=encoding) == (TEXT if body else b"")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "x" * 500])
def test_encodings_that_are_refused(encoding: str) -> None:
    """Any other encoding is refused by its name."""
    with pytest.raises(UpstreamError, match=r"is encoded as '.{1,40}', and identity was asked for"):
        fetched(TEXT, Content_Encoding=encoding)


@pytest.mark.parametrize("body", [b"no gzip at all", packed()[:-9], packed()[:30]], ids=["none", "no-end", "half"])
def test_broken_encodings(body: bytes) -> None:
    """What cannot be decoded, or ends in the middle, is refused."""
    with pytest.raises(UpstreamError, match="is encoded wrongly"):
        fetched(body, Content_Encoding="gzip")


def test_the_number_of_members_is_bounded() -> None:
    """A body of many empty members costs a copy for each."""
    with pytest.raises(UpstreamError, match="in more than 1000 members"):
        fetched(packed(b"") * (bounds.MOST_MEMBERS + 1), limit=1 << 20, Content_Encoding="gzip")


def test_one_byte_too_many() -> None:
    """A body of as many bytes as are taken is read; one byte more is refused, whether the server states it or not."""
    assert fetched(TEXT) == TEXT
    for body, headers in (
        ([TEXT, b"x"], {}),
        ([packed(TEXT + b"x")], {"Content_Encoding": "gzip"}),
        ([], {"Content_Length": len(TEXT) + 1}),
        ([], {"Content_Length": "9" * 500}),
    ):
        with pytest.raises(TooLargeError, match=f"more than {len(TEXT):,} bytes"):
            fetched(*body, **headers)


def test_endless_bodies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page, a small file and a file whose body has no end are refused, and no file stays."""
    monkeypatch.setattr(bounds, "LARGEST_PAGE", 1 << 20)

    def answer(_path: str) -> Iterable[bytes]:
        yield head(200, Content_Type="text/html")
        yield from endless()

    with sending(answer) as url:
        fetcher = Fetcher(read_network())
        for fetch in (
            lambda: fetcher.page(f"{url}/app/"),
            lambda: fetcher.small(url, 1 << 20),
            lambda: fetcher.save(url, tmp_path / "file", 1 << 20),
            lambda: fetcher.tail(url, tmp_path / "file", 1 << 20),
        ):
            with pytest.raises(TooLargeError, match="more than 1,048,576 bytes"):
                fetch()
    assert not [*tmp_path.iterdir()]


def test_a_bomb_is_decoded_in_pieces() -> None:
    """A kilobyte that holds a megabyte is refused after the bound, not after all of it."""
    bomb = packed(bytes(64 << 20))
    with pytest.raises(TooLargeError):
        fetched(bomb, limit=1 << 20, Content_Encoding="gzip")


def test_bytes_are_counted_before_decoding_too() -> None:
    """A body that holds nothing, in very many bytes, is refused as well."""
    with pytest.raises(TooLargeError):
        fetched(packed(b"") * 100, limit=1000, Content_Encoding="gzip")
