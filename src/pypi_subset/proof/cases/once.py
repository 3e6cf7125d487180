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

    Two processes that begin at the same time both call it. Without isolation each process calls it for itself, since the
    code of packages could write what it found.

    :param what: a name for what is found, with all that it depends on beside the file.
    """
    if not case.isolated:
        return find()
    facts = path.stat()
    key = (what, str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    place = case.work / "once" / hashlib.sha256(repr(key).encode()).hexdigest()
    try:
        return msgspec.json.decode(place.read_bytes(), type=tuple[str, ...])
    except OSError:
        found = find()
    # It is a matter of speed alone: a full disk, or a name that is no Unicode, is no fault of the file.
    with contextlib.suppress(OSError, FolderError, UnicodeEncodeError):
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, msgspec.json.encode(found))
    return found
