"""What a wheel says of its files: RECORD, entry points and ``.data`` (PyPA "Binary distribution format")."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
from typing import TYPE_CHECKING

from pypi_subset.distributions import member_names
from pypi_subset.distributions.member_names import key_of
from pypi_subset.distributions.metadata import is_text, short

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from pypi_subset.distributions.archive import Archive
    from pypi_subset.distributions.central_directory import Member

#: Bytes of the longest RECORD and of the longest list of entry points.
LONGEST_RECORD, LONGEST_ENTRY_POINTS = 64 << 20, 1 << 20
#: The directories of a wheel's ``.data``, each installed in a place of its own.
SCHEMES = frozenset({"purelib", "platlib", "headers", "scripts", "data"})
#: Groups whose entries become programs.
SCRIPTS = ("console_scripts", "gui_scripts")

#: Members that RECORD need not list, and of which it has no hash: itself, and its signatures.
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
#: A hash that is SHA-256 or better: in Base64 as the specification has it, with padding, or in hexadecimal.
_HASH = re.compile(
    r"sha256=(?:[\w-]{43}=?|[0-9a-f]{64})|sha384=(?:[\w-]{64}|[0-9a-f]{96})|sha512=(?:[\w-]{86}(?:==)?|[0-9a-f]{128})",
    re.ASCII,
)
_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
_COLUMNS = 3
_NAME = re.compile(r"[\w.-]+")
_OBJECT = re.compile(
    r"\s*[^\W\d]\w*(\.[^\W\d]\w*)*\s*(?P<object>:\s*[^\W\d]\w*(\.[^\W\d]\w*)*\s*)?(\[[\w\s.,-]*\]\s*)?"
)
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
    scripts: set[str] = set()
    if f"{info}/entry_points.txt" in archive.by_name:
        data = archive.read(f"{info}/entry_points.txt", LONGEST_ENTRY_POINTS)
        if fault := _wrong_entries(data, scripts):
            return f"has entry points that cannot be read: {fault}"
    if fault := _wrong_scheme(archive, info, scripts):
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
        if fault := _row(row, archive.by_name, own, hashes):
            return f"has a RECORD with a wrong line: {fault}"
        hashes[row[0]] = row[1]
    for member in archive.members:
        if not (member.name in hashes or member.is_directory or member.name in own):
            return f"holds {short(member.name)}, which is not in its RECORD"
    return ""


def _row(row: list[str], members: dict[str, Member], own: set[str], listed: Container[str]) -> str:
    """Return what is wrong with a *row* of RECORD, ``""`` if nothing."""
    if len(row) != _COLUMNS:
        return f"{short(','.join(row))} has no three columns"
    name, told, size = row
    if name in listed:
        return f"{short(name)} stands there twice"
    if name in own or name.endswith("/"):
        # What signs RECORD cannot be hashed in it. Some list directories.
        return f"{short(name)} has a hash" if told else ""
    member = members.get(name)
    if member is None:
        return f"{short(name)} is not in the wheel"
    if not _HASH.fullmatch(told):
        return f"{short(name)} has no hash that is SHA-256 or better"
    return "" if size == str(member.size) else f"{short(name)} has {member.size} bytes, and not {short(size)}"


def _wrong_entries(data: bytes, scripts: set[str]) -> str:
    """Return what is wrong with entry points, ``""`` if nothing; add the names of programs to *scripts*."""
    import configparser  # noqa: PLC0415 - most wheels have none, and it takes long to load

    class Entries(configparser.ConfigParser):
        optionxform = staticmethod(str)  # type: ignore[assignment] # as the specification writes it

    found = Entries(delimiters=("=",), interpolation=None, default_section="\n")
    if not is_text(data):
        return "they are not UTF-8"
    try:
        found.read_string(data.decode())
    except configparser.Error as error:
        return " ".join(str(error).split())[:200]
    for group in found.sections():
        for name, value in found.items(group):
            point, runs = _OBJECT.fullmatch(value), group in SCRIPTS
            if point is None or (runs and not point["object"]):
                return f"{short(name)} is {short(value)}, which names no object"
            if runs and (not _NAME.fullmatch(name) or member_names.fault_of(name)):
                return f"{short(name)} is no name for a program"
            if runs:
                scripts.add(key_of(name))
    return ""


def _wrong_scheme(archive: Archive, info: str, scripts: set[str]) -> str:
    """Return which members would be installed over each other, or by a scheme that only some installers know."""
    if not any(top != info and top.lower().endswith((".data", *_METADATA)) for top in archive.tops):
        # All are installed where they are in the archive, in which no two names are one file.
        return ""
    data = f"{info.removesuffix('.dist-info')}.data"
    places: dict[str, str] = {}
    for name in archive.by_name:
        top, _, rest = name.partition("/")
        if top.lower().endswith(".data"):
            scheme, _, inside = rest.partition("/")
            if top != data or (rest and scheme not in SCHEMES) or (scheme and "/" not in rest):
                return f"holds {short(name)}, which no scheme of {short(data)} installs"
            if scheme == "scripts" and key_of(inside) in scripts:
                return f"holds {short(name)}, and an entry point of that name"
            if scheme not in {"purelib", "platlib"}:
                continue
            top, name_there = inside.partition("/")[0], inside
        else:
            name_there = name
        if top.lower().endswith(_METADATA) and (top != info or name_there != name):
            return f"holds {short(name)}, which belongs to the metadata of another distribution"
        if not name.endswith("/") and (other := places.setdefault(key_of(name_there), name)) != name:
            return f"holds {short(other)} and {short(name)}, which are installed as one file"
    return ""
