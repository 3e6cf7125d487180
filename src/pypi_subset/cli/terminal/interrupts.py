"""
Ctrl-C: the first one ends a run in good order, the second one at once.

It loads before everything else, so it imports nothing of the package.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

#: What a shell reports for a program that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED = 130
_LINE = "interrupted twice: ended at once; run the same command again, which mends what is half done"
_STDERR = 2


class _State:
    """What came so far: the process that listens, whether it was interrupted, and whether the line about that is printed."""

    process = 0
    interrupted = False
    printed = False


def listen() -> None:
    """Let a second Ctrl-C end this process at once, unless its starter lets it ignore the first."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        _State.process = os.getpid()
        signal.signal(signal.SIGINT, _interrupted)
        # Python ends the process by the signal if one comes after its last step, which follows this one.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)


def report(line: str) -> None:
    """Write *line*, about an interruption, to standard error."""
    _State.printed = True
    sys.stderr.write(f"interrupted: {line}\n")


def _interrupted(number: int, frame: FrameType | None) -> None:
    # A child that was forked has its own end.
    if not _State.interrupted or os.getpid() != _State.process:
        _State.interrupted = True
        signal.default_int_handler(number, frame)
    if not _State.printed:
        # A bar hides the cursor.
        cursor = "\x1b[?25h\n" if os.name == "posix" and os.isatty(_STDERR) else ""
        try:
            os.write(_STDERR, f"{cursor}{_LINE}\n".encode())
        except OSError:
            # Standard error is closed: the exit code says it.
            os._exit(INTERRUPTED)
    os._exit(INTERRUPTED)
