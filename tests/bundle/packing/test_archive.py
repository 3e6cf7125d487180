"""Archives of our own, read by Python's zipfile and, field by field, by the standard."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle.packing.archive import DEFLATED, END, END64, STORED, Member, cost, reserve_end, size_of, write
from pypi_subset.bundle.packing.blobs import deflated

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = (1 << 32) - 1


def member(name: str, data: bytes, method: int = STORED) -> tuple[Member, Iterator[bytes]]:
    """Return a member with its packed bytes."""
    packed = deflated(data) if method == DEFLATED else data
    one = Member(name=name, method=method, size=len(data), packed=len(packed), crc=zlib.crc32(data))
    return one, iter([packed])


def archive(*members: tuple[Member, Iterator[bytes]]) -> bytes:
    """Return the archive of *members*."""
    stream = io.BytesIO()
    write(members, stream)
    return stream.getvalue()


def test_another_reader_finds_the_same() -> None:
    """zipfile reads each member, tests all of them, and finds no flag, no comment and no extra field."""
    data = archive(member("a", b"one"), member("b", b"two" * 100, DEFLATED), member("c", b"", DEFLATED))
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert {one.filename: found.read(one) for one in found.infolist()} == {"a": b"one", "b": b"two" * 100, "c": b""}
        assert found.comment == b""
        for one in found.infolist():
            assert (one.flag_bits, one.comment, one.extra, one.date_time) == (0, b"", b"", (1980, 1, 1, 0, 0, 0))
            assert one.external_attr >> 16 == 0o100644
    assert found.getinfo("b").compress_type == zipfile.ZIP_DEFLATED


def test_equal_members_make_equal_bytes() -> None:
    """No clock and no machine is in an archive."""
    assert archive(member("a", b"one")) == archive(member("a", b"one"))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_size_is_known_before(count: int) -> None:
    """The size of an archive follows from its members, and each one's share from name and packed bytes."""
    members = [member(f"name-{number}", b"x" * number) for number in range(count)]
    plain = [one for one, _ in members]
    written = archive(*members)
    assert len(written) == size_of(plain) == END + sum(cost(one.name, one.packed) for one in plain)


@pytest.mark.slow
@pytest.mark.parametrize("count", [65_534, 65_535, 70_000])
def test_many_members(count: int) -> None:
    """From 65,535 members on the end has 64-bit fields: the number 65,535 says that the true one is there."""
    written = archive(*(member(f"{number:06}", b"") for number in range(count)))
    with zipfile.ZipFile(io.BytesIO(written)) as found:
        assert len(found.infolist()) == count
        assert found.namelist()[-1] == f"{count - 1:06}"
    assert (b"PK\x06\x06" in written) == (count >= 65_535)
    assert len(written) == count * cost("000000", 0) + reserve_end(1 << 30, count)


class _Sparse:
    """A file in which zeros take no room; what is written is counted, and the beginning of each write is kept."""

    def __init__(self) -> None:
        self.length, self.kept = 0, dict[int, bytes]()

    def write(self, data: bytes) -> None:
        self.kept[self.length] = data[:200]
        self.length += len(data)


@pytest.mark.slow
def test_numbers_of_64_bits() -> None:
    """A member of 4 GiB has both sizes in a field of its own; the next one has its position there, and its sizes not."""
    chunk = bytes(1 << 24)
    large = Member(name="large", method=STORED, size=LONG + 1, packed=LONG + 1, crc=1)
    small = Member(name="small", method=STORED, size=1, packed=1, crc=2)
    sink = _Sparse()
    write([(large, iter([chunk] * 256)), (small, iter([b"x"]))], sink)
    assert sink.length == size_of([large, small])
    writes = [data for _, data in sorted(sink.kept.items())]
    local = struct.unpack("<4s5H3L2H", writes[0][:30])
    assert (local[7], local[8], local[10]) == (LONG, LONG, 20)
    assert struct.unpack("<2H2Q", writes[0][35:55]) == (1, 16, LONG + 1, LONG + 1)
    second = writes[-2]
    assert struct.unpack("<2L", second[20:28]) == (1, 1)
    assert struct.unpack("<2HQ", second[51:63]) == (1, 8, 30 + 5 + 20 + LONG + 1)
    assert struct.unpack("<L", second[42:46]) == (LONG,)
    assert writes[-1].startswith(b"PK\x06\x06")
    assert len(writes[-1]) == END64 + END


def test_zipfile_reads_numbers_of_64_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another reader reads the fields of 64 bits: with a limit of 100 in place of 4 GiB, zipfile finds every member."""
    monkeypatch.setattr("pypi_subset.bundle.packing.archive._LONG", 100)
    written = bytearray(archive(member("large", b"x" * 150), member("small", b"y")))
    # The reader knows the true limit.
    written = bytearray(bytes(written).replace(struct.pack("<L", 100), struct.pack("<L", LONG)))
    with zipfile.ZipFile(io.BytesIO(written)) as found:
        assert (found.read("large"), found.read("small")) == (b"x" * 150, b"y")


def test_another_length_is_an_error() -> None:
    """What is written must be as long as was said: sizes decide about volumes."""
    one, _ = member("a", b"one")
    with pytest.raises(ValueError, match="a has 4 packed bytes, not 3"):
        archive((one, iter([b"more"])))
