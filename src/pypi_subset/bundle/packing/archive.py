"""
ZIP archives that depend on their members alone, and whose size is known before they are written.

Each has fixed times, modes and versions, no comment, no directory and no data descriptor. A 64-bit field is there exactly
where a number needs it (APPNOTE.TXT 6.3.10, 4.3.14, 4.3.15 and 4.5.3).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STORED, DEFLATED = 0, 8

#: The highest numbers that fields of 16 and of 32 bits hold; these two values say that the number is elsewhere.
_SHORT, _LONG = (1 << 16) - 1, (1 << 32) - 1
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s4B4H3L5H2L"), struct.Struct("<4s4H2LH")
_END64, _LOCATOR = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
#: Bytes of the end of an archive, and what is added where a number of it needs 64 bits.
END, END64 = _END.size, _END64.size + _LOCATOR.size
#: Bytes that 64-bit fields add to a member at most: two numbers in its local header, three in the directory.
_WIDE = (4 + 2 * 8) + (4 + 3 * 8)
#: Versions of the format that a reader must know: DEFLATE, and 64-bit fields.
_PLAIN, _ZIP64 = 20, 45
_UNIX = 3
#: 1980-01-01, the first day of the format; a regular file with the mode 0644.
_DAY, _MODE = (1 << 5) | 1, 0o100644 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """
    One member.

    :param name: ASCII.
    :param method: `STORED` or `DEFLATED`.
    :param size: bytes, unpacked.
    :param packed: bytes in the archive.
    :param crc: CRC-32 of the unpacked bytes.
    """

    name: str
    method: int
    size: int
    packed: int
    crc: int


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Take *data*."""


def cost(name: str, packed: int) -> int:
    """Return the bytes that a member without 64-bit fields takes."""
    return _LOCAL.size + _CENTRAL.size + 2 * len(name) + packed


def reserve(limit: int) -> int:
    """Return the bytes to keep free for each member of an archive of at most *limit* bytes: for 64-bit fields."""
    return _WIDE if limit > _LONG else 0


def reserve_end(limit: int, members: int) -> int:
    """Return the bytes that the end of an archive takes that may have *limit* bytes and has that many members."""
    return END + (END64 if limit > _LONG or members >= _SHORT else 0)


def write(members: Iterable[tuple[Member, Iterator[bytes]]], sink: Sink) -> None:
    """
    Write an archive of *members*, each with its packed bytes, to *sink*.

    :raises ValueError: a member has another number of packed bytes than it says.
    """
    directory, position = [], 0
    for one, chunks in members:
        header = _local(one)
        sink.write(header)
        written = 0
        for chunk in chunks:
            sink.write(chunk)
            written += len(chunk)
        if written != one.packed:
            msg = f"{one.name} has {written} packed bytes, not {one.packed}"
            raise ValueError(msg)
        directory.append(_central(one, position))
        position += len(header) + written
    size = sum(map(len, directory))
    for entry in directory:
        sink.write(entry)
    sink.write(_end(len(directory), size, position))


def size_of(members: Sequence[Member]) -> int:
    """Return the size of the archive that `write` makes of *members*."""
    position = size = 0
    for one in members:
        size += len(_central(one, position))
        position += len(_local(one)) + one.packed
    return position + size + len(_end(len(members), size, position))


def _local(one: Member) -> bytes:
    # In a local header, both numbers are there or none (4.5.3).
    (packed, size), extra = _shown(one, [one.packed, one.size])
    name, version = one.name.encode("ascii"), _ZIP64 if extra else _PLAIN
    fields = (version, 0, one.method, 0, _DAY, one.crc, packed, size, len(name), len(extra))
    return _LOCAL.pack(b"PK\x03\x04", *fields) + name + extra


def _central(one: Member, position: int) -> bytes:
    (packed, size), extra = _shown(one, [one.packed, one.size], position)
    name, version = one.name.encode("ascii"), _ZIP64 if extra else _PLAIN
    head = (version, _UNIX, version, 0, 0, one.method, 0, _DAY, one.crc, packed, size)
    tail = (len(name), len(extra), 0, 0, 0, _MODE, min(position, _LONG))
    return _CENTRAL.pack(b"PK\x01\x02", *head, *tail) + name + extra


def _shown(one: Member, sizes: Sequence[int], position: int = 0) -> tuple[Sequence[int], bytes]:
    """Return *sizes* for fields of 32 bits, and the field that has what needs 64: both sizes, the position."""
    wide = max(sizes) >= _LONG
    numbers = [one.size, one.packed] * wide + [position] * (position >= _LONG)
    extra = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
    return [_LONG, _LONG] if wide else sizes, extra


def _end(count: int, size: int, position: int) -> bytes:
    wide = b""
    if count >= _SHORT or size >= _LONG or position >= _LONG:
        record = (44, _ZIP64, _ZIP64, 0, 0, count, count, size, position)
        wide = _END64.pack(b"PK\x06\x06", *record) + _LOCATOR.pack(b"PK\x06\x07", 0, position + size, 1)
    short, offset = min(count, _SHORT), min(position, _LONG)
    return wide + _END.pack(b"PK\x05\x06", 0, 0, short, short, min(size, _LONG), offset, 0)
