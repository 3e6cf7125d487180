"""
The archive of an sdist, unpacked by strict rules (PyPA "Source distribution format").

Its files stand in one directory. Links, devices, and names that lead elsewhere or mean different things on different systems
are refused. What is counted is what was unpacked, never what the archive states.
"""

from __future__ import annotations

import contextlib
import gzip
import lzma
import os
import re
import stat
import tarfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any, NoReturn

from pypi_subset.distributions import filenames
from pypi_subset.errors import BadDistribution
from pypi_subset.support import bounds, files
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Characters of a name, and of each part of it.
_LONGEST, _LONGEST_PART = 1000, 200
#: What a part of a name may not hold on some system.
_STRANGE = re.compile(r'[\\:*?"<>|\x00-\x1f\x7f]')
#: How it may not end where the system drops that; uwsgi has ``core/logging.``, and is built elsewhere.
_DROPPED = (".", " ") if os.name == "nt" else ()
#: Bytes that are copied at once, and the most that a header of a member may take.
_PIECE, _LARGEST_HEADER = 1 << 16, 1 << 20
#: What the readers of the standard library raise for a damaged archive.
_DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError),
    *(EOFError, ValueError, NotImplementedError),
)


class _Bounded:
    """A file that is read in short pieces alone: tarfile asks for the whole of an extended header at once."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return *size* bytes."""
        if not 0 <= size <= _LARGEST_HEADER:
            msg = f"a header of more than {_LARGEST_HEADER} bytes"
            raise ValueError(msg)
        return self._stream.read(size)

    def seek(self, position: int) -> int:
        """Go to *position*; a gzip file is unpacked up to there."""
        if position > bounds.LARGEST_SOURCE + self._stream.tell():
            msg = f"more than {bounds.LARGEST_SOURCE:,} bytes"
            raise ValueError(msg)
        return self._stream.seek(position)

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()


def unpack(path: Path, filename: str, folder: Path, *, epoch: int) -> Path:
    """
    Return the one directory of the sdist at *path*, unpacked into the existing directory *folder*.

    Every file has the time *epoch*, and the mode 644 or 755.

    :param filename: the name of the sdist.
    :raises BadDistribution: the archive is damaged, too large, or has a member that is refused.
    """
    with files.folder_errors(folder):
        try:
            root = folder / _unpacked(path, filename, folder)
        except (FileExistsError, NotADirectoryError):
            _refuse(filename, "it holds two members of one name")
        except _DAMAGED as error:
            _refuse(filename, str(error) or type(error).__name__)
        _stamp(root, epoch)
    return root


def _unpacked(path: Path, filename: str, folder: Path) -> str:
    """Write all members, and return the name of the one directory at the top."""
    tops: set[str] = set()
    left = bounds.LARGEST_SOURCE
    with contextlib.ExitStack() as stack:
        for name, is_program, content in (_zip if filename.endswith(".zip") else _tar)(path, stack):
            place = _place(name)
            tops.add(place[0])
            if len(tops) > 1:
                _fail("more than one directory at its top")
            target = folder.joinpath(*place)
            if content is None:
                target.mkdir(parents=True, exist_ok=True)
                continue
            if len(place) == 1:
                _fail(f"{place[0]} beside its directory")
            target.parent.mkdir(parents=True, exist_ok=True)
            left = _copy(content, target, left, is_program=is_program)
    if not tops:
        _fail("nothing")
    return tops.pop()


def _tar(path: Path, stack: contextlib.ExitStack) -> Iterator[tuple[str, bool, IO[bytes] | None]]:
    """Yield name, whether it is a program, and content of each file; ``None`` for a directory."""
    stream = stack.enter_context(gzip.GzipFile(path))
    archive: Any = stack.enter_context(tarfile.TarFile(fileobj=_Bounded(stream)))  # type: ignore[arg-type] # all that it calls
    for number, member in enumerate(iter(archive.next, None)):
        _require_few(number)
        # tarfile keeps every header that it has read.
        archive.members.clear()
        if member.isdir():
            yield member.name, True, None
        elif member.isreg() and not member.issparse():
            content = archive.extractfile(member)
            yield member.name, bool(member.mode & 0o111), content
        else:
            _fail(f"{printable(member.name[:_LONGEST])}, which is no plain file and no directory")


def _zip(path: Path, stack: contextlib.ExitStack) -> Iterator[tuple[str, bool, IO[bytes] | None]]:
    """Yield the same of a ZIP archive."""
    archive = stack.enter_context(zipfile.ZipFile(path))
    for number, member in enumerate(archive.infolist()):
        _require_few(number)
        mode = member.external_attr >> 16
        if member.flag_bits & 1:
            _fail(f"{printable(member.filename[:_LONGEST])}, which is encrypted")
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            _fail(f"{printable(member.filename[:_LONGEST])}, which is no plain file and no directory")
        if member.is_dir():
            yield member.filename, True, None
        else:
            with archive.open(member) as content:
                yield member.filename, bool(mode & 0o111), content


def _require_few(number: int) -> None:
    if number >= bounds.MOST_SOURCES:
        _fail(f"more than {bounds.MOST_SOURCES:,} members")


def _place(name: str) -> list[str]:
    """Return the parts of the path *name*, which leads nowhere else."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    odd = not parts or name.startswith("/") or len(name) > _LONGEST
    if odd or any(
        part == ".." or len(part) > _LONGEST_PART or _STRANGE.search(part) or part.endswith(_DROPPED) for part in parts
    ):
        _fail(f"the name {name[:80]!a}, which not every system takes")
    return parts


def _copy(content: IO[bytes], target: Path, left: int, *, is_program: bool) -> int:
    """Write *content* to a new file; return how many bytes of *left* are left."""
    with target.open("xb") as stream:
        while piece := content.read(_PIECE):
            left -= len(piece)
            if left < 0:
                _fail(f"more than {bounds.LARGEST_SOURCE:,} bytes")
            stream.write(piece)
    target.chmod(0o755 if is_program else 0o644)
    return left


def _stamp(root: Path, epoch: int) -> None:
    """Give everything in *root* the time *epoch*; back-ends copy times into wheels."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            os.utime(f"{folder}/{name}", (epoch, epoch))
        os.chmod(folder, 0o755)  # noqa: PTH101, S103 - another user builds
        os.utime(folder, (epoch, epoch))


def _fail(what: str) -> NoReturn:
    msg = f"it holds {what}"
    raise ValueError(msg)


def _refuse(filename: str, what: str) -> NoReturn:
    project, version = filenames.parse(filename)[:2]
    msg = f"{filename} cannot be unpacked: {what}"
    step = f"ask for another version, as with '{project}!={version}', and report it to that project"
    raise BadDistribution(msg, project=project, next_step=step)
