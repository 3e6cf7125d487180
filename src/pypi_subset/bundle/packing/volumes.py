"""Which volume has which bytes: a blob is whole in one volume where it fits, and no volume exceeds its limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypi_subset.bundle.document import MOST_VOLUMES
from pypi_subset.bundle.packing.archive import STORED, cost, reserve, reserve_end
from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Name → bytes of a volume: the largest file of FAT32, and what fits on each disc with its file system.
LIMITS = {"fat32": (1 << 32) - 1, "dvd": 4_650_000_000, "bd25": 24_900_000_000}
_STEP = f"name one of {', '.join(LIMITS)}, or a number of bytes"
#: A part of a cut blob has at least this share of a volume: no reader looks for crumbs.
_SHARE = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """
    What a blob takes in an archive.

    :param size: bytes, unpacked.
    :param packed: bytes in the archive, if it is whole there.
    :param method: how it is packed, if it is whole; a part of a blob is stored.
    """

    size: int
    packed: int
    method: int = STORED


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """
    A blob, or a part of one, in a volume.

    :param offset: where it begins in the blob.
    :param size: bytes, unpacked.
    :param packed: bytes in the archive.
    """

    sha256: str
    offset: int
    size: int
    packed: int
    method: int

    @property
    def name(self) -> str:
        """The name of the member."""
        return f"{self.sha256}.{self.offset}"


@dataclass(slots=True)
class _Open:
    """A volume while it is filled; *used* are bytes, without the end of the archive."""

    limit: int
    used: int = 0
    pieces: list[Piece] = field(default_factory=list)

    def room(self, name: str) -> int:
        """Return how many packed bytes of a member called *name* fit; less than 0 if none do."""
        end = reserve_end(self.limit, len(self.pieces) + 1)
        return self.limit - self.used - end - cost(name, 0) - reserve(self.limit)

    def add(self, piece: Piece) -> None:
        """Take *piece*, which fits."""
        self.used += cost(piece.name, piece.packed) + reserve(self.limit)
        self.pieces.append(piece)


def limit_of(text: str) -> int | None:
    """
    Return the bytes of a volume that *text* names; ``None`` if it is empty: one volume takes everything.

    :raises SubsetError: it names no size.
    """
    if not text:
        return None
    if text.lower() in LIMITS:
        return LIMITS[text.lower()]
    plain = text.replace("_", "").replace(",", "")
    if plain.isascii() and plain.isdigit() and 0 < len(plain) <= 15 and int(plain):  # noqa: PLR2004 - a petabyte
        return int(plain)
    msg = f"{text!r} is no size of a volume"
    raise SubsetError(msg, next_step=_STEP)


def layout(blobs: Mapping[str, Packed], limit: int | None, reserved: int = 0) -> tuple[tuple[Piece, ...], ...]:
    """
    Return the pieces of each volume, sorted by name; equal blobs have equal volumes.

    :param blobs: SHA-256 → what the blob takes.
    :param limit: bytes of a volume; ``None``: one volume takes everything.
    :param reserved: bytes of the first medium that other files take.
    :raises SubsetError: a volume of *limit* bytes is too small, or there would be too many.
    """
    if not blobs:
        return ()
    if limit is None:
        return (tuple(_whole(digest, blobs[digest]) for digest in sorted(blobs)),)
    volumes = [_Open(limit - reserved)]
    if volumes[0].limit < reserve_end(limit, 0):
        msg = f"a volume of {limit:,} bytes is too small: the other files of the first medium take {reserved:,}"
        raise SubsetError(msg, next_step=_STEP)
    fits = _Open(limit)
    cut = [digest for digest in sorted(blobs) if blobs[digest].packed > fits.room(f"{digest}.0")]
    for digest in cut:
        _cut(digest, blobs[digest].size, volumes, limit)
    whole = sorted(blobs.keys() - {*cut}, key=lambda digest: (-blobs[digest].packed, digest))
    # A volume that has no room for the smallest blob is looked at no more.
    least, waiting = min((blobs[digest].packed for digest in whole), default=0), [*volumes]
    for digest in whole:
        piece = _whole(digest, blobs[digest])
        place = next((one for one in waiting if one.room(piece.name) >= piece.packed), None)
        if place is None:
            place = _another(volumes, limit)
            waiting.append(place)
        place.add(piece)
        if place.room(piece.name) < least:
            waiting.remove(place)
    return tuple(tuple(sorted(one.pieces, key=lambda each: (each.sha256, each.offset))) for one in volumes)


def _whole(digest: str, one: Packed) -> Piece:
    return Piece(sha256=digest, offset=0, size=one.size, packed=one.packed, method=one.method)


def _cut(digest: str, size: int, volumes: list[_Open], limit: int) -> None:
    """Put a blob that fits into no volume into several, beginning with the last one that is open."""
    offset = 0
    while offset < size:
        left = size - offset
        take = min(left, volumes[-1].room(f"{digest}.{offset}"))
        if take < min(left, max(1, limit // _SHARE)):
            if not volumes[-1].pieces and len(volumes) > 1:
                msg = f"a volume of {limit:,} bytes has no room for a file"
                raise SubsetError(msg, next_step=_STEP)
            _another(volumes, limit)
            continue
        volumes[-1].add(Piece(sha256=digest, offset=offset, size=take, packed=take, method=STORED))
        offset += take


def _another(volumes: list[_Open], limit: int) -> _Open:
    """Return a new volume, the last of *volumes*."""
    if len(volumes) == MOST_VOLUMES:
        msg = f"more than {MOST_VOLUMES} volumes of {limit:,} bytes would be needed"
        raise SubsetError(msg, next_step=f"name a larger one with `--volume`: {_STEP}")
    volumes.append(_Open(limit))
    return volumes[-1]


def parts_in(volumes: Sequence[Sequence[Piece]]) -> Iterator[tuple[int, Piece]]:
    """Yield each piece with the number of its volume, from 1, by blob and offset."""
    found = [(number, one) for number, volume in enumerate(volumes, 1) for one in volume]
    yield from sorted(found, key=lambda each: (each[1].sha256, each[1].offset))
