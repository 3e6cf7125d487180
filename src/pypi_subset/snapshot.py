"""
What a folder looks like without reading a file: by this it is known again, as a whole and folder by folder.

To ask the system about tens of thousands of files takes as long as all else that a run does that has nothing to do. So
this file is a program too, which the other processor can run: it imports nothing of ours, and starts in no time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path


@contextlib.contextmanager
def looking(folder: Path, *, but: Collection[str] = ()) -> Iterator[Callable[[], Seen]]:
    """
    Yield what returns the `snapshot` of *folder*, which is being taken in a process of its own.

    :param folder: nobody may change it until the answer is there.
    """
    command = [sys.executable, "-I", "-S", __file__, os.fspath(folder), *but]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:

        def answer() -> Seen:
            out, _ = child.communicate()
            # What stood in its way will stand in ours, and then be told.
            return snapshot(folder, but=but) if child.returncode else Seen(*json.loads(out))

        try:
            yield answer
        finally:
            child.kill()


class Seen(NamedTuple):
    """
    What a folder looks like: for it and each folder below, by its path, itself ``""``; nothing where there is none.

    :param digests: of the names in it, and of the inode, the size, the time of modification and the mode of each file.
    :param marks: from `mark_of`: as long as it is the same, no name in the folder has gone, come, or changed.
    """

    digests: dict[str, str]
    marks: dict[str, str]


def mark_of(facts: os.stat_result) -> str:
    """Return by what a folder is known in which nothing was made, removed or renamed."""
    return f"{facts.st_ino} {facts.st_mtime_ns}"


def snapshot(folder: str | Path, *, but: Collection[str] = (), known: Mapping[str, str] | None = None) -> Seen:
    """
    Return what *folder* looks like. Symbolic links are not followed.

    :param but: paths that are left out, with all that is below them.
    :param known: digests of folders that need not be looked at, nor anything below them; they get no marks.
    :raises OSError: it cannot be read.
    """
    found, marks = dict(known or {}), {}
    waiting = [("", os.fspath(folder))] if os.path.isdir(folder) else []  # noqa: PTH112 - pathlib takes time to load
    while waiting:
        inside, current = waiting.pop()
        lines = []
        # Before what is in it: what changes meanwhile shows next time.
        marks[inside] = mark_of(os.stat(current))  # noqa: PTH116 - pathlib takes time to load
        with os.scandir(current) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_dir(follow_symlinks=False):
                    path = f"{inside}/{name}" if inside else name
                    if path in but:
                        continue
                    lines.append(f"{name}/")
                    if path not in found:
                        waiting.append((path, entry.path))
                elif inside or name not in but:
                    facts = entry.stat(follow_symlinks=False)
                    lines.append(f"{name} {facts.st_ino} {facts.st_size} {facts.st_mtime_ns} {facts.st_mode}")
        lines.sort()
        # No name holds a NUL. Half a surrogate pair in one has no UTF-8.
        found[inside] = hashlib.sha256("\0".join(lines).encode(errors="surrogateescape")).hexdigest()
    return Seen(found, marks)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(snapshot(sys.argv[1], but=sys.argv[2:])))
