"""An archive in the layout of python-build-standalone, with the interpreter of this run in the place of its own."""

from __future__ import annotations

import io
import platform
import sys
import tarfile

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
ARCHIVE = f"cpython-{VERSION}+20261110-{platform.machine()}-unknown-linux-gnu-install_only_stripped.tar.gz"
#: What CPython writes as its build ends (`sysconfig`).
_SETTINGS = (
    b"# system configuration generated and used by the sysconfig module\nbuild_time_vars = {\n    'CC': 'cc'\n}\n"
)


def stand_in() -> bytes:
    """Return an archive in the layout of the releases, whose interpreter is that of this run."""
    short = f"python{sys.version_info.major}.{sys.version_info.minor}"
    program = f'#!/bin/sh\nexec {getattr(sys, "_base_executable", sys.executable)} "$@"\n'.encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for folder in ("python", "python/bin", "python/lib", f"python/lib/{short}"):
            one = tarfile.TarInfo(folder)
            one.type, one.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(one)
        # uv corrects the paths in the second one.
        settings = f"python/lib/{short}/_sysconfigdata__linux_{platform.machine()}-linux-gnu.py"
        for path, data in {
            f"python/bin/{short}": program,
            settings: _SETTINGS,
        }.items():
            one = tarfile.TarInfo(path)
            one.size, one.mode = len(data), 0o755
            archive.addfile(one, io.BytesIO(data))
        for name in ("python", "python3"):
            one = tarfile.TarInfo(f"python/bin/{name}")
            one.type, one.linkname = tarfile.SYMTYPE, short
            archive.addfile(one)
    return stream.getvalue()
