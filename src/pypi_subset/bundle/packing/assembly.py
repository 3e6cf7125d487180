"""The files of a bundle: planned to the byte before the first is written, then written to the stage on the medium."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from pypi_subset.bundle import medium
from pypi_subset.bundle.document import PARITY, Blob, Helper, Part, Volume, volume_name
from pypi_subset.bundle.packing import archive
from pypi_subset.bundle.packing.archive import Member
from pypi_subset.bundle.packing.parity import parity_of
from pypi_subset.bundle.packing.volumes import layout, parts_in
from pypi_subset.model.documents import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.bundle.document import Bundle
    from pypi_subset.bundle.packing.blobs import Blobs
    from pypi_subset.bundle.packing.volumes import Packed, Piece
    from pypi_subset.support.progress import Progress

#: A hash that is not known yet takes as many characters as one that is.
_UNKNOWN = "0" * 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """
    The files of a bundle before they are written.

    :param draft: the document, whose hashes of volumes are not known yet.
    :param helpers: name → bytes.
    :param volumes: the pieces of each volume.
    :param size: bytes of all files, or a few more.
    """

    draft: Bundle
    helpers: Mapping[str, bytes]
    volumes: tuple[tuple[Piece, ...], ...]
    size: int

    @property
    def largest(self) -> int:
        """The bytes of the largest file."""
        return max((one.size for one in self.draft.volumes), default=0)


def planned(
    draft: Bundle,
    helpers: Mapping[str, bytes],
    packed: Mapping[str, Packed],
    limit: int | None,
    signature: int,
    *,
    parity: bool,
) -> Plan:
    """
    Return the plan of a bundle.

    The first medium also holds the helpers, the signature and the document, whose size depends on the volumes. What they
    take is reserved; if the document gets longer than that, the volumes are laid out again.

    :param draft: the document without blobs, volumes, parity and helpers.
    :param packed: SHA-256 → what a blob takes in a volume.
    :param limit: bytes that a medium has for a volume and the files beside it; ``None``: no limit.
    :param signature: bytes that the signature takes at most.
    :raises SubsetError: *limit* is too small.
    """
    named = {
        name: Helper(size=len(data), sha256=hashlib.sha256(data).hexdigest()) for name, data in sorted(helpers.items())
    }
    draft = structs.replace(draft, helpers=named)
    beside = sum(one.size for one in named.values()) + signature
    reserved = beside + len(encode(draft))
    while True:
        volumes = layout(packed, limit, reserved)
        sizes = [archive.size_of([_member(one) for one in volume]) for volume in volumes]
        found = _with_volumes(draft, volumes, packed, [(size, _UNKNOWN) for size in sizes])
        if parity and sizes:
            found = structs.replace(found, parity=Volume(name=PARITY, size=max(sizes), sha256=_UNKNOWN))
        needed = beside + len(encode(found))
        if limit is None or needed <= reserved:
            break
        reserved = needed
    size = needed + sum(sizes) + (found.parity.size if found.parity else 0)
    return Plan(draft=found, helpers=helpers, volumes=volumes, size=size)


def _member(piece: Piece) -> Member:
    return Member(name=piece.name, method=piece.method, size=piece.size, packed=piece.packed, crc=0)


def _with_volumes(
    draft: Bundle,
    volumes: Sequence[Sequence[Piece]],
    packed: Mapping[str, Packed],
    written: Sequence[tuple[int, str]],
) -> Bundle:
    """Return *draft* with the volumes, whose sizes and hashes are *written*, and where each blob is in them."""
    parts = defaultdict[str, list[Part]](list)
    for number, piece in parts_in(volumes):
        parts[piece.sha256].append(Part(volume=number, offset=piece.offset, size=piece.size))
    return structs.replace(
        draft,
        blobs={digest: Blob(size=packed[digest].size, parts=tuple(found)) for digest, found in parts.items()},
        volumes=tuple(
            Volume(name=volume_name(number), size=size, sha256=sha256)
            for number, (size, sha256) in enumerate(written, 1)
        ),
    )


def assemble(plan: Plan, blobs: Blobs, stage: Path, progress: Progress) -> Bundle:
    """
    Write helpers, volumes and parity to *stage*; return the document, which is not written.

    :raises HashMismatch: a file of the site changed while it was read.
    :raises FolderError: the medium is full, or returns other bytes than were written.
    """
    for name, data in sorted(plan.helpers.items()):
        medium.write(stage / name, data)
    written = []
    with progress.stage("bundle", plan.size, "bytes") as bar:
        for number, pieces in enumerate(plan.volumes, 1):
            with medium.written(stage / volume_name(number)) as sink:
                archive.write((blobs.member(one) for one in pieces), _Counted(sink, bar.advance))
            written.append((sink.size, sink.sha256))
        parity = plan.draft.parity
        if parity is not None:
            with medium.written(stage / PARITY) as sink:
                for chunk in parity_of([stage / one.name for one in plan.draft.volumes]):
                    sink.write(chunk)
                    bar.advance(len(chunk))
            parity = Volume(name=PARITY, size=sink.size, sha256=sink.sha256)
    volumes = tuple(
        structs.replace(one, size=size, sha256=sha256)
        for one, (size, sha256) in zip(plan.draft.volumes, written, strict=True)
    )
    return structs.replace(plan.draft, volumes=volumes, parity=parity)


class _Counted:
    """A sink that also counts for the user."""

    def __init__(self, sink: medium.Sink, advance: Callable[[int], None]) -> None:
        self._sink, self._advance = sink, advance

    def write(self, data: bytes) -> None:
        self._sink.write(data)
        self._advance(len(data))
