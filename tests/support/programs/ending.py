"""Work that has to end, and what has to come: each fails after a while, whatever else the machine does."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds of processor time, many times what any of these tests needs.
ENOUGH = 30
#: Seconds within which something comes that usually takes a fraction of one: a busy machine may take a hundred times as long.
PATIENCE = 120


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Fail if the block takes more than `ENOUGH` seconds of this process's own processor time."""

    def late(*_: object) -> None:
        msg = f"this does not end within {ENOUGH} s of processor time"
        raise AssertionError(msg)

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, ENOUGH)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def until(condition: Callable[[], object], what: str) -> None:
    """
    Return as soon as *condition* is true.

    :param what: what it says, for the error.
    :raises AssertionError: it is false for `PATIENCE` seconds.
    """
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.01)
