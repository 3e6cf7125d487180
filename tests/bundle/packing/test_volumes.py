"""Which volume has what: limits hold to the byte, blobs are whole where they fit, and equal inputs have equal volumes."""

from __future__ import annotations

import hashlib
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pypi_subset.bundle.document import MOST_VOLUMES
from pypi_subset.bundle.packing.archive import DEFLATED, END, Member, cost, size_of
from pypi_subset.bundle.packing.volumes import LIMITS, Packed, Piece, layout, limit_of, parts_in
from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def digest(number: int) -> str:
    """Return a hash."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def stored(sizes: Sequence[int]) -> dict[str, Packed]:
    """Return blobs of these sizes that are stored."""
    return {digest(number): Packed(size=size, packed=size) for number, size in enumerate(sizes)}


def size(volume: Sequence[Piece]) -> int:
    """Return the bytes of a volume."""
    return size_of(
        [Member(name=one.name, method=one.method, size=one.size, packed=one.packed, crc=0) for one in volume]
    )


def whole(blobs: Mapping[str, Packed], volumes: Sequence[Sequence[Piece]]) -> bool:
    """Whether the pieces of each blob follow one another without a hole, each in a later volume."""
    found: dict[str, list[tuple[int, Piece]]] = {}
    for number, one in parts_in(volumes):
        found.setdefault(one.sha256, []).append((number, one))
    for name, pieces in found.items():
        at, last = 0, 0
        for number, one in pieces:
            assert (one.offset, number > last) == (at, True)
            at, last = at + one.size, number
        assert at == blobs[name].size
    return found.keys() == blobs.keys()


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=40),
    st.integers(400, 4000),
    st.integers(0, 200),
)
def test_no_volume_is_larger_than_its_limit(sizes: list[int], limit: int, reserved: int) -> None:
    """Not by a byte, the end and the directory of the archive counted; what is reserved stays free on the first medium."""
    blobs = stored(sizes)
    volumes = layout(blobs, limit, reserved)
    assert whole(blobs, volumes)
    assert size(volumes[0]) + reserved <= limit
    assert max(map(size, volumes)) <= limit


@settings(deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=40), st.integers(400, 4000))
def test_a_blob_that_fits_is_whole(sizes: list[int], limit: int) -> None:
    """Only what no empty volume could hold is cut."""
    blobs = stored(sizes)
    pieces = [one for volume in layout(blobs, limit) for one in volume]
    cut = {one.sha256 for one in pieces if one.size != blobs[one.sha256].size}
    fits = {name for name, one in blobs.items() if END + cost(f"{name}.0", one.packed) <= limit}
    assert cut == blobs.keys() - fits


@pytest.mark.parametrize("spare", [0, 1])
def test_a_byte_decides(spare: int) -> None:
    """Two blobs that fill a volume to its last byte share it; with one byte less each has its own."""
    blobs = stored([500, 700])
    exact = END + sum(cost(f"{name}.0", one.packed) for name, one in blobs.items())
    volumes = layout(blobs, exact - spare)
    assert len(volumes) == 1 + spare
    assert size(volumes[0]) == exact or spare


def test_volumes_are_filled() -> None:
    """Large blobs come first and small ones fill what is left: hardly more volumes than all bytes need."""
    random = Random(3)  # noqa: S311 - the same each time
    blobs = stored([random.randint(1, 40_000) for _ in range(400)])
    limit = 100_000
    total = sum(cost(f"{name}.0", one.packed) for name, one in blobs.items())
    assert len(layout(blobs, limit)) <= total // (limit - END) + 2


def test_the_order_of_blobs_does_not_matter() -> None:
    """Equal blobs have equal volumes."""
    blobs = stored([5, 700, 30, 9000, 700])
    assert layout(blobs, 1000) == layout(dict(reversed(blobs.items())), 1000)


def test_one_volume_without_a_limit() -> None:
    """No limit: one volume has everything, sorted by name; nothing to carry: no volume."""
    blobs = stored([5, 700, 30])
    (only,) = layout(blobs, None)
    assert [one.sha256 for one in only] == sorted(blobs)
    assert layout({}, None) == layout({}, 1000) == ()


def test_a_part_is_stored() -> None:
    """A blob is packed if it is whole; of one that is cut each part can be read alone."""
    blobs = {
        digest(1): Packed(size=900, packed=300, method=DEFLATED),
        digest(2): Packed(size=9000, packed=5000, method=DEFLATED),
    }
    pieces = [one for volume in layout(blobs, 1000) for one in volume]
    assert {one.method for one in pieces if one.sha256 == digest(1)} == {DEFLATED}
    assert {(one.method, one.packed - one.size) for one in pieces if one.sha256 == digest(2)} == {(0, 0)}


def test_limits_that_are_too_small() -> None:
    """The first medium has more files than the limit allows; no file fits; there would be a thousand volumes."""
    with pytest.raises(SubsetError, match="too small: the other files of the first medium take 5,000"):
        layout(stored([1]), 4000, 5000)
    with pytest.raises(SubsetError, match="no room for a file"):
        layout(stored([1]), 100)
    with pytest.raises(SubsetError, match=f"more than {MOST_VOLUMES} volumes of 1,000 bytes would be needed"):
        layout(stored([900] * 1001), 1000)


def test_64_bit_fields_are_counted() -> None:
    """A volume may be larger than 4 GiB: what its members then need is kept free."""
    limit = 5 << 30
    blobs = stored([(5 << 30) - 400, 10, 10, 10])
    volumes = layout(blobs, limit)
    assert whole(blobs, volumes)
    assert max(map(size, volumes)) <= limit
    assert len(volumes) == 2


@pytest.mark.slow
def test_70000_members() -> None:
    """A volume of so many members has the longer end, and stays within its limit."""
    blobs = stored([0] * 70_000)
    limit = 70_000 * cost(f"{digest(0)}.0", 0) + END
    volumes = layout(blobs, limit)
    assert (len(volumes), whole(blobs, volumes)) == (2, True)
    assert max(map(size, volumes)) <= limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [("", None), ("fat32", 4_294_967_295), ("DVD", 4_650_000_000), ("bd25", 24_900_000_000), ("1_000_000", 1_000_000)],
)
def test_sizes_that_a_user_names(text: str, limit: int | None) -> None:
    """A medium or a number of bytes."""
    assert limit_of(text) == limit


@pytest.mark.parametrize("text", ["cd", "0", "-5", "4GB", "٣", "1e9", "9" * 16, "1.5"])
def test_sizes_that_are_none(text: str) -> None:
    """The error names what is taken."""
    with pytest.raises(SubsetError, match="is no size of a volume") as caught:
        limit_of(text)
    assert all(name in caught.value.next_step for name in LIMITS)
