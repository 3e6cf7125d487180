"""Threads for a block of work: all is done at its end, unless it ends early; then nobody is waited for."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Executor

import pytest

from pypi_subset.support.threads import DaemonThreadPool


def test_all_is_done_at_the_end() -> None:
    """Every call has its result or its error; as many run at once as asked for, and no more."""
    running: list[int] = []
    most = 0
    lock, together = threading.Lock(), threading.Barrier(3)

    def call(number: int) -> int:
        nonlocal most
        with lock:
            running.append(number)
            most = max(most, len(running))
        together.wait(60)
        with lock:
            running.remove(number)
        return 10 // number

    with DaemonThreadPool(3) as pool:
        futures = [pool.submit(call, number) for number in (0, 1, 2, 5, 10, 10)]

    assert [future.result() for future in futures[1:]] == [10, 5, 2, 1, 1]
    assert isinstance(futures[0].exception(), ZeroDivisionError)
    assert most == 3


@pytest.mark.parametrize("size", [0, None])
def test_there_is_always_one(size: int | None) -> None:
    """A machine that does not tell how many cores it has gets one thread."""
    with DaemonThreadPool(size) as pool:
        assert pool.submit(pow, 2, 5).result() == 32


def test_an_error_waits_for_nobody() -> None:
    """Left by an exception, the block ends at once: who waits is not waited for, who has not begun never begins."""
    begun, end = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        end.wait(60)

    def leave() -> None:
        with pool:
            begun.wait()
            raise KeyboardInterrupt

    pool = DaemonThreadPool(1)
    first, second = pool.submit(wait), pool.submit(wait)
    with pytest.raises(KeyboardInterrupt):
        leave()
    assert first.running()
    assert second.cancelled()
    end.set()
    first.result()
    with pytest.raises(CancelledError):
        second.result()


def test_an_executor() -> None:
    """It serves whoever takes an executor: `map` keeps the order, and a closed pool takes no calls."""
    pool: Executor = DaemonThreadPool(2)
    with pool:
        assert list(pool.map(pow, (2, 3, 4), (1, 2, 3))) == [2, 9, 64]
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(pow, 2, 5)


def test_a_shutdown_that_does_not_wait() -> None:
    """Shut down without waiting, calls that were submitted still run; with `cancel_futures`, those that began alone."""
    for cancel in (False, True):
        begun, end = threading.Event(), threading.Event()

        def wait(begun: threading.Event = begun, end: threading.Event = end) -> bool:
            begun.set()
            return end.wait(60)

        pool = DaemonThreadPool(1)
        first, second = pool.submit(wait), pool.submit(pow, 2, 5)
        begun.wait(60)
        pool.shutdown(wait=False, cancel_futures=cancel)
        assert second.cancelled() is cancel
        end.set()
        assert first.result(60)
        assert cancel or second.result(60) == 32
