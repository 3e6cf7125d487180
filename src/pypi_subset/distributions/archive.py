"""
The one reader of ZIP archives outside the proof (APPNOTE.TXT 6.3.10). It reads what all readers read alike, or refuses.

Some readers follow the directory at the end of an archive, others the header before each member. An archive in which the
two could differ is refused: anything before, between or behind its parts, members that overlap, links and encryption.
"""

from __future__ import annotations

import functools
import struct
import zlib
from typing import IO, TYPE_CHECKING

from pypi_subset.distributions.central_directory import (
    DEFLATED,
    DESCRIBED,
    EFFORT,
    ELSEWHERE,
    SIZES,
    fail,
    fields_of,
    members_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.distributions.central_directory import Member

#: Bytes of the longest directory, and the members that it may name: ten times those of the largest real wheels.
LONGEST_DIRECTORY, MOST_MEMBERS = 64 << 20, 1 << 18
#: An archive that unpacks to more bytes than this, and to more than so many times its own size, is a bomb. No real wheel
#: comes near; the limits are those that PyPI has for uploads.
LARGE, RATIO = 64 << 20, 50

_END, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_HEADER = struct.Struct("<4s5H3L2H")
#: Placeholder in the end record for a number that needs more than 16 bits. The 64-bit end record holds that number.
_SHORT_ELSEWHERE = 0xFFFF
#: Bytes that are read and unpacked at once.
_PIECE = 1 << 20


class Archive:
    """
    An archive whose directory was read.

    :param stream: can seek; stays open as long as the archive is used.
    :raises ArchiveFault: the end record is not last, the directory is not just before it, or one of its entries is
        ambiguous: a name that has two readings or occurs twice, encryption, another packing than deflate, a link.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        #: Place → where the data begin, of members whose header was compared; and what `read` returned, by name.
        self._begins: dict[int, int] = {}
        self._kept: dict[str, bytes] = {}
        self.size = stream.seek(0, 2)
        self._start, length, count = self._end()
        if length > LONGEST_DIRECTORY or count > MOST_MEMBERS:
            fail(f"its directory has {length} bytes and {count} members, more than any wheel")
        self.members = tuple(members_of(self._read(self._start, length)))
        if len(self.members) != count:
            fail(f"its directory has {len(self.members)} members, and should have {count}")
        self.by_name = {member.name: member for member in self.members}
        if len(self.by_name) != count:
            fail("a name occurs twice in its directory")
        #: What stands first in the names of members: files and directories at the top.
        self.tops = {name.partition("/")[0] for name in self.by_name}
        unpacked = sum([member.size for member in self.members])
        if unpacked > LARGE and unpacked > RATIO * self.size:
            fail(f"it claims to unpack to {unpacked} bytes, more than {RATIO} times its size")
        self.unpacked = unpacked

    @functools.cached_property
    def directories(self) -> set[str]:
        """The directories that members are in, each with ``/`` at its end."""
        found: set[str] = set()
        for name in self.by_name:
            folder = name
            while (folder := folder[:-1].rpartition("/")[0] + "/") != "/" and folder not in found:
                found.add(folder)
        return found

    def check_layout(self) -> None:
        """
        Compare the header of each member with the directory, and find every byte of the file in one of them.

        :raises ArchiveFault: a header differs, members overlap, or there is something before, between or behind them.
        """
        position, ordered = 0, sorted(self.members)
        ends = [*(member.place for member in ordered), self._start][1:]
        for member, end in zip(ordered, ends, strict=True):
            if member.place != position:
                fail(f"there is something before {member.name!a}, or another member overlaps it")
            position = self._data(member) + member.packed
            if member.flags & DESCRIBED:
                self._check_descriptor(member, position, end)
                position = end
        if position != self._start:
            fail("there is something between the last member and the directory, or they overlap")

    def read(self, name: str, limit: int) -> bytes:
        """
        Return the content of the member *name*, which is what size and checksum promise.

        :param limit: bytes that it may have.
        :raises ArchiveFault: it has more, or others.
        """
        member = self.by_name[name]
        if member.size > limit:
            fail(f"{name!a} has {member.size} bytes, more than {limit}")
        data = self._kept[name] = self._piece(member) if _is_small(member) else b"".join(self.pieces(member))
        return data

    def pieces(self, member: Member) -> Iterator[bytes]:
        """
        Yield the content of *member* in pieces of at most 1 MiB.

        :raises ArchiveFault: its header, its size or its checksum is another one, or it cannot be unpacked.
        """
        if (kept := self._kept.get(member.name)) is not None:
            yield kept
            return
        if _is_small(member):
            yield self._piece(member)
            return
        position, left, size, crc = self._data(member), member.packed, 0, 0
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == DEFLATED else None
        waiting, full = b"", False
        while waiting or left or full:
            packed = waiting
            # What was unpacked may fill a piece, and the rest of it is still to come.
            if not waiting and not full:
                packed = self._read(position, min(left, _PIECE))
                position, left = position + len(packed), left - len(packed)
            piece = packed
            if unpacking:
                try:
                    piece = unpacking.decompress(packed, _PIECE)
                except zlib.error as error:
                    fail(f"{member.name!a} cannot be unpacked: {error}", error)
                waiting, full = unpacking.unconsumed_tail, len(piece) == _PIECE
            size, crc = size + len(piece), zlib.crc32(piece, crc)
            if size > member.size or (unpacking and unpacking.eof):
                break
            yield piece
        ended = not left and not waiting and (unpacking is None or (unpacking.eof and not unpacking.unused_data))
        if (size, crc) != (member.size, member.crc) or not ended:
            fail(f"{member.name!a} holds other bytes than its size and its checksum say")
        if unpacking:
            yield piece

    def _piece(self, member: Member) -> bytes:
        """Return the content of a small *member* as `pieces` does, in a third of the time."""
        data = self._read(self._data(member), member.packed)
        if member.method == DEFLATED:
            unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                # One byte more than it should have is enough to see that it has more.
                data = unpacking.decompress(data, member.size + 1)
            except zlib.error as error:
                fail(f"{member.name!a} cannot be unpacked: {error}", error)
            if not unpacking.eof or unpacking.unused_data or unpacking.unconsumed_tail:
                fail(f"{member.name!a} holds other bytes than its size and its checksum say")
        if len(data) != member.size or zlib.crc32(data) != member.crc:
            fail(f"{member.name!a} holds other bytes than its size and its checksum say")
        return data

    def _end(self) -> tuple[int, int, int]:
        """Return where the directory begins, its bytes, and the number of its entries."""
        at = self.size - _END.size
        found = _END.unpack(self._read(at, _END.size)) if at >= 0 else (b"",)
        if found[0] != b"PK\5\6" or found[7]:
            fail("it does not end with the end record of a ZIP archive")
        _, disk, first, here, count, length, start, _ = found
        behind = at - _LOCATOR.size
        locator = _LOCATOR.unpack(self._read(behind, _LOCATOR.size)) if behind >= 0 else (b"",)
        if locator[0] == b"PK\6\7":
            at = behind - _END64.size
            if at < 0 or locator[1:] != (0, at, 1):
                fail("its 64-bit end record is not beside its end record")
            record = _END64.unpack(self._read(at, _END64.size))
            own, stated = record[4:], (disk, first, here, count, length, start)
            short = (*[_SHORT_ELSEWHERE] * 4, *[ELSEWHERE] * 2)
            if record[:2] != (b"PK\6\6", _END64.size - 12) or any(
                one not in {other, many} for one, other, many in zip(stated, own, short, strict=True)
            ):
                fail("its two end records contradict each other")
            disk, first, here, count, length, start = own
        if disk or first or here != count or start + length != at:
            fail("its directory is not directly before its end record")
        return start, length, count

    def _data(self, member: Member) -> int:
        """Return where the data of *member* begin, behind a header that agrees with the directory."""
        if (known := self._begins.get(member.place)) is not None:
            return known
        fixed = self._read(member.place, _HEADER.size + len(member.raw))
        signature, _, flags, method, _, _, crc, packed, size, named, extra = _HEADER.unpack_from(fixed)
        if signature != b"PK\3\4" or fixed[_HEADER.size :] != member.raw or named != len(member.raw):
            fail(f"{member.name!a} has another name in its own header")
        if (flags ^ member.flags) & ~EFFORT or method != member.method:
            fail(f"{member.name!a} has other flags in its own header")
        begin = member.place + len(fixed)
        right = (member.crc, member.packed, member.size)
        if extra or (crc, packed, size) != right:
            self._check_sizes(member, (crc, packed, size), self._read(begin, extra))
        return self._begins.setdefault(member.place, begin + extra)

    def _check_sizes(self, member: Member, stated: tuple[int, int, int], fields: bytes) -> None:
        """Compare what the header of *member* says, checksum and sizes, with the directory; *fields* are its extra ones."""
        (crc, packed, size), sizes = stated, dict(fields_of(fields, member.name)).get(SIZES)
        if sizes is not None:
            if len(sizes) != 16:  # noqa: PLR2004 - both sizes, 8 bytes each
                fail(f"{member.name!a} has damaged sizes in its own header")
            wide = zip((size, packed), struct.unpack("<QQ", sizes), strict=True)
            size, packed = (other if one == ELSEWHERE else one for one, other in wide)
        right, later = (member.crc, member.packed, member.size), member.flags & DESCRIBED
        if any(
            one != other and not (later and one == 0) for one, other in zip((crc, packed, size), right, strict=True)
        ):
            fail(f"{member.name!a} has other sizes in its own header")

    def _check_descriptor(self, member: Member, begin: int, end: int) -> None:
        """Compare what stands between the data of *member* and the next header with what the directory says."""
        numbers = (member.crc, member.packed, member.size)
        found = self._read(begin, end - begin) if 0 <= end - begin <= 24 else b""  # noqa: PLR2004 - the longest form
        forms = ["<LQQ"] if max(numbers) > ELSEWHERE else ["<LLL", "<LQQ"]
        if found.removeprefix(b"PK\7\x08") not in [struct.pack(form, *numbers) for form in forms]:
            fail(f"{member.name!a} is not followed by its sizes")

    def _read(self, position: int, length: int) -> bytes:
        self._stream.seek(position)
        data = self._stream.read(length)
        if len(data) != length:
            fail("it is cut off")
        return data


def _is_small(member: Member) -> bool:
    """Return whether *member* fits in one piece, packed and unpacked."""
    return member.packed < _PIECE and member.size < _PIECE
