"""Free room on file systems, looked at before anything is written."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

from pypi_subset.errors import DiskError
from pypi_subset.support.machine.sizes import readable_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Need(NamedTuple):
    """
    What a run will write to one directory.

    :param folder: it, or one that it will make.
    :param bytes: the size of the new files.
    """

    folder: Path
    bytes: int


def require_room(needs: Iterable[Need], what: str) -> None:
    """
    Return if there is room for all of *needs*; those on one file system are added up.

    :param what: what needs it, as the subject of the sentence.
    :raises DiskError: a file system has less; the line has the numbers of each that has.
    """
    by_device: dict[int, list[Need]] = {}
    for one in needs:
        if one.bytes:
            by_device.setdefault(existing(one.folder).stat().st_dev, []).append(one)
    lacking = [(own, free(own[0].folder), sum(one.bytes for one in own)) for own in by_device.values()]
    lacking = [(own, has, wanted) for own, has, wanted in lacking if wanted > has]
    if lacking:
        parts = [
            f"{readable_size(wanted)} in {' and '.join(str(one.folder) for one in own)}, where {readable_size(has)} are free"
            for own, has, wanted in lacking
        ]
        more = ", and ".join(readable_size(wanted - has) for _, has, wanted in lacking)
        msg = f"there is not enough room: {what} needs {'; and '.join(parts)}"
        raise DiskError(msg, next_step=f"free {more} there, or name a directory on a larger disk; nothing was written")


def free(folder: Path) -> int:
    """Return the bytes that this user may write to the file system of *folder*; more than any if that is not known."""
    found = shutil.disk_usage(existing(folder))
    # Some network file systems do not say how large they are.
    return found.free if found.total else 1 << 62


def existing(path: Path) -> Path:
    """Return *path*, or the nearest directory above it that exists."""
    found = path.absolute()
    while not found.is_dir():
        found = found.parent
    return found
