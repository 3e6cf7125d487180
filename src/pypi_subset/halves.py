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
    half, parent = len(items) // 2, os.getpid()
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:
        # There is no room for another process.
        os.close(reader)
        os.close(writer)
        return work(items[:half]), work(items[half:])
    if not child:
        _tell(items[half:], work, reader, writer, parent)
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


def _tell(items: Sequence[_T], work: Callable[[Sequence[_T]], Any], reader: int, writer: int, parent: int) -> NoReturn:
    """Do the work in a process that shares nothing but what it writes, and end it, whatever happens."""
    try:
        _end_with(parent)
        os.close(reader)
        data = marshal.dumps(work(items))
        with open(writer, "wb") as stream:
            stream.write(data)
    finally:
        os._exit(0)


def _end_with(parent: int) -> None:
    """Let this process end when its parent does: it would work on in a folder that the next run believes to be free."""
    import ctypes  # noqa: PLC0415 - most runs need none

    pr_set_pdeathsig = 1  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def may_fork() -> bool:
    """Whether there is a second processor, and no thread that a forked process would lack."""
    if sys.platform != "linux" or (os.cpu_count() or 1) == 1:
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - a count
    except OSError:
        return False
