"""An archive is read if every reader reads it alike; any other is refused."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.distributions import archive as archives
from pypi_subset.distributions.archive import Archive
from pypi_subset.distributions.central_directory import ArchiveFault
from pypi_subset.distributions.wheel import check_wheel
from pypi_subset.errors import BadDistribution
from tests.support.hostile.archives import LAYOUT, NAME, described, good
from tests.support.hostile.contents import hostile
from tests.support.stages.archives import Part, pack_parts

if TYPE_CHECKING:
    from pathlib import Path


def read(data: bytes) -> dict[str, bytes]:
    """Return the members of the archive *data*, each read strictly."""
    archive = Archive(io.BytesIO(data))
    archive.check_layout()
    return {name: archive.read(name, 1 << 24) for name in archive.by_name}


@pytest.mark.parametrize("kind", LAYOUT)
def test_two_readings_are_none(kind: str) -> None:
    """A wheel whose layout has two readings, or that is no plain archive, is refused with the reason."""
    data, said = hostile(kind)
    with pytest.raises(BadDistribution) as caught:
        check_wheel(io.BytesIO(data), NAME)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{NAME} is a damaged wheel: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "data",
    [
        pack_parts(good()),
        pack_parts(good(), order=-1),
        described(b""),
        described(good()[0].descriptor[4:]),
        pack_parts([replace(part, method=0) for part in good()]),
        pack_parts([Part(name=b"bad/", method=0, mode=0o040755), *good()]),
        pack_parts([replace(part, fields=(b"UT\5\0\1abcd", b"UT\5\0\1abcd")) for part in good()]),
        pack_parts([replace(part, both={"flags": 2}, header={"flags": 0}) for part in good()]),
        pack_parts([replace(part, mode=0) for part in good()]),
    ],
    ids=["plain", "order", "descriptor", "bare descriptor", "stored", "directory", "times", "effort", "no mode"],
)
def test_usual_forms_are_read(data: bytes) -> None:
    """What builders of wheels write is read, byte for byte as `zipfile` reads it."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert read(data) == {name: opened.read(name) for name in opened.namelist()}
    assert check_wheel(io.BytesIO(data), NAME)


def test_wide_sizes_are_read() -> None:
    """A member whose sizes have 64 bits, before it and in the directory, is read as `zipfile` reads it."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as opened,
        opened.open("a.py", "w", force_zip64=True) as one,
    ):
        one.write(b"a" * 1000)
    assert read(stream.getvalue()) == {"a.py": b"a" * 1000}
    part = good()[0]
    sizes = struct.pack("<HHQQ", 1, 16, len(part.data), len(part.held))
    wide = replace(part, fields=(sizes, sizes), both={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF})
    assert read(pack_parts([wide])) == {"bad.py": part.data}


def test_a_wide_end_is_read() -> None:
    """An archive with a 64-bit end record, beside its end record, is read."""
    data = pack_parts(good())
    length, start = struct.unpack_from("<2L", data, len(data) - 10)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 4, 4, length, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + length, 1)
    several = {"here": 0xFFFF, "count": 0xFFFF, "length": 0xFFFFFFFF, "start": 0xFFFFFFFF}
    for end in ({}, several):
        assert read(pack_parts(good(), before_end=record + locator, end=end)) == read(data)


def test_a_large_member_is_unpacked_in_pieces() -> None:
    """Pieces have at most 1 MiB, also where the packed data end before the last piece is filled."""
    for size in (1 << 20, (1 << 20) + 1, (3 << 20) - 1, 3 << 20):
        data = pack_parts([Part(name=b"zeros", data=bytes(size))])
        archive = Archive(io.BytesIO(data))
        pieces = [*archive.pieces(archive.members[0])]
        assert sum(map(len, pieces)) == size
        assert max(map(len, pieces)) <= 1 << 20


@pytest.mark.parametrize("size", [1000, 3 << 20], ids=["small", "large"])
@pytest.mark.parametrize("method", [0, 8], ids=["stored", "deflated"])
@pytest.mark.parametrize("wrong", ["checksum", "more", "fewer", "behind", "cut", "none"])
def test_other_bytes_than_promised_are_a_fault(size: int, method: int, wrong: str) -> None:
    """A member whose bytes are not those of its size and its checksum is refused; large ones are read in pieces."""
    part = Part(name=b"one", data=bytes(size), method=method)
    held = part.held
    changes = {
        "checksum": {"both": {"crc": 1}},
        "more": {"both": {"size": size - 1} if method else {"size": size - 1, "packed": size - 1}, "packed": held},
        "fewer": {"both": {"size": size + 1}},
        "behind": {"packed": held + b"x", "both": {"packed": len(held) + 1}},
        "cut": {"packed": held[:-2], "both": {"packed": len(held) - 2}},
        "none": {},
    }
    data = pack_parts([replace(part, **changes[wrong])])  # type: ignore[arg-type] # fields of several types
    if wrong == "none":
        assert read(data) == {"one": bytes(size)}
        return
    with pytest.raises(ArchiveFault, match=r"holds other bytes|no certain size|something between"):
        read(data)


def test_a_member_has_a_limit() -> None:
    """A member that is larger than its reader allows is refused before it is unpacked."""
    archive = Archive(io.BytesIO(pack_parts(good())))
    with pytest.raises(ArchiveFault, match=r"'bad\.py' has 10 bytes, more than 9"):
        archive.read("bad.py", 9)


@pytest.mark.parametrize("name", ["LONGEST_DIRECTORY", "MOST_MEMBERS"])
def test_a_directory_has_a_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that is longer than that of any wheel is refused before it is read."""
    monkeypatch.setattr(archives, name, 3)
    with pytest.raises(ArchiveFault, match="more than any wheel"):
        Archive(io.BytesIO(pack_parts(good())))


def test_any_cut_is_a_fault(tmp_path: Path) -> None:
    """A wheel that ends early, at any byte, is refused by a sentence."""
    data, path = pack_parts(good()), tmp_path / NAME
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(BadDistribution, match="is a damaged wheel"):
            check_wheel(path, NAME)


def test_any_other_byte_is_a_fault_or_harmless() -> None:
    """A wheel of which one byte is another has the same members with the same content, or is refused."""
    data = pack_parts(good())
    whole, refused = read(data), 0
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        try:
            check_wheel(io.BytesIO(damaged), NAME)
        except BadDistribution:
            refused += 1
        else:
            assert read(bytes(damaged)) == whole
    assert refused > len(data) // 2
