"""What a wheel says about itself: METADATA, read from the archive byte for byte, and held against the file's name."""

from __future__ import annotations

import functools
import lzma
import re
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from packaging.utils import InvalidName, InvalidSdistFilename, InvalidWheelFilename
from packaging.version import InvalidVersion, Version

from pypi_subset.errors import BadDistribution
from pypi_subset.filenames import normalized, project_and_version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packaging.utils import NormalizedName

#: Bytes; the largest METADATA seen in the wild is far below, and an archive may claim anything.
LARGEST_METADATA = 16 << 20

#: A wheel that claims to unpack to more bytes than this, and to more than so many times its own size, is a bomb. No
#: real wheel comes near; the limits are those that PyPI has for uploads.
LARGE, RATIO = 64 << 20, 50

#: The major version of the core metadata that we read; its specification has readers refuse a higher one.
METADATA_MAJOR = 2

#: The major version of the wheel format that installers know; its specification has them refuse a higher one.
WHEEL_MAJOR = 1
#: Bytes of WHEEL, which has a few short lines.
_LARGEST_WHEEL = 1 << 16

_METADATA = re.compile(r"(?P<name>[^/]+)-[^/-]+\.dist-info/METADATA")

#: METADATA as almost all of it is: these three first, each once: read without the parser of mail headers.
_USUAL = re.compile(
    rb"Metadata-Version: (2\.[0-9]+)\r?\nName: ([\w.-]+)\r?\nVersion: ([\w.!+-]+)\r?\n(?=[\w-]+:|\r?\n)"
)
_USUAL_WHEEL = re.compile(rb"Wheel-Version: 1\.[0-9]+\r?\n")
_AGAIN = re.compile(rb"^(?:Metadata-Version|Name|Version)[ \t]*:", re.IGNORECASE | re.MULTILINE)


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
    project, _ = _parsed(filename)
    try:
        with zipfile.ZipFile(source) as opened:
            metadata = _read(opened, project, filename)
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
        # RuntimeError: it is encrypted, or packed in a way that Python does not know.
        *(EOFError, RuntimeError, ValueError, OverflowError),
    ) as error:
        msg = f"{filename} is a damaged wheel: {error or type(error).__name__}"
        raise _refused(msg, filename) from error
    check(metadata, filename)
    return metadata


def _read(opened: zipfile.ZipFile, project: str, filename: str) -> bytes:
    """Return METADATA of an open wheel, all of whose members are ones that installers take."""
    members = opened.infolist()
    # Most members are something else, and a large wheel has thousands.
    found = [one for one in members if one.filename.endswith("/METADATA") and _belongs(one.filename, project)]
    if len(found) != 1:
        msg = f"{filename} holds {len(found)} METADATA files for {project}, where a wheel has one"
        raise _refused(msg, filename)
    wheel = opened.NameToInfo.get(found[0].filename.replace("METADATA", "WHEEL"))
    if wheel is None:
        msg = f"{filename} holds no WHEEL beside its METADATA"
        raise _refused(msg, filename)
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


def check(metadata: bytes, filename: str) -> None:
    """
    Hold what *metadata* says of itself against the wheel's name.

    Names are compared as PEP 503 has it, versions as PEP 440 has it: old wheels spell both in many ways. A field that
    stands there twice must agree twice.

    :raises BadDistribution: another project, another version, a form that only later tools can read, or no UTF-8.
    """
    (project, version), spelt = _parsed(filename), filename.split("-")[1]
    if not _is_text(metadata):
        msg = f"{filename} cannot be read: its METADATA is not UTF-8"
        raise _refused(msg, filename)
    forms, names, versions = _head(metadata)
    for wrong in (
        *_missing("Name", names),
        *_missing("Version", versions),
        *(f"is of the project {_short(name)}" for name in names if normalized(name) != project),
        # Spelt as in the name, it is that of the name.
        *(f"is of version {_short(text)}" for text in versions if text != spelt and not _is_version(text, version)),
        # pip takes a wheel that does not say it. A later minor version only adds fields (PEP 643, 566).
        *(
            f"has Metadata-Version {_short(form)}, not 1 or 2"
            for form in forms
            if not _is_known(form, 1, METADATA_MAJOR)
        ),
    ):
        msg = f"{filename} contradicts its name" if wrong.startswith("is of") else f"{filename} cannot be read"
        msg = f"{msg}: its METADATA {wrong}"
        raise _refused(msg, filename)


def _parsed(filename: str) -> tuple[NormalizedName, Version]:
    try:
        project, version = project_and_version(filename)
    except (InvalidName, InvalidWheelFilename, InvalidSdistFilename) as error:
        raise BadDistribution(str(error), next_step="rename it as the project named it, or remove it") from error
    return project, version


def _refused(what: str, filename: str) -> BadDistribution:
    project, version = _parsed(filename)
    step = f"leave it out, as with '{project}!={version}', and tell whoever offers it"
    return BadDistribution(what, project=project, next_step=step)


def _belongs(member: str, project: str) -> bool:
    match = _METADATA.fullmatch(member)
    return match is not None and normalized(match["name"]) == project


def _refuse_names(members: Iterable[str], filename: str) -> None:
    """Refuse what installers do: more than one folder of metadata, and a member outside of what is installed."""
    infos = set()
    for name in members:
        parts = name.replace("\\", "/").split("/")
        if not parts[0] or ".." in parts:
            msg = f"{filename} holds {_short(name)}, which leads out of where it is installed"
            raise _refused(msg, filename)
        if parts[0].endswith(".dist-info"):
            infos.add(parts[0])
    if len(infos) != 1:
        msg = f"{filename} holds {len(infos)} folders *.dist-info, where a wheel has one"
        raise _refused(msg, filename)


def _refuse_form(wheel: bytes, filename: str) -> None:
    """
    Refuse a form of wheels that installers do not know.

    :param wheel: what WHEEL holds.
    """
    if not _is_text(wheel):
        msg = f"{filename} cannot be read: its WHEEL is not UTF-8"
        raise _refused(msg, filename)
    if _USUAL_WHEEL.match(wheel):
        return
    from email.parser import BytesHeaderParser  # noqa: PLC0415 - few get here, and it takes long to load

    form = str(BytesHeaderParser().parsebytes(wheel).get("Wheel-Version", "")).strip()
    if not _is_known(form, 0, WHEEL_MAJOR):
        what = f"has Wheel-Version {_short(form)}, not {WHEEL_MAJOR}" if form else "has no Wheel-Version"
        msg = f"{filename} cannot be read: its WHEEL {what}"
        raise _refused(msg, filename)


def _is_text(data: bytes) -> bool:
    """Whether it is UTF-8, as installers take for granted."""
    try:
        return data.isascii() or data.decode() is not None
    except UnicodeDecodeError:
        return False


def _refuse_bomb(
    members: Iterable[zipfile.ZipInfo], metadata: zipfile.ZipInfo, wheel: zipfile.ZipInfo, filename: str
) -> None:
    """Refuse what claims to unpack to an enormous size, or is packed so that only unpacking tells."""
    if metadata.file_size > LARGEST_METADATA:
        msg = f"{filename} claims a METADATA of more than {LARGEST_METADATA} bytes"
        raise _refused(msg, filename)
    for name, one in (("METADATA", metadata), ("WHEEL", wheel)):
        # Of other ways of packing `zipfile` unpacks as much as comes.
        if one.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            msg = f"{filename} has a {name} that is neither stored nor deflated"
            raise _refused(msg, filename)
    packed, unpacked = map(sum, zip(*((one.compress_size, one.file_size) for one in members), strict=True))
    if unpacked > max(LARGE, RATIO * packed):
        msg = f"{filename} claims to unpack to {unpacked} bytes, more than {RATIO} times its size"
        raise _refused(msg, filename)


def _head(metadata: bytes) -> tuple[list[str], list[str], list[str]]:
    """Return every Metadata-Version, Name and Version of *metadata*, as the parser of mail headers reads them."""
    # Below the first empty line stands a description, often the most of it.
    head = metadata.partition(b"\n\n")[0] + b"\n\n"
    usual = _USUAL.match(head)
    if usual is not None and not _AGAIN.search(head, usual.end()):
        form, name, version = (value.decode() for value in usual.groups())
        return [form], [name], [version]
    # Few are written in another way, and this takes longer to load than to read thousands that are not.
    from email.parser import BytesHeaderParser  # noqa: PLC0415

    headers = BytesHeaderParser().parsebytes(head)
    forms, names, versions = (
        [str(value).strip() for value in headers.get_all(field, [])]
        for field in ("Metadata-Version", "Name", "Version")
    )
    return forms, names, versions


def _missing(field: str, values: list[str]) -> list[str]:
    return [] if values else [f"has no {field}"]


def _is_version(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


@functools.lru_cache(maxsize=64)
def _is_known(form: str, first: int, last: int) -> bool:
    """Whether the major version of *form* lies between the two."""
    found = re.fullmatch(r"([0-9]{1,9})(\.[0-9]+)*", form)
    return found is not None and first <= int(found[1]) <= last


def _short(text: str) -> str:
    """Return *text* as it can be shown anywhere, however long it is and whatever is in it."""
    shown = ascii(text)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"  # noqa: PLR2004 - a line's worth
