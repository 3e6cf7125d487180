"""Computing a value once, however many threads want it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable


_K = TypeVar("_K")
_V = TypeVar("_V")


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
