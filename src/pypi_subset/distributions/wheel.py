"""METADATA of a wheel, read from the archive byte for byte and compared with the file name."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pypi_subset.distributions import contents
from pypi_subset.distributions.archive import Archive
from pypi_subset.distributions.filenames import normalized
from pypi_subset.distributions.member_names import fault_in
from pypi_subset.distributions.metadata import check_metadata, is_known, is_text, is_version, parsed, refuse, short
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes that a wheel may unpack to for `check_wheel` to compare each with RECORD: for more that takes too long.
HASHED = 8 << 20

#: The major version of the wheel format that installers know; its specification has them refuse a higher one.
WHEEL_MAJOR = 1
#: Bytes of WHEEL, which has a few short lines.
_LARGEST_WHEEL = 1 << 16

_METADATA = re.compile(r"(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/METADATA")
_USUAL_WHEEL = re.compile(rb"Wheel-Version: 1\.[0-9]+\r?\n")


def read_metadata(source: Path | IO[bytes], filename: str) -> bytes:
    """
    Return the bytes of METADATA in the wheel at *source* (core metadata, PEP 427), which agrees with the file's name.

    What the directory of the archive shows is checked too. Of a remote file, only its end is read.

    :param source: a path, or a file object that can seek.
    :raises BadDistribution: it is no ZIP archive, is damaged or a bomb, has no METADATA or several, has a form that
        only later tools can read, has a member that some system cannot hold, or contradicts its name.
    """
    with _opened(source, filename) as archive:
        return _read(archive, filename)[1]


def check_wheel(source: Path | IO[bytes], filename: str) -> bytes:
    """
    Return the bytes of METADATA in a whole wheel, all of which was checked.

    All readers of ZIP find the same members in it. RECORD lists them with their sizes; entry points and schemes are
    well-formed. If the wheel unpacks to at most `HASHED` bytes, each member has the hash of RECORD; if it is larger, the
    proof compares the hashes.

    :param source: a path, or a file object that can seek.
    :raises BadDistribution: as `read_metadata`, or something else is wrong with it.
    """
    with _opened(source, filename) as archive:
        info, metadata = _read(archive, filename)
        archive.check_layout()
        if fault := contents.fault_of(archive, info, hashed=archive.unpacked <= HASHED):
            refuse(filename, fault)
        return metadata


@contextlib.contextmanager
def _opened(source: Path | IO[bytes], filename: str) -> Iterator[Archive]:
    """Yield the archive at *source*; what is wrong with it becomes a `BadDistribution`."""
    with source.open("rb") if isinstance(source, Path) else contextlib.nullcontext(source) as stream:
        try:
            yield Archive(stream)
        # A remote file raises others of this kind.
        except ValueError as fault:
            refuse(filename, f"is a damaged wheel: {fault}")


def _read(archive: Archive, filename: str) -> tuple[str, bytes]:
    """Return the ``.dist-info`` directory of a wheel and its METADATA; the names of all members are good."""
    info = _info_of(archive, filename)
    if f"{info}/WHEEL" not in archive.by_name:
        refuse(filename, "holds no WHEEL beside its METADATA")
    metadata, wheel = archive.by_name[f"{info}/METADATA"], archive.by_name[f"{info}/WHEEL"]
    if metadata.size > bounds.LARGEST_METADATA:
        refuse(filename, f"claims a METADATA of more than {bounds.LARGEST_METADATA} bytes")
    # In the order of the archive, the two come in one piece, which a remote file fetches once.
    read = {
        one.name: archive.read(one.name, bounds.LARGEST_METADATA if one is metadata else _LARGEST_WHEEL)
        for one in sorted((metadata, wheel))
    }
    _refuse_form(read[wheel.name], filename)
    check_metadata(read[metadata.name], filename)
    return info, read[metadata.name]


def _info_of(archive: Archive, filename: str) -> str:
    """Return the ``.dist-info`` directory of a wheel, whose names are good."""
    project, version = parsed(filename)
    names = [*archive.by_name]
    if fault := fault_in(names):
        refuse(filename, fault)
    metadata = [name for name in names if name.endswith("METADATA")]
    matches = [match for name in metadata if (match := _METADATA.fullmatch(name))]
    found = [match for match in matches if normalized(match["name"]) == project]
    if len(found) != 1:
        refuse(filename, f"holds {len(found)} METADATA files for {project}, where a wheel has one")
    # What this directory says remains in the environment, where installers look for it.
    if (spelt := found[0]["version"]) != filename.split("-", 2)[1] and not is_version(spelt, version):
        refuse(filename, f"contradicts its name: it holds {short(found[0][0])}")
    infos = [top for top in archive.tops if top.lower().endswith(".dist-info")]
    if len(infos) != 1:
        refuse(filename, f"holds {len(infos)} directories *.dist-info, where a wheel has one")
    return found[0][0].removesuffix("/METADATA")


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
