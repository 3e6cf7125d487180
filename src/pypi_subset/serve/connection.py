"""A client's connection: it ends if a request does not arrive in time, or an answer is not taken; there are not too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

#: Seconds until the head of a request is there, from the connection or from the end of the answer before.
HEAD_SECONDS = 10.0
#: Seconds for which a client may take no byte of an answer.
STALL_SECONDS = 60.0
#: Bytes of a request's head. pip and uv send less than 1000.
MOST_HEAD = 1 << 14
#: Connections at a time; one more is closed at once.
MOST_CONNECTIONS = 256


class Connection(H11Protocol):
    """uvicorn's connection, which has limits on idle time in the middle of requests and of answers, too."""

    _head: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Start to wait for a request."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
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
