"""Work for two processors: half of it is done by a forked process, which tells by a pipe what came of it."""

from __future__ import annotations

import marshal
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")


def in_two(items: Sequence[_T], work: Callable[[Sequence[_T]], Any]) -> tuple[Any, Any]:
    """
    Return what *work* says of the first half of *items*, and of the second, which a forked process does.

    Where that comes to grief its half is done here, so errors are raised here. If this half fails, it ends.

    :param work: returns what `marshal` can write; what it began it can do again.
    """
    half = len(items) // 2
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _tell(items[half:], work, reader, writer)
    os.close(writer)
    try:
        with open(reader, "rb") as stream:  # noqa: PTH123 - a descriptor
            own = work(items[:half])
            data = stream.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.waitpid(child, 0)
    try:
        other = marshal.loads(data)  # noqa: S302 - our own child wrote it
    except (EOFError, ValueError, TypeError):
        other = work(items[half:])
    return own, other


def _tell(items: Sequence[_T], work: Callable[[Sequence[_T]], Any], reader: int, writer: int) -> NoReturn:
    """Do the work in a process that shares nothing but what it writes, and end it, whatever happens."""
    try:
        os.close(reader)
        data = marshal.dumps(work(items))
        with open(writer, "wb") as stream:
            stream.write(data)
    finally:
        os._exit(0)


def may_fork() -> bool:
    """Whether there is a second processor, and no thread that a forked process would lack."""
    if sys.platform != "linux" or (os.cpu_count() or 1) == 1:
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - a count
    except OSError:
        return False
