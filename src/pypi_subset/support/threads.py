"""A thread pool whose threads never delay the end of the process."""

from __future__ import annotations

import contextlib
import functools
import queue
import threading
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


_P = ParamSpec("_P")
_T = TypeVar("_T")


class DaemonThreadPool(Executor):
    """
    A `concurrent.futures.Executor` with daemon threads.

    If an exception leaves the ``with`` block, the pool cancels the calls that have not begun and does not wait for the
    others: each may be waiting for a server that never answers, and `concurrent.futures.ThreadPoolExecutor` would keep
    even the process from ending.

    :param size: how many calls run at the same time at most; 1 for 0 and ``None``.
    """

    def __init__(self, size: int | None) -> None:
        self._size = size or 1
        self._threads: list[threading.Thread] = []
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._closed = False

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """
        Return the future result of ``fn(*args, **kwargs)``, which runs in a thread.

        :raises RuntimeError: the pool was shut down.
        """
        if self._closed:
            msg = "cannot schedule new futures after shutdown"
            raise RuntimeError(msg)
        future: Future[_T] = Future()
        self._calls.put((future, functools.partial(fn, *args, **kwargs)))
        if len(self._threads) < self._size:
            self._threads.append(threading.Thread(target=self._work, daemon=True))
            self._threads[-1].start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the signature of the base class
        """
        Let each thread end after its last call.

        :param wait: return when all of them have ended.
        :param cancel_futures: cancel the calls that have not begun.
        """
        self._closed = True
        if cancel_futures:
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting = self._calls.get_nowait()
                    if waiting is not None:
                        waiting[0].cancel()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.shutdown(wait=False, cancel_futures=True)
            return
        try:
            self.shutdown()
        except BaseException:
            self.shutdown(wait=False, cancel_futures=True)
            raise

    def _work(self) -> None:
        while (waiting := self._calls.get()) is not None:
            future, call = waiting
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - `Future.result` raises it
                future.set_exception(error)
