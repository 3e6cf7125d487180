"""Small wheels, many of them: ten versions of each project, each with real metadata."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

#: Wheels of each project.
VERSIONS = 10

#: Nanoseconds: when all were written, long enough ago that nobody takes them for files that may still change.
_WRITTEN = 1_700_000_000_123_456_789


def make(folder: Path, *, count: int) -> list[dict[str, str]]:
    """Return what a lock says of each of *count* wheels, which lie in *folder* now."""
    folder.mkdir(parents=True)
    return [make_one(folder, *divmod(number, VERSIONS)) for number in range(count)]


def make_one(folder: Path, project: int, minor: int) -> dict[str, str]:
    """Return what a lock says of version 1.*minor* of a project, which lies in *folder* now."""
    name, version = f"project_{project:05d}", f"1.{minor}"
    wheel = make_wheel(name, version, requires_python=">=3.8", requires=["click"])
    path = wheel.save(folder)
    os.utime(path, ns=(_WRITTEN, _WRITTEN))
    return {
        "filename": path.name,
        "project": name.replace("_", "-"),
        "version": version,
        "size": str(len(wheel.data)),
        "sha256": wheel.sha256,
    }
