"""
The directory of a volume, a ZIP archive that is read in one way only (APPNOTE.TXT 6.3.10).

Every byte of the file belongs to a member, to the directory or to an end record. No member is extracted by its name.
"""

import struct
import zlib

from pypi_subset.standalone.errors import Refused, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Collection, Iterator, NoReturn

STORED, DEFLATED = 0, 8
#: What stands where a number of 16 or 32 bits does not fit: a field of 64 bits has it then.
SHORT, LONG = 0xFFFF, 0xFFFFFFFF
#: Kind of the extra field with 64-bit numbers.
WIDE = 1
#: Bytes that are read and unpacked at once.
PIECE = 1 << 20
#: Bytes of the longest name of a member: a hash, a dot and an offset.
LONGEST_MEMBER = 64 + 1 + 20

END, END64, LOCATOR = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
ENTRY, HEADER, FIELD_HEAD = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H"), struct.Struct("<HH")


class Member:
    """
    A member.

    :param begin: where its data begin.
    :param packed: bytes of these data.
    :param size: bytes when they are unpacked.
    """

    def __init__(self, method: int, crc: int, begin: int, packed: int, size: int) -> None:
        self.method = method
        self.crc = crc
        self.begin = begin
        self.packed = packed
        self.size = size


class Volume:
    """
    A volume that is open.

    :param stream: can seek.
    :param name: what messages call it.
    """

    def __init__(self, stream: "IO[bytes]", name: str) -> None:
        self.stream = stream
        self.name = name
        self.length = stream.seek(0, 2)

    def members(self, wanted: "Collection[bytes]") -> "dict[bytes, Member]":
        """
        Return the members by name.

        :param wanted: the names of all members: the volume must have these and no others.
        :raises Refused: it has others, or two readers of ZIP could read it in two ways.
        """
        start, length, count = self._end()
        if count != len(wanted) or length > count * (ENTRY.size + LONGEST_MEMBER + 32):
            self.fail(f"has {count} members, and should have {len(wanted)}")
        data = self.read(start, length)
        found: dict[bytes, Member] = {}
        at = position = 0
        while at < length:
            at, position, name, member = self._member(data, at, position)
            if name not in wanted or name in found:
                self.fail(f"has a member {shown(name)} that {'is there twice' if name in found else 'is not named'}")
            found[name] = member
        if position != start or len(found) != count:
            self.fail("has bytes that belong to no member")
        return found

    def pieces(self, member: Member) -> "Iterator[bytes]":
        """
        Yield the content of *member* in pieces of about 1 MiB.

        :raises Refused: size or checksum is another one, or it cannot be unpacked.
        """
        size = crc = 0
        for piece in self._inflated(member) if member.method == DEFLATED else self._stored(member):
            size, crc = size + len(piece), zlib.crc32(piece, crc)
            if size > member.size:
                break
            yield piece
        if (size, crc) != (member.size, member.crc):
            self.fail("has a member whose size or checksum is another one")

    def _stored(self, member: Member) -> "Iterator[bytes]":
        """Yield the data of *member* as they are."""
        for begin in range(0, member.packed, PIECE):
            yield self.read(member.begin + begin, min(PIECE, member.packed - begin))

    def _inflated(self, member: Member) -> "Iterator[bytes]":
        """Yield the data of *member* unpacked; they end where the stream of deflate ends."""
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        for data in self._stored(member):
            waiting, piece = data, b""
            while waiting or len(piece) == PIECE:
                try:
                    piece = unpacking.decompress(waiting, PIECE)
                except zlib.error as error:
                    self.fail(f"cannot be unpacked: {shown(error)}")
                waiting = unpacking.unconsumed_tail
                yield piece
        if not unpacking.eof or unpacking.unused_data:
            self.fail("has a member whose data end too early or too late")

    def _member(self, data: bytes, at: int, position: int) -> "tuple[int, int, bytes, Member]":
        """Return the entry at *at*: where the next entry and the next member begin, and the name and the member."""
        if len(data) - at < ENTRY.size:
            self.fail("has a damaged directory")
        found = ENTRY.unpack_from(data, at)
        signature, _, _, flags, method, _, _, crc, packed, size, named, extra, comment, disk, _, mode, place = found
        begin = at + ENTRY.size
        at = begin + named + extra
        if signature != b"PK\1\2" or disk or comment or at > len(data) or named > LONGEST_MEMBER:
            self.fail("has a damaged directory")
        name = data[begin : begin + named]
        size, packed, place = self._wide(data[begin + named : at], (size, packed, place))
        # 0o100000 is a regular file.
        if flags or method not in (STORED, DEFLATED) or mode >> 16 & 0o170000 not in (0, 0o100000) or mode & 0x10:
            self.fail(f"has an unusual member {shown(name)}")
        if method == STORED and packed != size:
            self.fail(f"has two sizes of {shown(name)}")
        if place != position:
            self.fail(f"has bytes before {shown(name)}, or members that overlap")
        header = HEADER.unpack(self.read(place, HEADER.size))
        signature, _, own_flags, own_method, _, _, own_crc, own_packed, own_size, own_named, own_extra = header
        rest = self.read(place + HEADER.size, own_named + own_extra)
        own_size, own_packed, _ = self._wide(rest[own_named:], (own_size, own_packed, 0))
        stated = (b"PK\3\4", flags, method, crc, packed, size, name)
        if (signature, own_flags, own_method, own_crc, own_packed, own_size, rest[:own_named]) != stated:
            self.fail(f"has two readings of {shown(name)}")
        begin = place + HEADER.size + len(rest)
        return at, begin + packed, name, Member(method, crc, begin, packed, size)

    def _wide(self, field: bytes, numbers: "tuple[int, int, int]") -> "tuple[int, int, int]":
        """Return *numbers*, those that need more than 32 bits taken from the extra *field*."""
        count = numbers.count(LONG)
        if not field and not count:
            return numbers
        if len(field) != FIELD_HEAD.size + 8 * count or FIELD_HEAD.unpack_from(field) != (WIDE, 8 * count) or not count:
            self.fail("has an extra field that is damaged or not for sizes")
        wide = iter(struct.unpack_from(f"<{count}Q", field, FIELD_HEAD.size))
        size, packed, place = [next(wide) if one == LONG else one for one in numbers]
        return size, packed, place

    def _end(self) -> "tuple[int, int, int]":
        """Return where the directory begins, its bytes and the number of its entries."""
        at = self.length - END.size
        if at < 0:
            self.fail("is no ZIP archive")
        signature, disk, first, here, count, length, start, comment = END.unpack(self.read(at, END.size))
        if signature != b"PK\5\6" or comment:
            self.fail("does not end as a ZIP archive")
        behind = at - LOCATOR.size
        locator = LOCATOR.unpack(self.read(behind, LOCATOR.size)) if behind >= 0 else (b"",)
        if locator[0] == b"PK\6\7":
            at = behind - END64.size
            if at < 0 or locator[1:] != (0, at, 1):
                self.fail("has two ends")
            record = END64.unpack(self.read(at, END64.size))
            stated, own = (disk, first, here, count, length, start), record[4:]
            short = [*[SHORT] * 4, *[LONG] * 2]
            if record[:2] != (b"PK\6\6", END64.size - 12) or any(
                one not in (other, many) for one, other, many in zip(stated, own, short)
            ):
                self.fail("has two ends that contradict each other")
            disk, first, here, count, length, start = own
        if disk or first or here != count or start + length != at:
            self.fail("has something between its directory and its end")
        return start, length, count

    def read(self, position: int, length: int) -> bytes:
        """Return *length* bytes from *position* on."""
        if position < 0 or length < 0 or position + length > self.length:
            self.fail("is cut off")
        self.stream.seek(position)
        data = self.stream.read(length)
        if len(data) != length:
            self.fail("is cut off")
        return data

    def fail(self, what: str) -> "NoReturn":
        """Raise the error that says *what* the volume is or has."""
        raise Refused(f"{self.name} {what}; make the bundle again")
