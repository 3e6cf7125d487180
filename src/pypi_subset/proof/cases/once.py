"""What one process of a run found of a file, for all other processes of that run."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.errors import FolderError
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case


def once(case: Case, what: str, path: Path, find: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """
    Return what *find* returns for *path*; in a run one process calls it, and the others read what it found.

    Two processes that begin at the same time both call it.

    :param what: a name for what is found, with all that it depends on beside the file.
    """
    found = recall(case, what, path)
    if found is None:
        found = find()
        keep(case, what, path, found)
    return found


def recall(case: Case, what: str, path: Path) -> tuple[str, ...] | None:
    """
    Return what a process of this run found of *path*, ``None`` if none did.

    Without isolation it is always ``None``, since the code of packages could write what is read here.

    :param what: as in `once`.
    """
    if not case.isolated:
        return None
    try:
        return msgspec.json.decode(_place(case, what, path).read_bytes(), type=tuple[str, ...])
    except OSError:
        return None


def keep(case: Case, what: str, path: Path, found: tuple[str, ...]) -> None:
    """Let the other processes of this run recall what was *found* of *path*; *what* as in `once`."""
    if not case.isolated:
        return
    # It is a matter of speed alone: a full disk, or a name that is no Unicode, is no fault of the file.
    with contextlib.suppress(OSError, FolderError, UnicodeEncodeError):
        place = _place(case, what, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, msgspec.json.encode(found))


def _place(case: Case, what: str, path: Path) -> Path:
    facts = path.stat()
    key = (what, str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    return case.work / "once" / hashlib.sha256(repr(key).encode()).hexdigest()
