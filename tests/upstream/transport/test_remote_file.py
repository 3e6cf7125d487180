"""Files that are read in pieces over the network."""

from __future__ import annotations

import io
import itertools
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from pypi_subset.distributions.wheel import read_metadata
from pypi_subset.errors import BadDistribution, UpstreamError
from pypi_subset.support import bounds
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.transport.bodies import TooLargeError
from pypi_subset.upstream.transport.remote_file import TAIL, RemoteFile
from tests.support.servers.hostile import endless, head, sending
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.support.servers.index import Index


def test_a_remote_file_reads_its_end(index: Index, tmp_path: Path) -> None:
    """METADATA is read from a wheel's end in one request, and with one more where it stands further in front."""
    early = {f"app-1.0.dist-info/{name}": os.urandom(2 * TAIL) for name in ("METADATA-not", "x")}
    for wheel, requests in ((make_wheel("app", ballast=TAIL), 1), (late_metadata(early), 2)):
        index.projects["app"] = [wheel]
        index.requests.clear()
        url = index.url.replace("/simple/", f"/files/{wheel.filename}")
        remote = Fetcher(read_network()).tail(url, tmp_path / wheel.filename)
        assert remote is not None
        assert read_metadata(io.BufferedReader(remote), wheel.filename) == wheel.metadata
        assert [hit.status for hit in index.hits(".whl")] == [206] * requests


def test_what_lies_between_is_not_fetched(index: Index, tmp_path: Path) -> None:
    """METADATA at the beginning of a large wheel costs what stands around it, not all that lies behind it."""
    wheel = late_metadata({f"app-1.0.dist-info/{number}": os.urandom(TAIL) for number in range(10)})
    index.add(wheel)
    url = index.url.replace("/simple/", f"/files/{wheel.filename}")
    remote = Fetcher(read_network()).tail(url, tmp_path / wheel.filename)
    assert remote is not None
    assert read_metadata(io.BufferedReader(remote), wheel.filename) == wheel.metadata
    assert sum(hit.sent for hit in index.hits(".whl")) == 2 * TAIL


def late_metadata(more: dict[str, bytes]) -> Wheel:
    """Return a wheel of ``app`` whose METADATA stands in front of *more*."""
    plain = make_wheel("app")
    buffer = io.BytesIO(plain.data)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, data in more.items():
            archive.writestr(name, data)
    return Wheel(plain.filename, buffer.getvalue(), plain.metadata)


def test_a_remote_file_is_the_file(index: Index, tmp_path: Path) -> None:
    """Read from any position, it gives the bytes of the file, and none beyond its end."""
    wheel = make_wheel("app", ballast=2 * TAIL)
    index.add(wheel)
    url = index.url.replace("/simple/", f"/files/{wheel.filename}")
    remote = Fetcher(read_network()).tail(url, tmp_path / wheel.filename)
    assert remote is not None
    for start in (len(wheel.data) - 10, len(wheel.data), TAIL // 2, 0, 5, TAIL - 50, 2 * TAIL - 50):
        remote.seek(start)
        assert remote.read(100) == wheel.data[start : start + 100]
    assert remote.seek(-3, io.SEEK_END) == len(wheel.data) - 3


@pytest.mark.parametrize(
    ("stated", "body"),
    [
        (f"bytes 0-99/{TAIL * 10}", [b"x" * 100]),
        ("bytes 900-999/1000", [b"x" * 99]),
        ("bytes 900-999/1000", [b"x" * 101]),
        ("bytes 900-999/1000", endless()),
    ],
)
def test_parts_that_are_not_what_they_say(stated: str, body: Iterable[bytes], tmp_path: Path) -> None:
    """A part of a file has as many bytes as were asked for, and is its end."""
    with (
        sending(lambda _: itertools.chain([head(206, Content_Range=stated)], body)) as url,
        pytest.raises(UpstreamError, match=r"answered with|answered 206|more than"),
    ):
        Fetcher(read_network()).tail(url, tmp_path / "file")


def test_a_file_that_claims_to_be_large(tmp_path: Path) -> None:
    """The size that a server states is bounded as the file itself."""
    answer = [head(206, Content_Range=f"bytes {1 << 50}-{(1 << 50) + 9}/{(1 << 50) + 10}"), b"x" * 10]
    with sending(lambda _: answer) as url, pytest.raises(TooLargeError):
        Fetcher(read_network()).tail(url, tmp_path / "file")


def test_a_directory_that_claims_to_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel whose directory would need more than the bound is refused, not fetched piece by piece into memory."""
    monkeypatch.setattr(bounds, "LARGEST_PIECES", 8 * TAIL)
    data = make_wheel("app", ballast=100 * TAIL).data
    # The size of the directory in the end record: all that stands before it.
    end = data.rindex(b"PK\5\6")
    size = end.to_bytes(4, "little")
    hostile = data[: end + 12] + size + bytes(4) + data[end + 20 :]
    asked = list[int]()

    def span(first: int, last: int) -> bytes:
        asked.append(last - first + 1)
        return hostile[first : last + 1]

    remote = RemoteFile(span, len(hostile), len(hostile) - TAIL, hostile[-TAIL:])
    with pytest.raises(BadDistribution, match="METADATA cannot be found in"):
        read_metadata(io.BufferedReader(remote), "app-1.0-py3-none-any.whl")
    assert sum(asked) <= 9 * TAIL
