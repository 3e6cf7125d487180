"""Small wheels, many of them: ten versions of each project, each with real metadata."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from typing import TYPE_CHECKING

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
    data = _wheel(name, version)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    path.write_bytes(data)
    os.utime(path, ns=(_WRITTEN, _WRITTEN))
    return {
        "filename": path.name,
        "project": name.replace("_", "-"),
        "version": version,
        "size": str(len(data)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _wheel(name: str, version: str) -> bytes:
    info = f"{name}-{version}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.8\nRequires-Dist: click\n"
    )
    holds = {
        f"{name}/__init__.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"{metadata}\nText.\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*holds, f"{info}/RECORD"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, text in {**holds, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)
    return out.getvalue()
