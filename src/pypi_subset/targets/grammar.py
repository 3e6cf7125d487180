"""The grammar of a target's tag: interpreter, ABI and platform (PEP 425)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pypi_subset.targets.platforms import Machine, machine_of

#: The first 3.N without the ``m`` of pymalloc in its ABI tag, and the first with a free-threaded build (PEP 703).
NO_PYMALLOC, FREE_THREADED = 8, 13

#: The first CPython 3.N that there was for a kind of machine (release notes; PEP 730, 738), and its tags.
FIRST_CPYTHON = {r"ios_.*": 13, r"android_.*": 13, r"win_arm64": 8, r"macosx_.*_arm64": 8}

#: The Pythons 3.N that a tag may name.
OLDEST_PYTHON, NEWEST_PYTHON = 6, 19
PYTHON = re.compile(r"(cp|pp)3([6-9]|1[0-9])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A tag, understood."""

    implementation: str
    minor: int
    abi: str
    platform: str
    machine: Machine

    @property
    def interpreter(self) -> str:
        """The Python tag: ``cp312``."""
        return f"{self.implementation}3{self.minor}"

    @property
    def tag(self) -> str:
        """The tag in full, the ABI included."""
        return f"{self.interpreter}-{self.abi}-{self.platform}"


def read_tag(tag: str) -> Reading | None:
    """Return what *tag* says, ``None`` if it is not written exactly as in a wheel's file name."""
    python, *rest = tag.split("-")
    match = PYTHON.fullmatch(python)
    if match is None or len(rest) not in {1, 2}:
        return None
    implementation, minor, machine = match[1], int(match[2]), machine_of(rest[-1])
    abi = rest[0] if len(rest) > 1 else _usual_abi(implementation, minor)
    if (
        machine is None
        or minor < first_cpython(implementation, rest[-1])
        or not re.fullmatch(_abis(implementation, minor), abi)
    ):
        return None
    return Reading(implementation=implementation, minor=minor, abi=abi, platform=rest[-1], machine=machine)


def first_cpython(implementation: str, platform: str) -> int:
    """Return the N of the first 3.N that was made for a platform; 0 if any may have been."""
    found = (minor for kind, minor in FIRST_CPYTHON.items() if re.fullmatch(kind, platform))
    return next(found, 0) if implementation == "cp" else 0


def _usual_abi(implementation: str, minor: int) -> str:
    """Return the ABI tag of an ordinary build (PEP 425)."""
    return f"pypy3{minor}_pp73" if implementation == "pp" else f"cp3{minor}m" if minor < NO_PYMALLOC else f"cp3{minor}"


def _abis(implementation: str, minor: int) -> str:
    free_threaded = "t?" if minor >= FREE_THREADED else ""
    return rf"pypy3{minor}_pp[0-9]+" if implementation == "pp" else _usual_abi("cp", minor) + free_threaded
