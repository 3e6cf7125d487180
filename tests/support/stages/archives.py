"""ZIP archives byte by byte: what no library writes, and what a hostile one may hold."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.wheels import record_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Names of the fields of a header before a member, and of an entry of the directory, in their order.
_HEADER = ("signature", "needed", "flags", "method", "time", "date", "crc", "packed", "size", "named", "extra")
_ENTRY = (
    *("signature", "made", "needed", "flags", "method", "time", "date", "crc", "packed", "size", "named", "extra"),
    *("comment", "disk", "internal", "mode", "place"),
)
_END = ("signature", "disk", "first", "here", "count", "length", "start", "comment")


@dataclass(frozen=True, kw_only=True)
class Part:
    """
    One member of an archive, and how it differs from a plain one.

    :param mode: permissions and type, as Unix has them.
    :param header: other values of fields before the member, by name.
    :param entry: other values of fields in the directory; *both* are those of the two.
    :param called: the name before the member, where it is another one.
    :param fields: extra fields, before the member and in the directory.
    :param before: bytes before the member.
    :param behind: bytes behind its data, such as a descriptor.
    :param comment: a comment in the directory.
    :param packed: its data as they stand in the file.
    """

    name: bytes
    data: bytes = b""
    method: int = 8
    mode: int = 0o100644
    header: Mapping[str, int] = field(default_factory=dict)
    entry: Mapping[str, int] = field(default_factory=dict)
    both: Mapping[str, int] = field(default_factory=dict)
    called: bytes | None = None
    fields: tuple[bytes, bytes] = (b"", b"")
    before: bytes = b""
    behind: bytes = b""
    comment: bytes = b""
    packed: bytes | None = None

    @property
    def held(self) -> bytes:
        """Its data as they stand in the file."""
        if self.packed is not None:
            return self.packed
        return deflated(self.data) if self.method == 8 else self.data

    @property
    def descriptor(self) -> bytes:
        """What follows a member whose header does not know its sizes."""
        return struct.pack("<4s3L", b"PK\7\x08", zlib.crc32(self.data), len(self.held), len(self.data))


def deflated(data: bytes) -> bytes:
    """Return *data* as a stream of deflate."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


def pack_parts(  # noqa: PLR0913 - what may stand where
    parts: Iterable[Part],
    *,
    before_directory: bytes = b"",
    before_end: bytes = b"",
    behind: bytes = b"",
    comment: bytes = b"",
    end: Mapping[str, int] | None = None,
    order: int = 1,
) -> bytes:
    """
    Return the archive of *parts*.

    :param end: other values of fields of the end record, by name.
    :param order: -1 for a directory in the other order.
    """
    held, entries = bytearray(), []
    for part in parts:
        held += part.before
        name = part.name if part.called is None else part.called
        plain = {"time": 0, "date": 0x5042, "comment": len(part.comment), "place": len(held)}
        plain |= {"crc": zlib.crc32(part.data), "packed": len(part.held), "size": len(part.data)}
        plain |= {"made": 0x314, "mode": part.mode << 16}
        plain |= {"needed": 20, "flags": 0 if part.name.isascii() else 0x800, "method": part.method} | dict(part.both)
        header = plain | {"named": len(name), "extra": len(part.fields[0])} | dict(part.header)
        held += struct.pack("<4s5H3L2H", b"PK\3\4", *(header[one] for one in _HEADER[1:]))
        held += name + part.fields[0] + part.held + part.behind
        entry = plain | {"named": len(part.name), "extra": len(part.fields[1]), "disk": 0, "internal": 0}
        values = entry | dict(part.entry)
        packed = struct.pack("<4s6H3L5H2L", b"PK\1\2", *(values[one] for one in _ENTRY[1:]))
        entries.append(packed + part.name + part.fields[1] + part.comment)
    directory = b"".join(entries[::order])
    held += before_directory
    numbers = {"disk": 0, "first": 0, "here": len(entries), "count": len(entries), "length": len(directory)}
    numbers |= {"start": len(held), "comment": len(comment)} | dict(end or {})
    record = struct.pack("<4s4H2LH", b"PK\5\6", *(numbers[one] for one in _END[1:]))
    return bytes(held + directory + before_end + record + comment + behind)


def parts_of_wheel(name: str, files: Mapping[str, bytes] | None = None, version: str = "1.0") -> list[Part]:
    """Return the parts of a good wheel of *name*, with the members *files*; the last is its RECORD."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    wheel = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members = {f"{name}.py": b"value = 1\n", f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel, **(files or {})}
    members[f"{info}/RECORD"] = record_lines(members, info)
    return [Part(name=path.encode(), data=data) for path, data in members.items()]
