"""Where cases install: in memory where there is plenty, since an installation is thousands of small files."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError
from pypi_subset.model.paths import ALL_WHEELS
from pypi_subset.support import staging
from pypi_subset.support.machine import holding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


#: Where Linux keeps files in memory, and what the kernel says of memory.
SHARED, MEMORY = Path("/dev/shm"), Path("/proc/meminfo")  # noqa: S108 - a directory of our own is made in it

#: What unpacking makes of the bytes of a wheel, at most but for odd ones.
_GROWTH = 4
#: How much of what is free may be planned for.
_SHARE = 0.5

_PREFIX = "pypi-subset-proof-"
#: Seconds for which a lock that is empty may be that of a run that starts.
_STARTING = 3600


@contextlib.contextmanager
def scratch(site: Path, processes: int, environment: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """
    Yield an empty directory that is gone after the ``with`` block.

    :param site: what is proven there; all of its files, unpacked for each process, must find room in memory.
    :param processes: how many cases are proven at a time.
    :param environment: a user who says where temporary files go (``TMPDIR``) is obeyed.
    """
    needed = _GROWTH * (processes + 1) * sum(path.stat().st_size for path in site.glob(ALL_WHEELS))
    chosen = any(environment.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    place = SHARED if not chosen and roomy(needed) else None
    if place is not None:
        sweep(place)
    folder = tempfile.TemporaryDirectory(prefix=_PREFIX, dir=place, ignore_cleanup_errors=True)
    # A run that is killed leaves its directory; the next run sees that no process holds it, and removes it.
    with folder as name, holding.exclusive(Path(name)):
        yield Path(name)


def roomy(needed: int) -> bool:
    """Whether there is a place for files in memory from which programs run, and *needed* bytes are a small part of what is free."""
    if sys.platform != "linux" or not os.access(SHARED, os.W_OK | os.X_OK):
        return False
    status = os.statvfs(SHARED)
    if status.f_flag & os.ST_NOEXEC or not os.path.ismount(SHARED):
        return False
    return needed < _SHARE * min(status.f_bavail * status.f_frsize, available())


def available() -> int:
    """Return the bytes of memory that programs could have, as the kernel sees it; of none if it says nothing."""
    try:
        lines = dict(line.split(":", 1) for line in MEMORY.read_text(encoding="ascii").splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        return 0


def sweep(place: Path) -> None:
    """Remove what killed runs of this user left in memory."""
    for path in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, FolderError):
            lock = (path / holding.RUNNING).stat()
            # A run makes the file before it holds it, and writes to it as soon as it does.
            starts = not lock.st_size and time.time() - lock.st_mtime < _STARTING
            if path.stat().st_uid != os.getuid() or starts:
                continue
            with holding.exclusive(path):
                staging.remove_tree(path)
