"""The central directory of an archive names each member in one way, or is refused."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.distributions.central_directory import DEFLATED, ArchiveFault, members_of
from tests.support.stages.archives import Part, pack_parts

if TYPE_CHECKING:
    from pypi_subset.distributions.central_directory import Member

PART = Part(name=b"a/b.py", data=b"pass\n" * 9)


def directory(part: Part) -> bytes:
    """Return the central directory of an archive of one *part*."""
    data = pack_parts([part])
    length, start = struct.unpack_from("<2L", data, len(data) - 10)
    return io.BytesIO(data).getbuffer()[start : start + length].tobytes()


def only(part: Part) -> Member:
    """Return the one member."""
    (member,) = members_of(directory(part))
    return member


def test_a_member() -> None:
    """Its name, its sizes and how it is packed are those of the entry."""
    member = only(PART)
    assert (member.place, member.name, member.method) == (0, "a/b.py", DEFLATED)
    assert (member.size, member.packed, member.is_directory) == (45, len(PART.held), False)
    assert only(replace(PART, name=b"a/", data=b"", mode=0o040755)).is_directory


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (replace(PART, name=b"\xff"), "is not UTF-8"),
        (replace(PART, both={"flags": 1}), "is encrypted"),
        (replace(PART, both={"method": 12}), "is neither stored nor deflated"),
        (replace(PART, mode=0o120777), "is a link"),
        (replace(PART, mode=0o104755), "sets the user"),
        (replace(PART, comment=b"x"), "its directory is damaged"),
        (replace(PART, entry={"disk": 1}), "its directory is damaged"),
        (replace(PART, fields=(b"", b"\x75\x70\1\0x")), "an extra field"),
        (replace(PART, name=b"a/", mode=0o040755), "is a directory with content"),
    ],
)
def test_what_is_ambiguous_is_refused(part: Part, said: str) -> None:
    """An entry that readers could understand in two ways is refused with the reason."""
    with pytest.raises(ArchiveFault, match=said):
        only(part)


def test_a_cut_is_a_fault() -> None:
    """A directory that ends inside an entry is damaged."""
    data = directory(PART)
    for size in range(1, len(data)):
        with pytest.raises(ArchiveFault):
            [*members_of(data[:size])]
