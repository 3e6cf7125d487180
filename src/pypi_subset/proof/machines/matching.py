"""Which of the interpreters that run here can stand for a target."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.proof.reference.recorded_markers import kind_of, stage_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    return not any(wrong for wrong, _ in _facts(target, interpreter))


def difference(target: Target, interpreters: Sequence[Interpreter]) -> str:
    """Return how the most similar of *interpreters* differs from *target*, as in ``glibc 2.36 here, 2.39 there``."""
    found = [[(wrong, said) for wrong, said in _facts(target, one)] for one in interpreters]
    firsts = [next((number for number, (wrong, _) in enumerate(one) if wrong), len(one)) for one in found]
    if not firsts or (best := max(firsts)) == len(found[firsts.index(best)]):
        return "none was found"
    return found[firsts.index(best)][best][1]


def _facts(target: Target, interpreter: Interpreter) -> Iterator[tuple[bool, str]]:
    """Yield for each fact about *interpreter* whether it contradicts *target*, and the words for that."""
    if target.host:
        here = interpreter.path == Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
        yield not here, "it is not the one that runs the tool"
        return
    yield interpreter.kind != kind_of(target), f"this machine is {interpreter.kind}, the target is {kind_of(target)}"
    yield interpreter.implementation != target.implementation, f"none is of the kind {target.implementation}"
    minor = ".".join(map(str, target.python[:2]))
    yield interpreter.version[:2] != target.python[:2], f"there is no Python {minor}"
    yield interpreter.abi not in target.abis, f"no Python {minor} has the ABI {target.abis[0]}"
    exact = ".".join(map(str, target.python))
    yield target.exact and interpreter.version != target.python, f"there is no Python {exact}"
    # A pre-release stands for itself alone: markers and ABI are those of no final release.
    stage = _stage(target.environment)
    yield stage != _stage(dict(interpreter.markers)), f"there is no Python {target.environment['python_full_version']}"
    yield not _system_fits(target, interpreter), _system_difference(target, interpreter)


def _system_difference(target: Target, interpreter: Interpreter) -> str:
    glibc = glibc_of(target)
    if glibc is not None and interpreter.glibc is not None:
        return f"glibc 2.{interpreter.glibc} here, 2.{glibc} there"
    return f"{target.platform} is another system than this one"


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
