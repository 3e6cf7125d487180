"""METADATA of a wheel, read from the archive byte for byte and compared with the file name."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from pypi_subset.distributions.filenames import normalized
from pypi_subset.distributions.metadata import check_metadata, is_known, is_text, parsed, refuse, short

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes; the largest METADATA seen in the wild is far below, and an archive may claim anything.
LARGEST_METADATA = 16 << 20

#: A wheel that claims to unpack to more bytes than this, and to more than so many times its own size, is a bomb. No
#: real wheel comes near; the limits are those that PyPI has for uploads.
LARGE, RATIO = 64 << 20, 50

#: The major version of the wheel format that installers know; its specification has them refuse a higher one.
WHEEL_MAJOR = 1
#: Bytes of WHEEL, which has a few short lines.
_LARGEST_WHEEL = 1 << 16

_METADATA = re.compile(r"(?P<name>[^/]+)-[^/-]+\.dist-info/METADATA")
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_USUAL_WHEEL = re.compile(rb"Wheel-Version: 1\.[0-9]+\r?\n")


def read_metadata(source: Path | IO[bytes], filename: str) -> bytes:
    """
    Return the bytes of METADATA in the wheel at *source* (core metadata, PEP 427), which agrees with the file's name.

    A wheel that installers refuse to unpack is refused too, as far as its directory shows it.

    :param source: a path, or a file object that can seek.
    :raises BadDistribution: it is no ZIP archive, is damaged or a bomb, has no METADATA or several, has a form that
        only later tools can read, has a member outside of the installation directory, or contradicts its name.
    """
    project, _ = parsed(filename)
    try:
        with zipfile.ZipFile(source) as opened:
            metadata = _read(opened, project, filename)
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
        # RuntimeError: it is encrypted, or packed in a way that Python does not know.
        *(EOFError, RuntimeError, ValueError, OverflowError),
    ) as error:
        refuse(filename, f"is a damaged wheel: {error or type(error).__name__}")
    check_metadata(metadata, filename)
    return metadata


def _read(opened: zipfile.ZipFile, project: str, filename: str) -> bytes:
    """Return METADATA of an open wheel, all of whose members are ones that installers take."""
    members, known = opened.filelist, opened.NameToInfo
    names = [one.filename for one in members]
    name, version, _ = filename.split("-", 2)
    top = f"{name}-{version}.dist-info/"
    if not _is_usual(names, top):
        top = _checked_names(names, project, filename)
    metadata, wheel = known[f"{top}METADATA"], known.get(f"{top}WHEEL")
    if wheel is None:
        refuse(filename, "holds no WHEEL beside its METADATA")
    _refuse_bomb(members, metadata, wheel, filename)
    # In the order of the archive, the two come in one piece, which a remote file fetches once.
    if wheel.header_offset < metadata.header_offset:
        _refuse_form(_content(opened, wheel, _LARGEST_WHEEL), filename)
        return _content(opened, metadata, LARGEST_METADATA)
    data = _content(opened, metadata, LARGEST_METADATA)
    _refuse_form(_content(opened, wheel, _LARGEST_WHEEL), filename)
    return data


def _content(opened: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """Return the first *limit* bytes of a member, whatever size the archive claims; of a longer one, no checksum holds."""
    with opened.open(member) as stream:
        return stream.read(limit)


def _is_usual(names: list[str], top: str) -> bool:
    """Whether `_checked_names` certainly returns *top*, by a few searches instead of a look at each name."""
    joined = "\n".join(("", *names, ""))
    return (
        joined.count("\n") == len(names) + 1
        and joined.count(f"\n{top}METADATA\n") == joined.count("/METADATA\n") == 1
        and joined.count(f"\n{top}") == joined.count(".dist-info")
        and not (".." in joined or "\\" in joined or "\n/" in joined or "\n\n" in joined)
    )


def _checked_names(names: list[str], project: str, filename: str) -> str:
    """Return the ``.dist-info`` directory of a wheel, with a slash at its end; check the *names* of all members."""
    found = [name for name in names if (match := _METADATA.fullmatch(name)) and normalized(match["name"]) == project]
    if len(found) != 1:
        refuse(filename, f"holds {len(found)} METADATA files for {project}, where a wheel has one")
    parts = {name: name.replace("\\", "/").split("/") for name in names}
    for name, (first, *others) in parts.items():
        if not first or ".." in (first, *others):
            refuse(filename, f"holds {short(name)}, which leads out of where it is installed")
    infos = {first for first, *_ in parts.values() if first.endswith(".dist-info")}
    if len(infos) != 1:
        refuse(filename, f"holds {len(infos)} folders *.dist-info, where a wheel has one")
    return found[0].removesuffix("METADATA")


def _refuse_form(wheel: bytes, filename: str) -> None:
    """Refuse a *wheel*, given what its WHEEL holds, of a form that installers do not know."""
    if not is_text(wheel):
        refuse(filename, "cannot be read: its WHEEL is not UTF-8")
    if _USUAL_WHEEL.match(wheel):
        return
    from email.parser import BytesHeaderParser  # noqa: PLC0415 - few get here, and it takes long to load

    form = str(BytesHeaderParser().parsebytes(wheel).get("Wheel-Version", "")).strip()
    if not is_known(form, 0, WHEEL_MAJOR):
        what = f"has Wheel-Version {short(form)}, not {WHEEL_MAJOR}" if form else "has no Wheel-Version"
        refuse(filename, f"cannot be read: its WHEEL {what}")


def _refuse_bomb(
    members: list[zipfile.ZipInfo], metadata: zipfile.ZipInfo, wheel: zipfile.ZipInfo, filename: str
) -> None:
    """Refuse a wheel that claims an enormous size, or one whose packing hides it."""
    if metadata.file_size > LARGEST_METADATA:
        refuse(filename, f"claims a METADATA of more than {LARGEST_METADATA} bytes")
    for name, one in (("METADATA", metadata), ("WHEEL", wheel)):
        # `zipfile` unpacks other formats without a bound.
        if one.compress_type not in _PACKINGS:
            refuse(filename, f"has a {name} that is neither stored nor deflated")
    unpacked = sum([one.file_size for one in members])
    if unpacked > LARGE and unpacked > RATIO * sum([one.compress_size for one in members]):
        refuse(filename, f"claims to unpack to {unpacked} bytes, more than {RATIO} times its size")
