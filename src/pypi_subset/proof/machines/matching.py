"""Which of the interpreters that run here can stand for a target."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.proof.reference.recorded_markers import kind_of, stage_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.model.targets import Target
    from pypi_subset.proof.machines.interpreters import Interpreter


_GLIBC = re.compile(r"manylinux_2_(\d+)_")
_MACOS = re.compile(r"macosx_(\d+)_(\d+)_")


def fitting(target: Target, interpreters: Sequence[Interpreter]) -> Interpreter | None:
    """Return the interpreter that can stand for *target*, the newest patch level if several can, or ``None``."""
    fit = [one for one in interpreters if fits(target, one)]
    return max(fit, key=lambda one: (one.version == target.python, one.version), default=None)


def fits(target: Target, interpreter: Interpreter) -> bool:
    """
    Whether *interpreter* is what *target* describes, or can be held to it (`held.hold`).

    Same implementation, minor version, ABI and machine, and the patch level if the target names one. A newer glibc can
    be held to an older one (PEP 600); a newer macOS or musl cannot, so there nothing but the same will do.
    """
    if target.host:
        return interpreter.path == Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    same = (
        interpreter.implementation == target.implementation
        and interpreter.version[:2] == target.python[:2]
        and interpreter.abi in target.abis
        and interpreter.kind == kind_of(target)
    )
    patch = not target.exact or interpreter.version == target.python
    # A pre-release stands for itself alone: markers and ABI are those of no final release.
    stage = _stage(target.environment) == _stage(dict(interpreter.markers))
    return same and patch and stage and _system_fits(target, interpreter)


def _stage(markers: Mapping[str, str]) -> str:
    return stage_of(markers["python_full_version"])


def glibc_of(target: Target) -> int | None:
    """Return N of the glibc 2.N that *target* has, ``None`` if it has another C library or none."""
    found = [int(match[1]) for match in map(_GLIBC.match, target.platforms) if match]
    return max(found, default=None)


def _system_fits(target: Target, interpreter: Interpreter) -> bool:
    platform = target.platform
    if platform.startswith("manylinux"):
        glibc = glibc_of(target)
        return glibc is not None and interpreter.glibc is not None and interpreter.glibc >= glibc
    if macos := _MACOS.match(platform):
        # From macOS 11 on the second number does not count in tags.
        wanted, had = (int(macos[1]), int(macos[2])), interpreter.macos or (0, 0)
        return wanted == had if wanted < (11, 0) else wanted[0] == had[0]
    return platform.startswith("win")
