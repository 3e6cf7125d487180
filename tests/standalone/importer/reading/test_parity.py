"""A volume that is lost, as the XOR of the other files."""

from __future__ import annotations

from io import BytesIO

from pypi_subset.standalone.importer.reading.parity import rebuilt

DATA = [bytes([number]) * (1_500_000 + number) for number in (1, 2, 4)]


def test_xor_of_long_files() -> None:
    """Files longer than one piece are XORed in pieces."""
    with rebuilt([BytesIO(one) for one in DATA], 1_500_004) as stream:
        assert stream.read() == b"\7" * 1_500_001 + b"\6" + b"\4\4"


def test_any_position_can_be_read() -> None:
    """A reader of ZIP goes to the end, back, and to each member; nothing is behind the end."""
    with rebuilt([BytesIO(b"abcdef"), BytesIO(b"\0\0\1")], 5) as stream:
        assert stream.seek(0, 2) == 5
        assert stream.read(1) == b""
        stream.seek(1)
        assert stream.read(2) == b"bb"
        assert stream.seek(1, 1) == 4
        assert stream.read(9) == b"e"


def test_streams_are_closed() -> None:
    """The medium can be removed afterwards."""
    streams = [BytesIO(b"a"), BytesIO(b"b")]
    rebuilt(streams, 1).close()
    assert all(one.closed for one in streams)
