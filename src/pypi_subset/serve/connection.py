"""A client's connection: it ends if a request does not arrive in time, or an answer is not taken; there are not too many."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

from pypi_subset.serve.answers import refuse

if TYPE_CHECKING:
    import asyncio

#: Seconds until the head of a request is there, from the connection or from the end of the answer before.
HEAD_SECONDS = 10.0
#: Seconds for which a client may take no byte of an answer.
STALL_SECONDS = 60.0
#: Bytes of a request's head. pip and uv send less than 1000.
MOST_HEAD = 1 << 14
#: Connections at a time; one more is refused, and closed at once where there are twice as many.
MOST_CONNECTIONS = 256
#: Connections at least that the system holds until they are accepted: those beyond are tried again by it after a second.
BACKLOG = 16
#: File descriptors that are not for connections, and those that one connection needs: itself, and a file.
_OWN, _EACH = 64, 2


def limited() -> type[Connection]:
    """Return the class of connections for this process: not more of them than it may have files open."""
    most = MOST_CONNECTIONS
    with contextlib.suppress(ImportError, OSError, ValueError):
        # Not on Windows, which has no such limit.
        import resource  # noqa: PLC0415

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _OWN + 2 * _EACH * MOST_CONNECTIONS
        if soft != resource.RLIM_INFINITY and soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            most = max(1, min(most, (soft - _OWN) // (2 * _EACH)))
    return type("LimitedConnection", (Connection,), {"most": most})


class Connection(H11Protocol):
    """uvicorn's connection, which has limits on idle time in the middle of requests and of answers, too."""

    #: Connections at a time; ``None``: `MOST_CONNECTIONS`.
    most: int | None = None

    _head: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Start to wait for a request."""
        super().connection_made(transport)
        most = MOST_CONNECTIONS if self.most is None else self.most
        if len(self.connections) > 2 * most:
            transport.abort()
            return
        if len(self.connections) > most:
            self.app = refuse
        self._head = self.loop.call_later(HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take what came; a whole head ends the wait."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._arrived()

    def on_response_complete(self) -> None:
        """Wait for the next request. What comes of the last one's body does not prolong that."""
        self._arrived()
        self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)
        super().on_response_complete()
        # One that came before the answer was complete has begun by now.
        if self.cycle is not None and not self.cycle.response_complete:
            self._arrived()

    def pause_writing(self) -> None:
        """Start to wait for the client, which takes less than there is."""
        super().pause_writing()
        self._stall = self._stall or self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client takes the answer."""
        super().resume_writing()
        self._taken()

    def connection_lost(self, exc: Exception | None) -> None:
        """End all waiting."""
        self._arrived()
        self._taken()
        super().connection_lost(exc)

    def _arrived(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _taken(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
