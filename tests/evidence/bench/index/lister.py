"""
What whoever uses dumb-pypi has to write himself: hashes and metadata of all wheels of a directory, one JSON object a line.

Run as ``python -I tests/evidence/bench/index/lister.py FOLDER LIST``.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path


def main(folder: str, listed: str) -> None:
    """Write down all wheels of *folder*."""
    with Path(listed).open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(described(path)) + "\n" for path in sorted(Path(folder).glob("*.whl")))


def described(path: Path) -> dict[str, object]:
    """Return what dumb-pypi takes about the wheel at *path*; each file is read once."""
    data = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        metadata = wheel.read(next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")))
    head = metadata.partition(b"\n\n")[0].decode().splitlines()
    pythons = [line.partition(":")[2].strip() for line in head if line.startswith("Requires-Python:")]
    return {
        "filename": path.name,
        "hash": f"sha256={hashlib.sha256(data).hexdigest()}",
        "requires_python": pythons[0] if pythons else None,
        "core_metadata": f"sha256={hashlib.sha256(metadata).hexdigest()}",
        "upload_timestamp": 1_700_000_000,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
