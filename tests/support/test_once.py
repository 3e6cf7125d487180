"""What is requested by many is made once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError, UpstreamError
from pypi_subset.support.once import Once, Recent, Spool

if TYPE_CHECKING:
    from pathlib import Path


def test_once_is_once() -> None:
    """However many threads ask, a value is computed once; an error is kept and raised to each."""
    calls: list[str] = []

    def compute(key: str) -> str:
        calls.append(key)
        if key == "bad":
            msg = "no"
            raise UpstreamError(msg)
        return key.upper()

    once = Once(compute)
    threads = [threading.Thread(target=once, args=("a",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(2):
        with pytest.raises(UpstreamError):
            once("bad")
    assert calls == ["a", "bad"]
    assert once.results() == [("a", "A")]


def test_what_was_asked_for_of_late_is_kept() -> None:
    """Sequences are kept up to a number of items in all, and the last one in any case."""
    calls: list[str] = []

    def compute(key: str) -> str:
        calls.append(key)
        return key * 3

    recent = Recent(compute, 6)
    assert [recent(key) for key in "abab"] == ["aaa", "bbb", "aaa", "bbb"]
    assert calls == ["a", "b"]
    recent("a")
    recent("c")
    assert [recent("a"), recent("c")] == ["aaa", "ccc"]
    recent("b")
    assert calls == ["a", "b", "c", "b"]
    large = Recent(compute, 2)
    assert [large("d"), large("d")] == ["ddd", "ddd"]
    assert calls[4:] == ["d"]


def test_threads_wait_for_one_of_them() -> None:
    """Threads that ask for the same at the same time compute it once."""
    calls: list[str] = []
    begun = threading.Barrier(9)

    def compute(key: str) -> str:
        calls.append(key)
        return key

    recent = Recent(compute, 6)

    def ask() -> None:
        begun.wait()
        recent("a")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    begun.wait()
    for thread in threads:
        thread.join()
    assert calls == ["a"]


def test_bytes_are_kept_on_disk(tmp_path: Path) -> None:
    """Threads that keep and read bytes at the same time get their own, and no file has a name."""
    spool, pieces = Spool(tmp_path), [bytes([number]) * 1000 * number for number in range(50)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda piece: spool.read(spool.keep(piece)), pieces)) == pieces
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_keeps_nothing(tmp_path: Path) -> None:
    """Where no file can be made, the error names the directory."""
    with pytest.raises(FolderError, match="gone"):
        Spool(tmp_path / "gone").keep(b"x")
