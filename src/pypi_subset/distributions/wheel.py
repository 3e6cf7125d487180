"""What a wheel says about itself: METADATA, read from the archive byte for byte, and held against the file's name."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from pypi_subset.distributions.filenames import normalized
from pypi_subset.distributions.metadata import check_metadata, is_known, is_text, parsed, refused, short

if TYPE_CHECKING:
    from collections.abc import Iterable
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
_USUAL_WHEEL = re.compile(rb"Wheel-Version: 1\.[0-9]+\r?\n")


def read_metadata(source: Path | IO[bytes], filename: str) -> bytes:
    """
    Return the bytes of METADATA in the wheel at *source* (core metadata, PEP 427), which agrees with the file's name.

    What installers refuse to unpack is refused here too, as far as it can be told without unpacking.

    :param source: a path, or a file object that can seek.
    :param filename: the wheel's name.
    :raises BadDistribution: it is no ZIP archive, is damaged or a bomb, holds no such file, or more than one, has a form
        that only later tools can read, a member that leads out of where it is installed, or says something else than its
        name does.
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
        msg = f"{filename} is a damaged wheel: {error or type(error).__name__}"
        raise refused(msg, filename) from error
    check_metadata(metadata, filename)
    return metadata


def _read(opened: zipfile.ZipFile, project: str, filename: str) -> bytes:
    """Return METADATA of an open wheel, all of whose members are ones that installers take."""
    members = opened.infolist()
    # Most members are something else, and a large wheel has thousands.
    found = [one for one in members if one.filename.endswith("/METADATA") and _belongs(one.filename, project)]
    if len(found) != 1:
        msg = f"{filename} holds {len(found)} METADATA files for {project}, where a wheel has one"
        raise refused(msg, filename)
    wheel = opened.NameToInfo.get(found[0].filename.replace("METADATA", "WHEEL"))
    if wheel is None:
        msg = f"{filename} holds no WHEEL beside its METADATA"
        raise refused(msg, filename)
    _refuse_names([one.filename for one in members], filename)
    _refuse_bomb(members, found[0], wheel, filename)
    said = {}
    # In their order: of a wheel elsewhere the two come in one piece, which is fetched from where one begins.
    for one in sorted((wheel, found[0]), key=lambda member: member.header_offset):
        with opened.open(one) as stream:
            # Bounded, whatever the archive claims: where it lies, the checksum is wrong as well.
            said[one.filename] = stream.read(_LARGEST_WHEEL if one is wheel else LARGEST_METADATA)
    _refuse_form(said[wheel.filename], filename)
    return said[found[0].filename]


def _belongs(member: str, project: str) -> bool:
    match = _METADATA.fullmatch(member)
    return match is not None and normalized(match["name"]) == project


def _refuse_names(members: Iterable[str], filename: str) -> None:
    """Refuse what installers do: more than one folder of metadata, and a member outside of what is installed."""
    infos = set()
    for name in members:
        parts = name.replace("\\", "/").split("/")
        if not parts[0] or ".." in parts:
            msg = f"{filename} holds {short(name)}, which leads out of where it is installed"
            raise refused(msg, filename)
        if parts[0].endswith(".dist-info"):
            infos.add(parts[0])
    if len(infos) != 1:
        msg = f"{filename} holds {len(infos)} folders *.dist-info, where a wheel has one"
        raise refused(msg, filename)


def _refuse_form(wheel: bytes, filename: str) -> None:
    """
    Refuse a form of wheels that installers do not know.

    :param wheel: what WHEEL holds.
    """
    if not is_text(wheel):
        msg = f"{filename} cannot be read: its WHEEL is not UTF-8"
        raise refused(msg, filename)
    if _USUAL_WHEEL.match(wheel):
        return
    from email.parser import BytesHeaderParser  # noqa: PLC0415 - few get here, and it takes long to load

    form = str(BytesHeaderParser().parsebytes(wheel).get("Wheel-Version", "")).strip()
    if not is_known(form, 0, WHEEL_MAJOR):
        what = f"has Wheel-Version {short(form)}, not {WHEEL_MAJOR}" if form else "has no Wheel-Version"
        msg = f"{filename} cannot be read: its WHEEL {what}"
        raise refused(msg, filename)


def _refuse_bomb(
    members: Iterable[zipfile.ZipInfo], metadata: zipfile.ZipInfo, wheel: zipfile.ZipInfo, filename: str
) -> None:
    """Refuse what claims to unpack to an enormous size, or is packed so that only unpacking tells."""
    if metadata.file_size > LARGEST_METADATA:
        msg = f"{filename} claims a METADATA of more than {LARGEST_METADATA} bytes"
        raise refused(msg, filename)
    for name, one in (("METADATA", metadata), ("WHEEL", wheel)):
        # Of other ways of packing `zipfile` unpacks as much as comes.
        if one.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            msg = f"{filename} has a {name} that is neither stored nor deflated"
            raise refused(msg, filename)
    packed, unpacked = map(sum, zip(*((one.compress_size, one.file_size) for one in members), strict=True))
    if unpacked > max(LARGE, RATIO * packed):
        msg = f"{filename} claims to unpack to {unpacked} bytes, more than {RATIO} times its size"
        raise refused(msg, filename)
