"""A control group that limits the memory of one box, where this process may make one (cgroups(7))."""

from __future__ import annotations

import contextlib
import secrets
import time
from functools import cache
from pathlib import Path

#: The file that limits memory, by version of the interface.
_LIMITS = ("memory.max", "memory.limit_in_bytes")
#: Files that forbid what goes beyond it: moving to disk.
_SWAP = ("memory.swap.max",)
_MOUNTS, _GROUPS = Path("/proc/self/mounts"), Path("/proc/self/cgroup")
#: Seconds in which the processes of a box that has ended must be gone.
_PATIENCE = 5.0


def make(memory: int, processes: int) -> Path | None:
    """
    Return the directory of a new control group, ``None`` where none can be made.

    :param memory: bytes that all its processes may use.
    :param processes: number of processes and threads.
    """
    parent = _parent()
    if parent is None:
        return None
    group = parent / f"pypi-subset-{secrets.token_hex(8)}"
    try:
        group.mkdir()
        _limit(group, memory)
    except OSError:
        remove(group)
        return None
    for name, most in [*dict.fromkeys(_SWAP, 0).items(), ("pids.max", processes)]:
        with contextlib.suppress(OSError):
            (group / name).write_text(str(most), encoding="ascii")
    return group


def remove(group: Path | None) -> None:
    """Remove *group*; the kernel refuses that until its last process has ended."""
    until = time.monotonic() + _PATIENCE
    while group is not None and group.is_dir():
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        if time.monotonic() > until:
            return
        time.sleep(0.002)


@cache
def _parent() -> Path | None:
    """Return the group of this process in which others can be made and limit memory, ``None`` if there is none."""
    for parent in _own():
        trial = parent / f"pypi-subset-{secrets.token_hex(8)}"
        try:
            trial.mkdir()
            _limit(trial, 1 << 40)
        except OSError:
            continue
        finally:
            remove(trial)
        return parent
    return None


def _limit(group: Path, memory: int) -> None:
    name = next((name for name in _LIMITS if (group / name).exists()), _LIMITS[0])
    (group / name).write_text(str(memory), encoding="ascii")


def _own() -> list[Path]:
    """Return the directories of this process's own groups that may limit memory, those of version 2 first."""
    try:
        mounts = [line.split(" ") for line in _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()]
        lines = _GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for _, point, kind, options, *_ in mounts:
            new = kind == "cgroup2" and not controllers
            old = kind == "cgroup" and controllers == "memory" and "memory" in options.split(",")
            if new or old:
                found.append(Path(point, path.lstrip("/")))
    return found
