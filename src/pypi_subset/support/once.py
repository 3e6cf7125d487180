"""Computing a value once, however many threads want it; and keeping those of late."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_K = TypeVar("_K")
_V = TypeVar("_V")
_S = TypeVar("_S", bound="Sequence[object]")


class Once(Generic[_K, _V]):
    """Computes each value once, however many threads ask; an error is kept as well, and raised to all who ask."""

    def __init__(self, compute: Callable[[_K], _V]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._values: dict[_K, Future[_V]] = {}

    def __call__(self, key: _K) -> _V:
        """Return the value for *key*: computed now, or by whoever asked first."""
        with self._lock:
            mine = key not in self._values
            future = self._values.setdefault(key, Future())
        if mine:
            try:
                future.set_result(self._compute(key))
            except BaseException as error:  # noqa: BLE001 - handed on to everybody who waits for this value
                future.set_exception(error)
        return future.result()

    def results(self) -> list[tuple[_K, _V]]:
        """Return what was computed so far without an error, in the order of asking."""
        with self._lock:
            done = [(key, future) for key, future in self._values.items() if future.done()]
        return [(key, future.result()) for key, future in done if future.exception() is None]


class Recent(Generic[_K, _S]):
    """
    Computes sequences, and keeps the last ones that were asked for; an error is not kept.

    :param most: how many items they may have together; the last one is kept even if it has more.
    """

    def __init__(self, compute: Callable[[_K], _S], most: int) -> None:
        self._compute, self._most, self._count = compute, most, 0
        self._lock = threading.Lock()
        self._values: OrderedDict[_K, _S] = OrderedDict()
        # Threads that ask for the same at the same time wait for one of them.
        self._turns = Once[_K, threading.Lock](lambda _: threading.Lock())

    def __call__(self, key: _K) -> _S:
        """Return the sequence for *key*: kept, or computed now."""
        with self._turns(key):
            with self._lock:
                found = self._values.get(key)
                if found is not None:
                    self._values.move_to_end(key)
                    return found
            found = self._compute(key)
            with self._lock:
                self._values[key] = found
                self._count += len(found)
                while self._count > self._most and len(self._values) > 1:
                    self._count -= len(self._values.popitem(last=False)[1])
            return found
