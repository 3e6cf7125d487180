"""Digests by which something is known again: of values, and of directories without reading a file."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


def digest_of(value: object) -> str:
    """SHA-256, in hexadecimal, of *value* written as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def snapshot(
    folder: str | Path, *, but: Collection[str] = (), known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """
    Return a digest of *folder* and of each directory below it, by path, itself ``""``; nothing where there is none.

    Each covers the names in the directory, and inode, size, modification time and mode of each file. Symbolic links are not
    followed.

    :param but: paths that are left out, with all that is below them.
    :param known: digests of directories that need not be looked at, nor anything below them.
    :raises OSError: it cannot be read.
    """
    found = dict(known or {})
    waiting = [("", os.fspath(folder))] if os.path.isdir(folder) else []  # noqa: PTH112 - a string
    while waiting:
        inside, current = waiting.pop()
        lines = []
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
    return found
