"""What a wheel says of its files: RECORD, entry points and ``.data`` (PyPA "Binary distribution format")."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
from typing import TYPE_CHECKING

from pypi_subset.distributions.member_names import key_of
from pypi_subset.distributions.metadata import is_text, short
from pypi_subset.distributions.programs import BIN, is_program, place_of, wrong_entries

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from pypi_subset.distributions.archive import Archive

#: Bytes of the longest RECORD and of the longest list of entry points.
LONGEST_RECORD, LONGEST_ENTRY_POINTS = 64 << 20, 1 << 20
#: The directories of a wheel's ``.data``, each installed in a place of its own.
SCHEMES = frozenset({"purelib", "platlib", "headers", "scripts", "data"})

#: Members that RECORD need not list, and of which it has no hash: itself, and its signatures.
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
#: A hash that is SHA-256 or better: in Base64 as the specification has it, with padding, or in hexadecimal.
_HASH = re.compile(
    r"sha256=(?:[\w-]{43}=?|[0-9a-f]{64})|sha384=(?:[\w-]{64}|[0-9a-f]{96})|sha512=(?:[\w-]{86}(?:==)?|[0-9a-f]{128})",
    re.ASCII,
)
_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_COLUMNS = 3
#: Metadata of a distribution, as those that look for installed ones know it.
_METADATA = (".dist-info", ".egg-info")


def fault_of(archive: Archive, info: str, *, hashed: bool) -> str:
    """
    Return what is wrong with the files of a wheel, as the end of a sentence; ``""`` if nothing is.

    :param archive: the wheel, in which the names of all members are good.
    :param info: its ``.dist-info`` directory.
    :param hashed: compare each member with its hash in RECORD too; each byte is unpacked once, in pieces.
    :raises ArchiveFault: a member that had to be read is damaged.
    """
    programs: set[str] = set()
    if f"{info}/entry_points.txt" in archive.by_name:
        data = archive.read(f"{info}/entry_points.txt", LONGEST_ENTRY_POINTS)
        if fault := wrong_entries(data, programs):
            return f"has entry points that cannot be read: {fault}"
    if fault := _wrong_scheme(archive, info, programs):
        return fault
    if f"{info}/RECORD" not in archive.by_name:
        return "holds no RECORD"
    hashes: dict[str, str] = {}
    record = archive.read(f"{info}/RECORD", LONGEST_RECORD)
    return _unrecorded(archive, info, record, hashes) or (_untrue(archive, hashes) if hashed else "")


def _untrue(archive: Archive, hashes: Mapping[str, str]) -> str:
    """Return which member has another hash than RECORD says, ``""`` if none has; raise `ArchiveFault` for a damaged one."""
    for member in archive.members:
        algorithm, _, wanted = hashes.get(member.name, "").rstrip("=").partition("=")
        hashing = _HASHES[algorithm or "sha256"]()
        for piece in archive.pieces(member):
            hashing.update(piece)
        if wanted and wanted not in _spellings(hashing.digest()):
            return f"holds {short(member.name)}, which does not have the hash of its RECORD"
    return ""


def _spellings(digest: bytes) -> tuple[str, str]:
    """Return *digest* as the specification has it, and in hexadecimal, as some write it."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), digest.hex()


def _unrecorded(archive: Archive, info: str, record: bytes, hashes: dict[str, str]) -> str:
    """Return in what the members and RECORD differ, as far as nothing has to be unpacked for it; fill *hashes* from it."""
    own = {f"{info}/{name}" for name in _UNLISTED}
    if not is_text(record):
        return "has a RECORD that is not UTF-8"
    try:
        rows = [*csv.reader(record.decode().splitlines(), strict=True)]
    except csv.Error as error:
        return f"has a RECORD that cannot be read: {error}"
    for row in rows:
        if fault := _row(row, archive, own, hashes):
            return f"has a RECORD with a wrong line: {fault}"
        hashes[row[0]] = row[1]
    for member in archive.members:
        if not (member.name in hashes or member.is_directory or member.name in own):
            return f"holds {short(member.name)}, which is not in its RECORD"
    return ""


def _row(row: list[str], archive: Archive, own: set[str], listed: Container[str]) -> str:
    """Return what is wrong with a *row* of RECORD, ``""`` if nothing."""
    if len(row) != _COLUMNS:
        return f"{short(','.join(row))} has no three columns"
    name, stated, size = row
    if name in listed:
        return f"{short(name)} stands there twice"
    if name in own or name.endswith("/"):
        # What signs RECORD cannot be hashed in it, nor can a directory.
        return f"{short(name)} has a hash" if stated else _without_hash(name, archive, own)
    member = archive.by_name.get(name)
    if member is None:
        return f"{short(name)} is not in the wheel"
    if not _HASH.fullmatch(stated):
        return f"{short(name)} has no hash that is SHA-256 or better"
    return "" if size == str(member.size) else f"{short(name)} has {member.size} bytes, and not {short(size)}"


def _without_hash(name: str, archive: Archive, own: set[str]) -> str:
    """
    Return what is wrong with a row for RECORD itself, which is in *own*, or for the directory *name*; ``""`` if nothing.

    RECORD should list no directory, but some builders do. pip removes such a directory with all that is in it, and every other
    project has its files beside those of the wheel. It has to be a part of the wheel's metadata, or of a package of its own.
    """
    if name in own:
        return ""
    if name not in archive.directories:
        return f"{short(name)} is a directory without a file in the wheel"
    parts = name.split("/")[:-1]
    packages = (f"{'/'.join(parts[:count])}/__init__.py" for count in range(1, len(parts) + 1))
    if parts[0].endswith((".dist-info", ".data")) or any(one in archive.by_name for one in packages):
        return ""
    return f"{short(name)} is a directory that other projects may share"


def _wrong_scheme(archive: Archive, info: str, programs: set[str]) -> str:
    """Return which members would be installed over each other, or by a scheme that only some installers know."""
    if not any(top != info and top.lower().endswith((".data", *_METADATA)) for top in archive.tops):
        # All are installed where they are in the archive, in which no two names are one file.
        return ""
    stem = info.removesuffix(".dist-info")
    data, project = f"{stem}.data", stem.partition("-")[0]
    places: dict[str, str] = {}
    for name in archive.by_name:
        top, _, rest = name.partition("/")
        place = name
        if top.lower().endswith(".data"):
            scheme, _, inside = rest.partition("/")
            if top != data or (rest and scheme not in SCHEMES) or (scheme and "/" not in rest):
                return f"holds {short(name)}, which no scheme of {short(data)} installs"
            place = place_of(scheme, inside, project) if inside else ""
            top = place.partition("/")[0]
        if top.lower().endswith(_METADATA) and (top != info or place != name):
            return f"holds {short(name)}, which belongs to the metadata of another distribution"
        if name.endswith("/"):
            continue
        if fault := _wrong_program(place, programs):
            return f"holds {short(name)}, {fault}"
        if (other := places.setdefault(key_of(place), name)) != name:
            return f"holds {short(other)} and {short(name)}, which are installed as one file"
    return ""


def _wrong_program(place: str, programs: set[str]) -> str:
    """Return why a file at *place* is no program that an installer can write, ``""`` if it is one, or something else."""
    if not place.startswith(BIN):
        return ""
    program = place.removeprefix(BIN)
    if key_of(program) in programs:
        return "and an entry point of that name"
    return "" if is_program(program) else "which is no name for a program"
