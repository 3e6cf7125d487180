"""Takes blobs from the volumes of a medium into ``incoming/``; one lost volume is rebuilt from the parity file."""

import hashlib
import os

from pypi_subset.standalone.errors import Hindered, Refused
from pypi_subset.standalone.importer.disk import (
    CHUNK,
    digest_of_file,
    digest_of_stream,
    exists,
    open_file,
    read_file,
    remove,
)
from pypi_subset.standalone.importer.reading.archive import Volume
from pypi_subset.standalone.importer.reading.parity import rebuilt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Callable, Iterable, Iterator

    from pypi_subset.standalone.importer.reading.archive import Member
    from pypi_subset.standalone.importer.reading.document import Bundle, Named, Part


class Intake:
    """
    The blobs of a bundle.

    :param bundle: names them.
    :param medium: directory with volumes.
    :param folder: where blobs go, each under its SHA-256, and parts of blobs that several volumes share.
    :param say: prints a line about progress.
    """

    def __init__(self, bundle: "Bundle", medium: str, folder: str, say: "Callable[[str], None]") -> None:
        self.bundle = bundle
        self.medium = medium
        self.folder = folder
        self.say = say
        self._opened: tuple[int, Volume, dict[bytes, Member]] | None = None
        #: The number of the volume that is rebuilt from the parity file; 0 for none.
        self._rebuilt = 0

    def take(self) -> None:
        """
        Take every blob that is not there yet.

        :raises Refused: a volume is damaged, or a blob in it.
        :raises Hindered: a volume is missing.
        """
        wanted = self.wanted()
        lost: list[int] = []
        for number in sorted(wanted):
            if self._is_whole(number):
                self._take_from(number)
            else:
                lost.append(number)
        if len(lost) == 1 and self._can_rebuild(lost[0]):
            self.say(f"{self.volume_line(lost[0])}, rebuilt from the parity file")
            self._take_from(lost.pop())
        if lost:
            raise self._loss(lost)

    def check(self) -> None:
        """
        Check every volume and every blob of it, without writing anything.

        One volume may be lost if the parity file is there: an import rebuilds it.

        :raises Refused: one is damaged.
        :raises Hindered: a volume is missing.
        """
        numbers = range(1, len(self.bundle.volumes) + 1)
        lost = [number for number in numbers if not self._is_whole(number)]
        if lost and not (len(lost) == 1 and self._can_rebuild(lost[0])):
            raise self._loss(lost)
        if self.bundle.parity is not None and not is_whole(self.medium, self.bundle.parity):
            raise Refused("parity.xor is missing or damaged; copy it to the medium again")
        for number in numbers:
            found = "lost, and rebuilt from the parity file" if number in lost else "whole"
            self.say(f"{self.volume_line(number)}, {found}")
        try:
            for digest in self.bundle.blobs:
                for _ in self.pieces(digest):
                    pass
        finally:
            self.close()

    def _loss(self, lost: "list[int]") -> "Exception":
        """Return the error about volumes that are missing or damaged."""
        # Volumes on several media are never all in one directory, which the parity file needs.
        parity = self.bundle.parity is not None and not lost[1:]
        step = ", or copy the other volumes and parity.xor into one directory to rebuild it" if parity else ""
        for number in lost:
            named = self.bundle.volumes[number - 1]
            if exists(os.path.join(self.medium, named.name)):
                return Refused(f"{named.name} is damaged; copy it to the medium again, and run this again{step}")
        return Hindered(
            f"volume {lost[0]} of {len(self.bundle.volumes)} is missing; insert it and run this again{step}"
            + (f" ({len(lost)} volumes are missing)" if lost[1:] else "")
        )

    def wanted(self) -> "set[int]":
        """Return the numbers of the volumes with blobs that are not there yet; damaged leavings are removed."""
        found: set[int] = set()
        for digest, blob in self.bundle.blobs.items():
            path = os.path.join(self.folder, digest)
            if exists(path):
                if digest_of_file(path) == (digest, blob.size):
                    continue
                remove(path)
            found.update(part.volume for part in blob.parts if len(blob.parts) == 1 or not self._has_part(digest, part))
            if len(blob.parts) > 1 and all(self._has_part(digest, part) for part in blob.parts):
                self._join(digest)
        return found

    def missing_bytes(self) -> int:
        """Return the bytes that are still to be written; a blob in several parts is written twice."""
        return sum(
            blob.size * (1 if len(blob.parts) == 1 else 2)
            for digest, blob in self.bundle.blobs.items()
            if not exists(os.path.join(self.folder, digest))
        )

    def read(self, digest: str, most: int) -> bytes:
        """
        Return the content of a blob from ``incoming/`` or from the medium.

        :param most: bytes that it may have.
        :raises Refused: it has more bytes, or others.
        :raises Hindered: its volume is missing.
        """
        size = self.bundle.blobs[digest].size
        if size > most:
            raise Refused(f"the blob {digest[:16]} has {size} bytes, more than {most}")
        path = os.path.join(self.folder, digest)
        if not exists(path):
            return b"".join(self.pieces(digest))
        data = read_file(path, most)
        if hashlib.sha256(data).hexdigest() != digest:
            raise Refused(f"{path} has other bytes than its name says; remove it and run this again")
        return data

    def pieces(self, digest: str) -> "Iterator[bytes]":
        """Yield the content of a blob from the medium; its hash is compared behind the last piece."""
        check = hashlib.sha256()
        for part in self.bundle.blobs[digest].parts:
            volume, members = self._open(part.volume)
            for piece in volume.pieces(members[member_name(digest, part.offset)]):
                check.update(piece)
                yield piece
        if check.hexdigest() != digest:
            raise Refused(f"the blob {digest[:16]} has other bytes than its name says; make the bundle again")

    def _open(self, number: int) -> "tuple[Volume, dict[bytes, Member]]":
        """Return a volume of the medium, and its members; the last one stays open."""
        if self._opened is None or self._opened[0] != number:
            self.close()
            volume = Volume(self._stream(number), self.bundle.volumes[number - 1].name)
            self._opened = (number, volume, {})
            self._opened = (number, volume, checked_members(self.bundle, volume, number))
        return self._opened[1:]

    def close(self) -> None:
        """Close the volume that is open: the medium can be removed."""
        if self._opened is not None:
            self._opened[1].stream.close()
        self._opened = None

    def _is_whole(self, number: int) -> bool:
        """Return whether the medium has the volume as ``bundle.json`` names it."""
        return is_whole(self.medium, self.bundle.volumes[number - 1])

    def volume_line(self, number: int) -> str:
        """Return how a line names a volume."""
        return f"{self.bundle.volumes[number - 1].name}: {number} of {len(self.bundle.volumes)}"

    def _take_from(self, number: int) -> None:
        """Take the blobs and parts that are not there yet from a volume."""
        named = self.bundle.volumes[number - 1]
        with self._stream(number) as stream:
            volume = Volume(stream, named.name)
            members = checked_members(self.bundle, volume, number)
            for member, (digest, part) in self.bundle.members(number).items():
                is_part = len(self.bundle.blobs[digest].parts) > 1
                target = os.path.join(self.folder, self._part_name(digest, part) if is_part else digest)
                if exists(target) or exists(os.path.join(self.folder, digest)):
                    continue
                write_blob(target, volume.pieces(members[member]), "" if is_part else digest)
                if is_part:
                    self._join(digest)
        self.say(f"{self.volume_line(number)}, read")

    def _part_name(self, digest: str, part: "Part") -> str:
        """Return the name of a part in ``incoming/``."""
        return f"{digest}.{part.offset}"

    def _has_part(self, digest: str, part: "Part") -> bool:
        """Return whether a part is in ``incoming/``."""
        path = os.path.join(self.folder, self._part_name(digest, part))
        return exists(path) and os.lstat(path).st_size == part.size

    def _join(self, digest: str) -> None:
        """Make one file of the parts of a blob, if all of them are there."""
        blob = self.bundle.blobs[digest]
        if not all(self._has_part(digest, part) for part in blob.parts):
            return
        paths = [os.path.join(self.folder, self._part_name(digest, part)) for part in blob.parts]
        try:
            write_blob(os.path.join(self.folder, digest), chunks_of(paths), digest)
        finally:
            for path in paths:
                remove(path)

    def _can_rebuild(self, lost: int) -> bool:
        """Return whether the parity file and all other volumes are on the medium, and are the volume that is lost."""
        self._rebuilt = 0
        parity = self.bundle.parity
        numbers = range(1, len(self.bundle.volumes) + 1)
        if parity is None or not is_whole(self.medium, parity):
            return False
        if not all(number == lost or self._is_whole(number) for number in numbers):
            return False
        self._rebuilt = lost
        with self._stream(lost) as stream:
            if digest_of_stream(stream)[0] != self.bundle.volumes[lost - 1].sha256:
                self._rebuilt = 0
        return self._rebuilt == lost

    def _stream(self, number: int) -> "IO[bytes]":
        """Return a volume of the medium, open for reading, or what is rebuilt from the parity file."""
        named, parity = self.bundle.volumes[number - 1], self.bundle.parity
        if number == self._rebuilt and parity is not None:
            others = [one.name for one in (*self.bundle.volumes, parity) if one is not named]
            return rebuilt([open_file(os.path.join(self.medium, name)) for name in others], named.size)
        path = os.path.join(self.medium, named.name)
        if not exists(path):
            raise self._loss([number])
        return open_file(path)


def member_name(digest: str, offset: int) -> bytes:
    """Return the name of the member of a volume that has a part of a blob."""
    return f"{digest}.{offset}".encode()


def is_whole(medium: str, named: "Named") -> bool:
    """Return whether the *medium* has a file with the size and hash of *named*."""
    path = os.path.join(medium, named.name)
    if not exists(path):
        return False
    with open_file(path) as stream:
        return os.fstat(stream.fileno()).st_size == named.size and digest_of_stream(stream)[0] == named.sha256


def checked_members(bundle: "Bundle", volume: Volume, number: int) -> "dict[bytes, Member]":
    """Return the members of a volume, which are those that ``bundle.json`` names, in these sizes."""
    wanted = bundle.members(number)
    found = volume.members(wanted)
    for name, (_, part) in wanted.items():
        if found[name].size != part.size:
            raise Refused(f"{volume.name} has {found[name].size} bytes of a blob, and should have {part.size}")
    return found


def write_blob(target: str, pieces: "Iterable[bytes]", digest: str) -> None:
    """
    Write *pieces* into the file *target*, which appears only when it is whole.

    :param digest: its SHA-256; empty for a part, which has none of its own.
    """
    new, check = f"{target}.new", hashlib.sha256()
    remove(new)
    with open(new, "xb") as stream:
        for piece in pieces:
            check.update(piece)
            stream.write(piece)
    if digest and check.hexdigest() != digest:
        remove(new)
        raise Refused(f"the blob {digest[:16]} has other bytes than its name says; make the bundle again")
    os.replace(new, target)


def chunks_of(paths: "list[str]") -> "Iterator[bytes]":
    """Yield the content of files, one after the other."""
    for path in paths:
        with open_file(path) as stream:
            yield from iter(lambda: stream.read(CHUNK), b"")
