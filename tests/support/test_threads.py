"""Threads for a block of work: all is done at its end, unless it ends early; then nobody is waited for."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError

import pytest

from pypi_subset.support.threads import DaemonThreadPool


def test_all_is_done_at_the_end() -> None:
    """Every call has its result or its error, and no more of them run at once than asked for."""
    running: list[int] = []
    most = 0
    lock = threading.Lock()

    def call(number: int) -> int:
        nonlocal most
        with lock:
            running.append(number)
            most = max(most, len(running))
        time.sleep(0.01)
        with lock:
            running.remove(number)
        return 10 // number

    with DaemonThreadPool(3) as crew:
        futures = [crew.submit(call, number) for number in (0, 1, 2, 5, 10)]

    assert [future.result() for future in futures[1:]] == [10, 5, 2, 1]
    assert isinstance(futures[0].exception(), ZeroDivisionError)
    assert most == 3


@pytest.mark.parametrize("size", [0, None])
def test_there_is_always_one(size: int | None) -> None:
    """A machine that does not tell how many cores it has gets one thread."""
    with DaemonThreadPool(size) as crew:
        assert crew.submit(pow, 2, 5).result() == 32


def test_an_error_waits_for_nobody() -> None:
    """Left by an exception, the block ends at once: who waits is not waited for, who has not begun never begins."""
    begun, end = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        end.wait(5)

    def leave() -> None:
        with crew:
            begun.wait()
            raise KeyboardInterrupt

    crew = DaemonThreadPool(1)
    first, second = crew.submit(wait), crew.submit(wait)
    with pytest.raises(KeyboardInterrupt):
        leave()
    assert first.running()
    assert second.cancelled()
    end.set()
    first.result()
    with pytest.raises(CancelledError):
        second.result()
