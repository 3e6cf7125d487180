"""What is asked for by many is made once."""

from __future__ import annotations

import threading

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.support.once import Once


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
