"""Whether a wheel has one reading: its directory, as `zipfile` finds it, beside a walk over its members from the front."""

from __future__ import annotations

import functools
import struct
import unicodedata
import zipfile
import zlib
from pathlib import PurePath, PureWindowsPath
from typing import IO, TYPE_CHECKING

from installer.records import InvalidRecordEntry, parse_record_file

from pypi_subset.proof.access import well_formed
from pypi_subset.support.text import is_seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: A wheel that unpacks to more bytes than this, and to more than so many times its size, is a bomb: PyPI takes none.
LARGE, TIMES = 64 << 20, 50
#: Bytes that a wheel may unpack to for the end of each packed member to be looked for.
UNPACKED = 1 << 20

_LOCAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s4H2IH")
#: What stands where a size has no room: a field of 64 bits has it.
_ELSEWHERE = 0xFFFFFFFF
#: Bytes of the 64-bit end record and of its locator.
_WIDE_END = 76
#: Flags that a plain member may have: effort of packing, sizes behind the data, a name in UTF-8.
_FLAGS, _EFFORT, _LATER, _UTF8 = 0x80E, 0x6, 0x8, 0x800
#: Extra fields that hold sizes, times and owners.
_FIELDS = {0x0001, 0x000A, 0x5455, 0x5855, 0x7855, 0x7875}
#: Characters of the longest name, bytes of its longest part.
_NAME, _PART = 512, 255
#: Characters that no name on Windows has.
_RESERVED = frozenset('<>:"|?*\\')
#: Names of devices that `PureWindowsPath` does not know.
_DEVICES = ("conin$", "conout$", "clock$")


def fault_of(path: Path) -> str:
    """
    Return what is wrong with the archive of a wheel, ``""`` if nothing.

    An installer that reads another way would install something else than the one that was tried here.
    """
    try:
        return _fault_of(path, path.stat().st_mtime_ns)
    except OSError as error:
        return f"cannot be read: {error.strerror}"


@functools.lru_cache(maxsize=1 << 14)
def _fault_of(path: Path, changed: int) -> str:
    del changed
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            return next(_faults(archive, stream, path.stat().st_size), "")
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, InvalidRecordEntry) as error:
        return f"is no archive that can be read: {error}"
    # Numbers without sense, a version that is not known, an encrypted member, one that is not there.
    except (ValueError, NotImplementedError, RuntimeError, KeyError) as error:
        return f"is no archive that can be read: {error}"


def unpacked(archive: zipfile.ZipFile) -> int:
    """Return the bytes that the directory of *archive* promises."""
    return sum(info.file_size for info in archive.infolist())


def _faults(archive: zipfile.ZipFile, stream: IO[bytes], size: int) -> Iterator[str]:
    """Yield what is wrong with an archive of *size* bytes; what comes first may make the rest meaningless."""
    infos = archive.infolist()
    if (total := unpacked(archive)) > max(LARGE, TIMES * size):
        yield f"is a bomb: it unpacks to {total} bytes, more than {TIMES} times its size"
    yield from _framed(archive, stream, size)
    for info in infos:
        if what := _odd(info) or _bad_name(info):
            yield f"holds {info.orig_filename!a}, {what}"
    yield from _twins([info.filename for info in infos])
    yield from _walked(infos, stream, archive.start_dir, total <= UNPACKED)
    yield from _unrecorded(archive)
    yield from well_formed.faults(archive)
    yield from well_formed.another(archive, PurePath(stream.name).name)


def _framed(archive: zipfile.ZipFile, stream: IO[bytes], size: int) -> Iterator[str]:
    """Yield what is wrong with the end of an archive: the directory and its end record are the last things in it."""
    stream.seek(max(0, size - _END.size))
    signature, disk, first, _, count, _, _, comment = _END.unpack(stream.read(_END.size))
    entries = sum(46 + len(_raw(info)) + len(info.extra) + len(info.comment) for info in archive.infolist())
    # zipfile follows a 64-bit end record wherever one stands before the end record.
    stream.seek(max(0, size - _END.size - 20))
    wide = _WIDE_END if stream.read(4) == b"PK\6\7" else 0
    if signature != b"PK\5\6" or comment or archive.comment or disk or first:
        yield "does not end with its end record"
    if archive.start_dir + entries + wide + _END.size != size:
        yield "has something beside its directory and its end record"
    if count not in {len(archive.infolist()), 0xFFFF if wide else -1}:
        yield "has a directory with another number of members"


def _odd(info: zipfile.ZipInfo) -> str:
    """Return why a member is no plain file or directory, ``""`` if it is one."""
    mode, kind = info.external_attr >> 16, (info.external_attr >> 28) & 0xF
    if info.flag_bits & ~_FLAGS or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "which is encrypted, or packed in a way that few know"
    if info.compress_type == zipfile.ZIP_STORED and info.flag_bits & _LATER and info.file_size:
        return "whose end a reader from the front cannot find"
    if kind not in {0, 4 if info.is_dir() else 8} or mode & 0o7000:
        return "which is a link or another special file"
    if info.comment or (info.is_dir() and info.file_size):
        return "which has a comment, or is a directory with content"
    return "" if _plain(info.extra) else "which has an extra field that few know"


def _plain(extra: bytes) -> bool:
    """Whether *extra* fields hold nothing but sizes, of both kinds, times and owners."""
    while extra:
        field, length = struct.unpack_from("<HH", extra) if len(extra) >= 4 else (0, 0)  # noqa: PLR2004 - both
        if field not in _FIELDS or len(extra) < length + 4 or (field == 1 and length % 8):
            return False
        extra = extra[length + 4 :]
    return True


def _bad_name(info: zipfile.ZipInfo) -> str:
    """Return why some system does not hold the name of a member, ``""`` if all do."""
    name = info.orig_filename
    if not name.isascii() and not info.flag_bits & _UTF8:
        return "a name in no certain encoding"
    if len(name) > _NAME:
        return "a name that is too long"
    return next(filter(None, map(_bad_part, name.removesuffix("/").split("/"))), "")


@functools.lru_cache(maxsize=1 << 16)
def _bad_part(part: str) -> str:
    windows = PureWindowsPath(part)
    if part in {"", ".", ".."} or "\\" in part or windows.anchor:
        return "which leads elsewhere"
    if not is_seen(part) or part[-1] in ". " or not _RESERVED.isdisjoint(part):
        return "a name that Windows does not hold"
    stem = part.partition(".")[0].rstrip(" ").lower()
    if stem in _DEVICES or (stem and PureWindowsPath(stem).is_reserved()):
        return "a device on Windows"
    return "a name that is too long" if len(part.encode(errors="replace")) > _PART else ""


def _twins(names: Sequence[str]) -> Iterator[str]:
    """Yield which names, or directories of names, are one where case or composition does not count."""
    folders = {name.rpartition("/")[0] for name in names}
    while more := {folder.rpartition("/")[0] for folder in folders} - folders:
        folders |= more
    files = [name for name in names if not name.endswith("/")]
    seen: dict[str, str] = {}
    for name in (*files, *sorted(folders - {""})):
        key = name.lower() if name.isascii() else unicodedata.normalize("NFKD", name).casefold()
        if key in seen:
            yield f"holds {seen[key]!a} and {name!a}, which are one on some systems"
        seen[key] = name
    if len(set(names)) != len(names):
        yield "holds a name twice"


def _walked(infos: Sequence[zipfile.ZipInfo], stream: IO[bytes], end: int, deep: bool) -> Iterator[str]:  # noqa: FBT001 - private
    """Yield where a walk from the first byte on finds other members than the directory, up to *end*, where that begins."""
    waiting = {info.header_offset: info for info in infos}
    position = 0
    while position < end:
        info = waiting.pop(position, None)
        if info is None:
            yield f"has bytes at {position} that belong to no member, or members that overlap"
            return
        stream.seek(position)
        signature, _, flags, method, _, _, crc, packed, size, named, extra = _LOCAL.unpack(stream.read(_LOCAL.size))
        name, fields = stream.read(named), stream.read(extra)
        said, right = (crc, packed, size), (info.CRC, info.compress_size, info.file_size)
        wide = _ELSEWHERE in said and fields.find(struct.pack("<HH2Q", 1, 16, info.file_size, info.compress_size)) >= 0
        later = bool(info.flag_bits & _LATER)
        same = all(
            one == two or (one == 0 and later) or (one == _ELSEWHERE and (wide or later))
            for one, two in zip(said, right, strict=True)
        )
        alike = (signature, name, method) == (b"PK\3\4", _raw(info), info.compress_type)
        if not alike or not same or not _plain(fields) or (flags ^ info.flag_bits) & ~_EFFORT:
            yield f"holds {info.filename!a}, of which its own header says something else"
            return
        data = stream.read(info.compress_size) if deep else b""
        if deep and not _ends(info, data):
            yield f"holds {info.filename!a}, which has other bytes than its size and checksum say"
        position += _LOCAL.size + named + extra + info.compress_size
        if later:
            stream.seek(position)
            position += _descriptor(stream.read(24), right)
    if waiting or position != end or len({info.header_offset for info in infos}) != len(infos):
        yield "has members that overlap, or lie behind its directory"


def _ends(info: zipfile.ZipInfo, data: bytes) -> bool:
    """Whether *data* are all of the packed bytes of a member, and no more."""
    plain = data
    if info.compress_type == zipfile.ZIP_DEFLATED:
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        plain = unpacking.decompress(data, info.file_size + 1)
        plain += unpacking.decompress(unpacking.unconsumed_tail, 1)
        if not unpacking.eof or unpacking.unused_data or unpacking.unconsumed_tail:
            return False
    return len(plain) == info.file_size and zlib.crc32(plain) == info.CRC


def _descriptor(data: bytes, right: tuple[int, int, int]) -> int:
    """Return the bytes of the descriptor at the beginning of *data*; 0 if there is none that says what is right."""
    start = 4 if data.startswith(b"PK\7\x08") else 0
    for form in ("<3I", "<I2Q"):
        length = struct.calcsize(form)
        if len(data) >= start + length and struct.unpack_from(form, data, start) == right:
            return start + length
    return 0


def _unrecorded(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield in what RECORD and the directory name other files."""
    names = {info.filename for info in archive.infolist() if not info.is_dir()}
    records = [name for name in names if name.endswith(".dist-info/RECORD") and name.count("/") == 1]
    if len(records) != 1:
        yield f"holds {len(records)} files RECORD, where a wheel has one"
        return
    lines = archive.read(records[0]).decode().splitlines()
    every = [*parse_record_file(lines)]
    rows = [row for row in every if not row[0].endswith("/")]
    if folders := [row[0] for row in every if row[0].endswith("/")]:
        yield from well_formed.directories(folders, names)
    listed = [row[0] for row in rows]
    besides = {records[0], f"{records[0]}.jws", f"{records[0]}.p7s"}
    for name in sorted((names ^ set(listed)) - besides):
        yield f"holds {name!a}, which is not in its RECORD" if name in names else f"lacks {name!a} of its RECORD"
    for name, stated, _ in rows:
        if name in besides and stated:
            yield f"holds {name!a}, and RECORD has a hash of it"
        if name not in besides and not stated.startswith(("sha256=", "sha384=", "sha512=")):
            yield f"holds {name!a}, of which its RECORD has no hash that is SHA-256 or better"
    if len(set(listed)) != len(listed):
        yield "has a RECORD with a file twice"


def _raw(info: zipfile.ZipInfo) -> bytes:
    """Return a name as it stands in the archive."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")
