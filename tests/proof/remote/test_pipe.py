"""Messages on the pipe: each comes out as it went in, and what is too long or none is an error."""

from __future__ import annotations

import io
import json

import pytest

from pypi_subset.proof.remote import pipe

EVENTS: tuple[pipe.Event, ...] = (
    pipe.Connected(),
    pipe.Refused(what="a", next_step="b"),
    pipe.Alive(workers=3),
    pipe.Answered(number=0, answer='{"a": "ä\n"}'),
    pipe.Died(number=1, workers=2),
    pipe.Broke(number=2, words="why"),
)


def framed(data: bytes) -> io.BytesIO:
    """Return *data* with its length before it."""
    return io.BytesIO(len(data).to_bytes(4, "big") + data)


def test_messages_come_out_as_they_went_in() -> None:
    """In order, and then the end, as often as it is asked for."""
    stream = io.BytesIO()
    for event in EVENTS:
        pipe.send(stream, event)
    stream.seek(0)
    assert [pipe.events(stream) for _ in EVENTS] == [*EVENTS]
    assert (pipe.events(stream), pipe.events(stream)) == (None, None)


def test_a_message_that_is_cut_off_is_the_end() -> None:
    """Whoever wrote it has died."""
    stream = io.BytesIO()
    pipe.send(stream, EVENTS[3])
    for length in range(len(stream.getvalue())):
        assert pipe.events(io.BytesIO(stream.getvalue()[:length])) is None


def test_a_length_is_refused_before_anything_is_read() -> None:
    """A message of 4 GB costs no memory."""
    with pytest.raises(ValueError, match="a message of 4294967295 bytes, and 16777216 are the most"):
        pipe.events(io.BytesIO(b"\xff" * 4))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"null",
        b"\x80\x05.",
        b'{"type": "Nothing"}',
        b'{"type": "Send", "number": 1, "errand": "", "key": ""}',
        b'{"type": "Alive", "workers": -1}',
        b'{"type": "Alive", "workers": 1.5}',
        b'{"type": "Alive", "workers": 4294967296}',
        b'{"type": "Alive", "workers": 1, "more": 1}',
        b'{"type": "Died", "number": 1}',
        json.dumps({"type": "Broke", "number": 1, "words": "x" * 10_001}).encode(),
        b"[" * 100_000,
        b'{"type": "Broke", "number": 1, "words": "\xff"}',
    ],
)
def test_what_is_no_event(data: bytes) -> None:
    """Another form, another type, a number or a text beyond its limit, or a field too many is an error in one line."""
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        pipe.events(framed(data))


def test_orders_are_no_events() -> None:
    """Each direction has messages of its own."""
    order = pipe.Send(number=0, errand="{}", key="k")
    stream = io.BytesIO()
    pipe.send(stream, order)
    assert pipe.orders(io.BytesIO(stream.getvalue())) == order
    with pytest.raises(ValueError, match="Send"):
        pipe.events(io.BytesIO(stream.getvalue()))


def test_whether_a_message_fits() -> None:
    """What counts is its length as JSON: a control character takes six bytes."""
    assert pipe.fits(pipe.Answered(number=0, answer="x" * (pipe.MAX_BYTES - 100)))
    assert not pipe.fits(pipe.Answered(number=0, answer="\x01" * (pipe.MAX_BYTES // 5)))
