"""The central directory of a ZIP archive: what it says of each member (APPNOTE.TXT 6.3.10, section 4.3.12)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

STORED, DEFLATED = 0, 8
#: Bits of the flags: a descriptor with the sizes follows the member; its name is UTF-8; how hard it was deflated.
DESCRIBED, _UTF8, EFFORT = 0x8, 0x800, 0x6
#: What stands where a number of 32 bits does not fit: then a field of 64 bits has it.
ELSEWHERE = 0xFFFFFFFF
#: Extra fields that change neither name nor content: 64-bit sizes, and times and owners as Windows and Unix write them.
SIZES, _HARMLESS = 0x1, {0x1, 0xA, 0x5455, 0x5855, 0x7855, 0x7875}

_ENTRY, _FIELD = struct.Struct("<4s6H3L5H2L"), struct.Struct("<HH")
_TYPE, _FILE, _DIRECTORY, _OTHER_BITS = 0o170000, 0o100000, 0o040000, 0o7000


class ArchiveFault(ValueError):
    """What is wrong with an archive, as the end of a sentence about it."""


def fail(what: str, cause: Exception | None = None) -> NoReturn:
    """Raise the `ArchiveFault` that says *what* is wrong."""
    raise ArchiveFault(what) from cause


class Member(NamedTuple):
    """One member: *place* is where its header begins, *packed* and *size* are bytes. *flags* and *mode* are as in ZIP."""

    place: int
    name: str
    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int

    @property
    def is_directory(self) -> bool:
        """Whether it is the entry of a directory."""
        return self.raw.endswith(b"/")


def members_of(data: bytes) -> Iterator[Member]:
    """Yield the members that the directory *data* names."""
    at, length, fixed, unpack = 0, len(data), _ENTRY.size, _ENTRY.unpack_from
    while at < length:
        if length - at < fixed:
            fail("its directory is damaged")
        found = unpack(data, at)
        signature, _, _, flags, method, _, _, crc, packed, size, named, extra, comment, disk, _, mode, place = found
        begin, at = at + fixed, at + fixed + named + extra + comment
        if signature != b"PK\1\2" or disk or comment or at > length:
            fail("its directory is damaged")
        raw = data[begin : begin + named]
        name = _text(raw, flags)
        if extra:
            wide = dict(fields_of(data[begin + named : at], name)).get(SIZES, b"")
            size, packed, place = _wide(wide, (size, packed, place), name)
        if fault := _unusual(raw, flags, method, mode) or (_uneven(raw, flags, method, packed, size)):
            fail(f"{name!a} {fault}")
        yield Member(place, name, raw, flags, method, crc, packed, size)


def _text(raw: bytes, flags: int) -> str:
    """Return a name as text, if there is but one way to read it."""
    try:
        if raw.isascii() or flags & _UTF8:
            return raw.decode()
    except UnicodeDecodeError:
        pass
    fail(f"the name {raw[:80]!a} is not UTF-8, or does not say so")


def _unusual(raw: bytes, flags: int, method: int, mode: int) -> str:
    """Return why a member is none that all readers unpack to the same file, ``""`` if it is."""
    if flags & ~(DESCRIBED | _UTF8 | EFFORT):
        return "is encrypted, or has flags that few readers know"
    if method not in (STORED, DEFLATED):
        return "is neither stored nor deflated"
    kind, is_directory = (mode >> 16) & _TYPE, raw.endswith(b"/")
    if kind not in (0, _DIRECTORY if is_directory else _FILE) or (mode & 0x10 and not is_directory):
        return "is a link or another special file"
    return "sets the user that runs it" if (mode >> 16) & _OTHER_BITS else ""


def _uneven(raw: bytes, flags: int, method: int, packed: int, size: int) -> str:
    """Return why sizes in the directory contradict each other, ``""`` if they do not."""
    if method == STORED and (packed != size or (flags & DESCRIBED and size)):
        return "is stored, and has no certain size"
    # An empty deflated member takes two bytes.
    return "is a directory with content" if raw.endswith(b"/") and (size or packed > 2) else ""  # noqa: PLR2004


def fields_of(data: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of each of the extra fields *data*."""
    at, seen = 0, set()
    while at < len(data):
        kind, length = _FIELD.unpack_from(data, at) if len(data) - at >= _FIELD.size else (0, 0)
        begin, at = at + _FIELD.size, at + _FIELD.size + length
        if kind not in _HARMLESS or kind in seen or at > len(data):
            fail(f"{name!a} has an extra field that is damaged, or that only some readers know")
        seen.add(kind)
        yield kind, data[begin:at]


def _wide(field: bytes, numbers: tuple[int, int, int], name: str) -> tuple[int, int, int]:
    """Return *numbers*, those that have no room in the entry of a member taken from its 64-bit *field*."""
    wanted = numbers.count(ELSEWHERE) if field else 0
    if len(field) != 8 * wanted:
        fail(f"{name!a} has damaged sizes in the directory")
    found = iter(struct.unpack(f"<{wanted}Q", field))
    size, packed, place = (next(found) if field and one == ELSEWHERE else one for one in numbers)
    return size, packed, place
