"""Servers that are too slow."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.transport import patience
from pypi_subset.upstream.transport.patience import Limit, limited
from tests.support.programs.ending import until
from tests.support.servers.hostile import head, sending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def dripping(*before: bytes, drop: bytes = b"x") -> Iterator[bytes]:
    """Yield *before*, then one *drop* after the other, each in time for a timeout from byte to byte."""
    yield from before
    while True:
        yield drop
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    # Half a second for an answer. No pause of a busy machine is as long as the timeout from byte to byte.
    monkeypatch.setattr(bounds, "PATIENCE", 0.5 - 60)
    monkeypatch.setenv("PIP_TIMEOUT", "60")
    monkeypatch.setenv("PIP_RETRIES", "0")


@pytest.mark.parametrize(
    "answer",
    [
        lambda: dripping(head(200, Content_Type="text/html")),
        lambda: dripping(head(200, Content_Type="text/html", Content_Length=1 << 20)),
        lambda: dripping(head(200, Content_Type="text/html", Transfer_Encoding="chunked"), drop=b"0"),
        lambda: dripping(head(200, Content_Type="text/html", Transfer_Encoding="chunked"), b"0\r\n", drop=b"a: b\r\n"),
        lambda: dripping(b"HTTP/1.1 200 O"),
        lambda: dripping(drop=b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda: dripping(b"HTTP/1.1 200 OK\r\n", drop=b"a"),
        lambda: dripping(head(302, Location="/elsewhere/")),
    ],
    ids=["body", "stated-body", "size-of-a-chunk", "trailers", "status", "interim", "header", "redirect"],
)
def test_a_server_that_drips(answer: object) -> None:
    """A server that sends a byte now and then is given up, in whatever part of its answer."""
    with (
        sending(lambda _: answer()) as url,  # type: ignore[operator]
        pytest.raises(UpstreamError, match="is slower than 16 KiB a second"),
    ):
        Fetcher(read_network()).page(f"{url}/app/")


def test_a_file_that_drips(tmp_path: Path) -> None:
    """The fetch of a file is not resumed again and again: the server had its time."""
    with (
        sending(lambda _: dripping(head(200, ETag='"one"'))) as url,
        pytest.raises(UpstreamError, match="is slower than"),
    ):
        Fetcher(read_network()).save(f"{url}/file", tmp_path / "file")
    assert not [*tmp_path.iterdir()]


def test_bytes_that_came_give_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is faster than the least speed may take as long as its size needs."""
    monkeypatch.setattr(bounds, "LEAST_SPEED", 1000)
    arrived, came = Limit.arrived, 0

    def arrive(limit: Limit, count: int) -> None:
        """Count the bytes, and check the limit: the clock advances one second for every 2000 bytes."""
        nonlocal came
        arrived(limit, count)
        came = count
        limit.look()

    monkeypatch.setattr(Limit, "arrived", arrive)
    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: came / 2000))

    def answer(_path: str) -> Iterable[bytes]:
        yield head(200)
        for number in range(20):
            yield b"x" * 200
            until(lambda sent=200 * (number + 1): came == sent, "the bytes arrive")  # type: ignore[misc]

    with sending(answer) as url:
        assert Fetcher(read_network()).small(url, 1 << 20) == b"x" * 4000


def test_the_watcher_ends() -> None:
    """Where no request is under way, no thread watches."""
    with limited("x", 0):
        watching = [thread for thread in threading.enumerate() if "_watch" in thread.name]
        assert watching
    for thread in watching:
        thread.join(60)
    assert not any(thread.is_alive() for thread in watching)
