"""Threads that work side by side as long as a block lasts; an error or Ctrl-C waits for none of them."""

from __future__ import annotations

import contextlib
import functools
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self


_P = ParamSpec("_P")
_T = TypeVar("_T")


class DaemonThreadPool:
    """
    Runs calls in threads; at the end of the block all of them are done.

    If the block is left by an exception, calls that have not begun never will, and nobody waits for the others: each may
    be waiting for a server that never answers, and the executors of `concurrent.futures` would keep even the process
    from ending.

    :param size: how many calls run at the same time, at most.
    """

    def __init__(self, size: int | None) -> None:
        self._size = size or 1
        self._threads: list[threading.Thread] = []
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()

    def submit(self, call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Return what will hold the result of *call*."""
        future: Future[_T] = Future()
        self._calls.put((future, functools.partial(call, *args, **kwargs)))
        if len(self._threads) < self._size:
            self._threads.append(threading.Thread(target=self._work, daemon=True))
            self._threads[-1].start()
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._dismiss()
            return
        try:
            for _ in self._threads:
                self._calls.put(None)
            for thread in self._threads:
                thread.join()
        except BaseException:
            self._dismiss()
            raise

    def _dismiss(self) -> None:
        """Let whoever is not in the middle of a call find nothing more to do."""
        with contextlib.suppress(queue.Empty):
            while True:
                waiting = self._calls.get_nowait()
                if waiting is not None:
                    waiting[0].cancel()
        for _ in self._threads:
            self._calls.put(None)

    def _work(self) -> None:
        while (waiting := self._calls.get()) is not None:
            future, call = waiting
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - handed on to whoever asks for the result
                future.set_exception(error)
