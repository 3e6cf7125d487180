"""
A database of advisories on disk: a ZIP archive or a directory of OSV records, one JSON file each.

It is read whole or not at all. A file that is no record is an error that names it, so that a damaged database never
passes for one with fewer advisories.
"""

from __future__ import annotations

import hashlib
import io
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from pypi_subset.distributions.archive import Archive
from pypi_subset.distributions.central_directory import ArchiveFault
from pypi_subset.errors import SubsetError
from pypi_subset.policy.osv import Record, read_record
from pypi_subset.support import bounds, files
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

#: What a user does about a database that cannot be read.
NEXT_STEP = "take the database again, as a ZIP archive or a directory of OSV records in JSON"

#: Files beside the records, in small letters. All others are refused: databases are published as YAML too.
_STEMS = (
    "changelog",
    "code_of_conduct",
    "codeowners",
    "contributing",
    "license",
    "licence",
    "notice",
    "readme",
    "security",
)
_BESIDE = {f"{stem}{end}" for stem in _STEMS for end in ("", ".md", ".txt")}
#: Characters of a name in a message.
_SHOWN = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """
    The records of a database.

    :param path: where it was read.
    :param sha256: as `identity`.
    :param day: the date of the newest record, ``YYYY-MM-DD`` in UTC.
    :param records: those about PyPI, also withdrawn ones, by the names of their files.
    """

    path: Path
    sha256: str
    day: str
    records: tuple[Record, ...]


def identity(path: Path) -> str:
    """
    Return the SHA-256 of the database at *path*, in hexadecimal, without reading a record.

    It is that of the archive; for a directory it covers the name and the bytes of each record.

    :raises SubsetError: as `read`.
    """
    if not path.is_dir():
        return hashlib.sha256(_archive(path)).hexdigest()
    whole = hashlib.sha256()
    for name, data in _contents(path):
        _add(whole, name, data)
    return whole.hexdigest()


def read(path: Path) -> Database:
    """
    Return the database at *path*.

    :raises SubsetError: it is damaged, too large, or has no record about PyPI; the message names the file in it.
    :raises FolderError: it cannot be read.
    """
    whole, is_directory = hashlib.sha256(), path.is_dir()
    if is_directory:
        contents = _contents(path)
    else:
        data = _archive(path)
        whole.update(data)
        contents = _members(path, data)
    day, records = "", []
    for name, data in contents:
        if is_directory:
            _add(whole, name, data)
        try:
            record = read_record(data)
        except ValueError as error:
            _refuse(path, f"{_shown(name)} is no OSV record: {error}", error)
        day = max(day, record.day)
        if record.affected:
            records.append(record)
    if not records:
        _refuse(path, "it has no record about PyPI")
    return Database(path=path, sha256=whole.hexdigest(), day=day, records=tuple(records))


def _add(whole: hashlib._Hash, name: str, data: bytes) -> None:
    # A digest is as long as every other, so that no name can continue it.
    whole.update(hashlib.sha256(name.encode(errors="surrogateescape")).digest() + hashlib.sha256(data).digest())


def _archive(path: Path) -> bytes:
    with files.folder_errors(path):
        return files.read_input(path, bounds.LARGEST_DATABASE)


def _members(path: Path, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each record in the archive *data*, sorted."""
    try:
        archive = Archive(io.BytesIO(data))
        archive.check_layout()
        if archive.unpacked > bounds.LARGEST_UNPACKED:
            _refuse(path, f"it unpacks to more than {bounds.LARGEST_UNPACKED:,} bytes")
        for name in _records(path, (one.name for one in archive.members if not one.is_directory)):
            yield name, archive.read(name, bounds.LARGEST_RECORD)
    except ArchiveFault as error:
        what = f"it is no ZIP archive that all readers read alike: {error}"
        _refuse(path, what, error, step=f"unpack it and name the directory, or {NEXT_STEP}")


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each record below the directory *path*, sorted."""
    found, left = [], bounds.LARGEST_UNPACKED
    with files.folder_errors(path):
        for name, facts in files.walk(path):
            if _is_hidden(name) or stat.S_ISDIR(facts.st_mode):
                continue
            if not stat.S_ISREG(facts.st_mode):
                _refuse(path, f"{_shown(name)} is a link or another special file")
            found.append(name)
            if len(found) > bounds.MOST_RECORDS:
                _refuse(path, f"it has more than {bounds.MOST_RECORDS:,} files")
    for name in _records(path, found):
        with files.folder_errors(path / name):
            data = files.read_input(path / name, bounds.LARGEST_RECORD)
        left -= len(data)
        if left < 0:
            _refuse(path, f"it has more than {bounds.LARGEST_UNPACKED:,} bytes")
        yield name, data


def _records(path: Path, names: Iterable[str]) -> list[str]:
    """Return those of *names* that are records, sorted."""
    found = []
    for name in names:
        if not _is_plain(name):
            _refuse(path, f"{_shown(name)} is no plain path")
        if _is_hidden(name):
            continue
        if name.lower().endswith(".json"):
            found.append(name)
        elif name.rpartition("/")[2].lower() not in _BESIDE:
            _refuse(path, f"{_shown(name)} is no OSV record in JSON")
    return sorted(found)


def _is_plain(name: str) -> bool:
    """Return whether *name* leads down alone; ``./x`` would be hidden, and its record would be lost."""
    return "\\" not in name and {"", ".", ".."}.isdisjoint(name.split("/"))


def _is_hidden(name: str) -> bool:
    """Return whether a leading dot hides a file or a directory of its path, as in a shell."""
    return name.startswith(".") or "/." in name


def _shown(name: str) -> str:
    return printable(name[:_SHOWN])


def _refuse(path: Path, what: str, cause: Exception | None = None, step: str = NEXT_STEP) -> NoReturn:
    msg = f"the database of advisories cannot be read: {what}"
    raise SubsetError(msg, path=path, next_step=step) from cause
