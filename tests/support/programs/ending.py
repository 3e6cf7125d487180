"""Work that has to end: what would take hours fails after a while, whatever else the machine does."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds of processor time, many times what any of these tests needs.
ENOUGH = 30


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
