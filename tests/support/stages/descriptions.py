"""Descriptions of machines, as ``describe_target.py`` prints them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from packaging.markers import default_environment

from pypi_subset.standalone import describe_target
from tests.support.sites.workspace import AMBIENT

SCRIPT = Path(describe_target.__file__)


#: As it was before a test set up its own, without what would configure a pip.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.upper().startswith(AMBIENT) and not name.lower().endswith("_proxy")
} | {"PIP_CONFIG_FILE": os.devnull}


def describe(python: Path, file: Path, **variables: str) -> Path:
    """Return *file*, into which the description of *python* was printed."""
    command = [python, SCRIPT]
    done = subprocess.run(command, capture_output=True, check=True, env=ENVIRONMENT | variables)
    assert done.stderr == b""
    file.write_bytes(done.stdout)
    return file


def facts(**changes: object) -> dict[str, Any]:
    """Return the description of a CPython 3.12 on Linux with glibc 2.28 and no pip, with *changes*."""
    document: dict[str, Any] = {
        "kind": "pypi-subset target",
        "schema": 1,
        "markers": dict(default_environment()),
        "version": [3, 12, 4, "final", 0],
        "implementation": {"name": "cpython"},
        "config": {"EXT_SUFFIX": ".cpython-312-x86_64-linux-gnu.so", "Py_DEBUG": 0, "WITH_PYMALLOC": 1},
        "extension_suffixes": [".cpython-312-x86_64-linux-gnu.so", ".abi3.so", ".so"],
        "counts_references": False,
        "platform": "linux-x86_64",
        "bits": 64,
        "elf": {"class": 2, "data": 1, "machine": 62, "flags": 0},
        "libc": {"family": "glibc", "version": "2.28"},
        "manylinux": None,
        "macos": None,
        "pip": None,
    }
    document["markers"]["platform_system"] = changes.pop("system", "Linux")
    return document | changes


def write(folder: Path, document: object) -> Path:
    """Return the path of a file that holds *document*."""
    file = folder / "lab.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file
