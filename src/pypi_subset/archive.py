"""
METADATA out of a ZIP archive of the form that almost every wheel has, in three reads and no more than is needed.

`zipfile` reads anything that calls itself an archive, and takes most of the time that a site costs. So this reads the one
usual form, strictly, and answers ``None`` for every other: then `zipfile` has the word. The layout is that of PKWARE's
APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import struct
import zlib
from typing import IO, NamedTuple

#: Bytes at the end of an archive that are read at once: the directory of most wheels, and METADATA just before it.
_TAIL = 1 << 16

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
#: This value says that the true one stands elsewhere (ZIP64).
_ELSEWHERE = 0xFFFFFFFF
_STORED, _DEFLATED = 0, 8
#: Flags of a member that nobody here can read: encrypted, in either way, or a patch to something else.
_CLOSED = 0x1 | 0x20 | 0x40
_UTF8 = 0x800
#: The newest version of the format that `zipfile` reads, and so pip.
_NEWEST = 63


class Member(NamedTuple):
    """One entry of the directory: *packed* and *unpacked* are bytes, *place* is where its header begins."""

    name: bytes
    method: int
    checksum: int
    packed: int
    unpacked: int
    place: int


def directory(stream: IO[bytes]) -> list[Member] | None:
    """Return the members of the archive, in the order of its directory; ``None`` if it is not of the usual form."""
    size = stream.seek(0, 2)
    start = max(0, size - _TAIL)
    stream.seek(start)
    tail = stream.read()
    if len(tail) != size - start or len(tail) < _END.size:
        return None
    signature, disk, first, here, entries, length, offset, comment = _END.unpack_from(tail, len(tail) - _END.size)
    if (signature, disk, first, comment) != (b"PK\5\6", 0, 0, 0) or here != entries:
        return None
    if offset + length + _END.size != size:
        return None
    if offset < start:
        stream.seek(offset)
        tail, start = stream.read(length), offset
    found = _members(tail[offset - start : offset - start + length])
    return found if found is not None and len(found) == entries else None


def _members(data: bytes) -> list[Member] | None:
    """Return the entries of a directory; ``None`` if one of them is not of the usual form."""
    at, end, found = 0, len(data), []
    while at < end:
        if end - at < _ENTRY.size:
            return None
        fields = _ENTRY.unpack_from(data, at)
        (
            signature,
            _,
            needed,
            flags,
            method,
            _,
            _,
            checksum,
            packed,
            unpacked,
            named,
            extra,
            comment,
            disk,
            _,
            _,
            place,
        ) = fields
        name = data[at + _ENTRY.size : at + _ENTRY.size + named]
        at += _ENTRY.size + named + extra + comment
        if signature != b"PK\1\2" or flags & _CLOSED or needed > _NEWEST or disk or at > end:
            return None
        if _ELSEWHERE in {packed, unpacked, place} or not _is_name(name, utf8=bool(flags & _UTF8)):
            return None
        found.append(Member(name, method, checksum, packed, unpacked, place))
    return found


def _is_name(name: bytes, *, utf8: bool) -> bool:
    """Whether *name* can be one, in the encoding that it is said to have; another than UTF-8 knows every byte."""
    if name.isascii() or not utf8:
        return b"\0" not in name
    try:
        return "\0" not in name.decode()
    except UnicodeDecodeError:
        return False


def content(stream: IO[bytes], member: Member, *, limit: int) -> bytes | None:
    """
    Return the bytes of *member*; ``None`` if it is not of the usual form, or is not what the directory says.

    :param limit: bytes that are unpacked at most.
    """
    stream.seek(member.place)
    head = stream.read(_LOCAL.size)
    if len(head) != _LOCAL.size:
        return None
    signature, *_, named, extra = _LOCAL.unpack(head)
    if signature != b"PK\3\4" or stream.read(named) != member.name:
        return None
    stream.seek(extra, 1)
    data = stream.read(member.packed)
    if member.method == _DEFLATED:
        inflate = zlib.decompressobj(-15)
        try:
            data = inflate.decompress(data, limit)
        except zlib.error:
            return None
        if not inflate.eof or inflate.unused_data:
            return None
    elif member.method != _STORED:
        return None
    return data if len(data) == member.unpacked <= limit and zlib.crc32(data) == member.checksum else None
