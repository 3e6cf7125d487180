"""What passes between the proof and the process that talks to a cluster: messages of JSON, each with its length before it."""

from __future__ import annotations

from typing import IO, Annotated, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

#: Bytes of the longest message. A case of 10,000 pins is 2 MB.
MAX_BYTES = 16 << 20

_LENGTH = 4

Number: TypeAlias = Annotated[int, Meta(ge=0, lt=1 << 32)]
Words: TypeAlias = Annotated[str, Meta(max_length=10_000)]
#: A document of its own, which the receiver reads as such.
Text: TypeAlias = Annotated[str, Meta(max_length=MAX_BYTES)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag=True, forbid_unknown_fields=True):
    """A message, which says of itself which one it is."""


class Open(_Message, frozen=True, kw_only=True):
    """
    The first message to the process: connect.

    :param run: tells runs apart.
    :param version: of pypi-subset, which each worker must have.
    :param patience: seconds in which the scheduler must answer and have a worker.
    """

    scheduler: Words
    run: Words
    version: Words
    patience: float


class Send(_Message, frozen=True, kw_only=True):
    """
    A case for a worker.

    :param errand: the text of it.
    :param key: the name that Dask knows it by, used once.
    """

    number: Number
    errand: Text
    key: Words


class Connected(_Message, frozen=True, kw_only=True):
    """The scheduler answers, and its workers are fit."""


class Refused(_Message, frozen=True, kw_only=True):
    """Nothing can be sent: why, and the next step of the user."""

    what: Words
    next_step: Words


class Alive(_Message, frozen=True, kw_only=True):
    """How many workers there are; sent every second."""

    workers: Number


class Answered(_Message, frozen=True, kw_only=True):
    """What a worker sent back for a case."""

    number: Number
    answer: Text


class Died(_Message, frozen=True, kw_only=True):
    """Dask gave a case up: so many workers died of it."""

    number: Number
    workers: Number


class Broke(_Message, frozen=True, kw_only=True):
    """There is no answer to a case, and why."""

    number: Number
    words: Words


#: To the process, and from it.
Order: TypeAlias = Open | Send
Event: TypeAlias = Connected | Refused | Alive | Answered | Died | Broke

_Order = msgspec.json.Decoder(Order)
_Event = msgspec.json.Decoder(Event)

T = TypeVar("T")


def fits(message: Order | Event) -> bool:
    """Whether *message* is short enough to be sent."""
    return len(msgspec.json.encode(message)) <= MAX_BYTES


def send(stream: IO[bytes], message: Order | Event) -> None:
    """Write *message*, and flush."""
    data = msgspec.json.encode(message)
    stream.write(len(data).to_bytes(_LENGTH, "big") + data)
    stream.flush()


def orders(stream: IO[bytes]) -> Order | None:
    """Return the next order, ``None`` at the end; errors are those of `events`."""
    return _next(stream, _Order)


def events(stream: IO[bytes]) -> Event | None:
    """
    Return the next event, ``None`` at the end.

    :raises ValueError: what comes is longer than `MAX_BYTES`, or no event.
    """
    return _next(stream, _Event)


def _next(stream: IO[bytes], decoder: msgspec.json.Decoder[T]) -> T | None:
    head = stream.read(_LENGTH)
    length = int.from_bytes(head, "big")
    if length > MAX_BYTES:
        msg = f"a message of {length} bytes, and {MAX_BYTES} are the most"
        raise ValueError(msg)
    data = stream.read(length)
    if len(head) < _LENGTH or len(data) < length:
        return None
    try:
        return decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
