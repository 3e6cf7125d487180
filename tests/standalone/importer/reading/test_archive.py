"""Volumes as ZIP archives: what two readers could read in two ways is refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading import archive
from pypi_subset.standalone.importer.reading.archive import Volume
from tests.support.gap.bundles import pack

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMBERS = [("a" * 64 + ".0", b"text " * 200), ("b" * 64 + ".0", b"short"), ("c" * 64 + ".7", b"")]


def read(data: bytes, members: Sequence[tuple[str, bytes]] = MEMBERS) -> dict[str, bytes]:
    """Return the content of each member."""
    volume = Volume(io.BytesIO(data), "volume-001.zip")
    found = volume.members({name.encode() for name, _ in members})
    return {name.decode(): b"".join(volume.pieces(member)) for name, member in found.items()}


@pytest.mark.parametrize("method", [0, 8])
def test_both_methods(method: int) -> None:
    """Stored and deflated members give their bytes, and Python's zipfile reads the same."""
    data = pack(MEMBERS, {"method": method})
    assert read(data) == dict(MEMBERS)
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert {name: other.read(name) for name in other.namelist()} == dict(MEMBERS)


@pytest.mark.parametrize("size", [0, 1, 257, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("wide", [False, True])
def test_archives_of_python(size: int, method: int, wide: bool) -> None:  # noqa: FBT001 - a table
    """What zipfile writes is read, with fields of 64 bits or without; pieces are small, whatever the size is."""
    stream, name, content = io.BytesIO(), "d" * 64 + ".0", bytes(size)
    with zipfile.ZipFile(stream, "w", method) as written:
        info = zipfile.ZipInfo(name)
        info.compress_type, info.external_attr = method, 0o100644 << 16
        # Without this, zipfile says that sizes follow the member.
        with written.open(info, "w", force_zip64=wide) as member:
            member.write(content)
    volume = Volume(stream, "v")
    (found,) = volume.members({name.encode()}).values()
    pieces = list(volume.pieces(found))
    assert b"".join(pieces) == content
    assert max(map(len, pieces), default=0) <= archive.PIECE


def test_70_000_members() -> None:
    """More members than 16 bits can count are read by the end record of 64 bits."""
    stream = io.BytesIO()
    members = [(f"{number:064x}.0", b"%d" % number) for number in range(70_000)]
    with zipfile.ZipFile(stream, "w") as written:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            written.writestr(info, content)
    volume = Volume(stream, "v")
    found = volume.members({name.encode() for name, _ in members})
    assert b"".join(volume.pieces(found[members[-1][0].encode()])) == b"69999"


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"before": b"#!"}, "bytes before"),
    ({"between": b"x"}, "bytes before|belong to no member"),
    ({"gap": b"x"}, "between its directory and its end"),
    ({"last": b"a comment"}, "does not end as a ZIP archive"),
    ({"flags": 1}, "unusual member"),
    ({"flags": 8}, "unusual member"),
    ({"flags": 0x800}, "unusual member"),
    ({"own_flags": 8}, "two readings"),
    ({"method": 12}, "unusual member"),
    ({"mode": 0o120777 << 16}, "unusual member"),
    ({"mode": 0o040755 << 16}, "unusual member"),
    ({"mode": 0x10}, "unusual member"),
    ({"own_name": b"x" * 66}, "two readings"),
    ({"own_crc": 1}, "two readings"),
    ({"own_size": 1}, "two readings|two sizes"),
    ({"crc": 1}, "checksum is another one"),
    ({"size": 2, "method": 8}, "checksum is another one"),
    ({"size": 2_000_000_000, "method": 8}, "checksum is another one"),
    ({"size": 2, "method": 0}, "two sizes"),
    ({"extra": b"\x55\x54\5\0" + b"\0" * 5}, "extra field"),
    ({"extra": b"\1\0\0\0"}, "extra field"),
    ({"comment": b"x"}, "damaged directory"),
    ({"place": 0}, "bytes before"),
    ({"count": 2}, "has 2 members, and should have 3"),
    ({"count": 4}, "has 4 members, and should have 3"),
    ({"start": 1}, "between its directory and its end"),
    ({"behind_data": b"x", "method": 8}, "too early or too late"),
]


@pytest.mark.parametrize(("changes", "message"), CHANGES, ids=[" ".join(map(str, one[0].items())) for one in CHANGES])
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    """Whatever two readers could see differently is refused by its name."""
    with pytest.raises(Refused, match=rf"^volume-001\.zip .*({message}).*; make the bundle again$"):
        read(pack(MEMBERS, changes))


def test_names_are_those_that_are_wanted() -> None:
    """A member of another name, and the same one twice, are refused."""
    with pytest.raises(Refused, match="is not named"):
        read(pack([*MEMBERS[:2], ("../x", b"")]))
    with pytest.raises(Refused, match="is there twice"):
        read(pack([*MEMBERS[:2], MEMBERS[0]]))


@pytest.mark.parametrize("length", [0, 1, 21, 22, 100])
def test_cut_off(length: int) -> None:
    """A volume that is cut off, at its begin or at its end, is refused."""
    data = pack(MEMBERS)
    for piece in (data[:length], data[-length:] if length else b"", data[: len(data) - length - 1]):
        with pytest.raises(Refused, match=r"volume-001.zip "):
            read(piece)


def test_two_ends_agree() -> None:
    """A second end record that contradicts the first one is refused."""
    data = pack(MEMBERS)
    body, end = data[:-22], data[-22:]
    _, _, _, _, count, length, start, _ = struct.unpack("<4s4H2LH", end)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(body), 1)
    assert read(body + wide + locator + end) == dict(MEMBERS)
    for other in (
        body + wide.replace(struct.pack("<Q", start), struct.pack("<Q", start - 1)) + locator + end,
        body + wide + locator.replace(struct.pack("<Q", len(body)), struct.pack("<Q", 0)) + end,
        body + wide.replace(struct.pack("<Q", 44), struct.pack("<Q", 45)) + locator + end,
        body + wide + b"x" + locator + end,
    ):
        with pytest.raises(Refused, match=r"ends|end"):
            read(other)


def test_bomb_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that unpacks to more than its size is left after one piece, not at its end."""
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = raw.compress(bytes(300 << 20)) + raw.flush()
    member = archive.Member(archive.DEFLATED, 0, 0, len(data), 10)
    volume = Volume(io.BytesIO(data), "v")
    seen: list[int] = []
    whole = zlib.crc32

    def summed(piece: bytes, crc: int) -> int:
        seen.append(len(piece))
        return whole(piece, crc)

    monkeypatch.setattr(zlib, "crc32", summed)
    with pytest.raises(Refused, match="size or checksum"):
        list(volume.pieces(member))
    assert seen == [archive.PIECE]
