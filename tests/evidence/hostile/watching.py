"""Watching the processes of an attack, and the disk that it fills, from outside."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE = 0.03


def marked_processes(marker: str) -> list[int]:
    """Return the process ids of all that have *marker* in their command line."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - names alone
        if name.isdigit():
            with contextlib.suppress(OSError):
                if marker.encode() in Path("/proc", name, "cmdline").read_bytes():
                    found.append(int(name))
    return found


@dataclass(kw_only=True)
class Watch:
    """
    The most that was seen of an attack.

    :param marker: stands in the command line of its processes.
    :param work: the directory in which cases are proven.
    """

    marker: str
    work: Path
    most: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the ``with`` block lasts."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_PAUSE):
            # `os.walk` recurses into directories as deep as an attack makes them.
            with contextlib.suppress(RecursionError):
                self._look()

    def _look(self) -> None:
        seen: dict[str, float] = defaultdict(float)
        for one in marked_processes(self.marker):
            with contextlib.suppress(OSError, ValueError):
                for name, value in _facts(one).items():
                    if name in {"capabilities", "seconds"}:
                        seen[name] = max(seen[name], value)
                    else:
                        seen[name] += value
        largest, total, count = _disk(self.work)
        seen |= {"largest": largest, "disk": total, "files": count}
        for name, value in seen.items():
            self.most[name] = max(self.most[name], value)


def _facts(process: int) -> dict[str, float]:
    folder = Path("/proc", str(process))
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
    times = (folder / "stat").read_text().rpartition(")")[2].split()
    found = {
        "processes": 1.0,
        "threads": float(status["Threads"]),
        "memory": 1024.0 * int(status.get("VmRSS", "0 kB").split()[0]),
        "capabilities": float(int(status["CapEff"], 16).bit_count()),
        "seconds": (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"),
    }
    with contextlib.suppress(OSError):
        found["descriptors"] = float(sum(1 for _ in (folder / "fd").iterdir()))
    return found


def _disk(folder: Path) -> tuple[int, int, int]:
    """Return size of the largest file below *folder*, bytes of all, and their number; a second is enough for it."""
    largest = total = count = 0
    until = time.monotonic() + 1
    for here, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                facts = os.lstat(os.path.join(here, name))  # noqa: PTH118 - thousands of files
                largest, total, count = max(largest, facts.st_size), total + facts.st_blocks * 512, count + 1
        if time.monotonic() > until:
            break
    return largest, total, count
