"""
Time limits for answers of servers: a watcher closes the connection of a server that is too slow.

pip's own timeout counts from byte to byte: a server that sends one byte every few seconds would hold a run for ever.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds between two looks of the watcher.
_TICK = 0.25


class Limit:
    """
    The time that one request has.

    :param url: for the error, without credentials.
    :param timeout: seconds of pip's own timeout, which are granted beside the rest.
    :param patient: whether its host is asked again if it is in trouble.
    """

    def __init__(self, url: str, timeout: float, *, patient: bool = True) -> None:
        self._url, self.patient = url, patient
        self._patience = bounds.PATIENCE + timeout
        self._socket: socket.socket | None = None
        self._start = self._until = 0.0
        self._late = False

    def begin(self, connection: socket.socket | None) -> None:
        """Start to count: the request was sent over *connection*, or the head of the answer came; ``None`` stops."""
        self._start = time.monotonic()
        self._until = self._start + self._patience
        self._socket = connection

    def body(self) -> None:
        """Start to count again, on the same connection."""
        self.begin(self._socket)

    def arrived(self, count: int) -> None:
        """
        Note that *count* bytes of the body have arrived.

        :raises UpstreamError: they came too slowly.
        """
        self.require()
        self._until = self._start + self._patience + count / bounds.LEAST_SPEED

    def require(self) -> None:
        """
        Do nothing while there is time.

        :raises UpstreamError: the watcher has closed the connection.
        """
        if self._late:
            msg = f"{self._url} is slower than {bounds.LEAST_SPEED >> 10} KiB a second"
            raise UpstreamError(msg, next_step="try again later, or name another index")

    def look(self) -> None:
        """Close the connection if the time is over."""
        connection = self._socket
        if connection is not None and time.monotonic() > self._until:
            self._late, self._socket = True, None
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Watcher:
    """One thread for all limits, which ends when there are none."""

    def __init__(self) -> None:
        self._never = threading.Event()
        self._lock = threading.Lock()
        self._limits: set[Limit] = set()
        self._runs = False

    def add(self, limit: Limit) -> None:
        with self._lock:
            self._limits.add(limit)
            if not self._runs:
                threading.Thread(target=self._watch, daemon=True).start()
                self._runs = True

    def remove(self, limit: Limit) -> None:
        with self._lock:
            self._limits.discard(limit)

    def _watch(self) -> None:
        while True:
            # Nothing sets it: a wait that no other part of the process can shorten.
            self._never.wait(_TICK)
            with self._lock:
                limits = tuple(self._limits)
                if not limits:
                    self._runs = False
                    return
            for limit in limits:
                limit.look()


_WATCHER = _Watcher()
_CURRENT = threading.local()


@contextlib.contextmanager
def limited(url: str, timeout: float, *, patient: bool = True) -> Iterator[Limit]:
    """Yield the time limit of the requests that this thread makes in the ``with`` block; parameters as for `Limit`."""
    limit = Limit(url, timeout, patient=patient)
    _CURRENT.limit = limit
    _WATCHER.add(limit)
    try:
        yield limit
    finally:
        _WATCHER.remove(limit)
        _CURRENT.limit = None


def current() -> Limit | None:
    """Return the time limit of this thread's request."""
    return getattr(_CURRENT, "limit", None)


def watch(manager: Any) -> Any:
    """Return *manager*, a pool manager of urllib3, whose connections have limited time for the head of an answer."""
    manager.pool_classes_by_scheme = {name: _timed(kind) for name, kind in manager.pool_classes_by_scheme.items()}
    return manager


class _Head:
    """Limits the time that the head of an answer takes: interim answers, status and header fields."""

    sock: socket.socket

    def getresponse(self) -> Any:
        limit = current()
        if limit is None:
            return super().getresponse()  # type: ignore[misc]
        limit.begin(self.sock)
        try:
            answer = super().getresponse()  # type: ignore[misc]
        except BaseException:
            limit.require()
            limit.begin(None)
            raise
        # An end within the head may look like the end of the head.
        limit.require()
        limit.body()
        return answer


@functools.cache
def _timed(pool: type[Any]) -> type[Any]:
    """Return *pool*, a class of connection pools, with connections that count time."""
    if issubclass(pool.ConnectionCls, _Head):
        return pool
    connection = type("TimedConnection", (_Head, pool.ConnectionCls), {})
    return type("TimedPool", (pool,), {"ConnectionCls": connection})
