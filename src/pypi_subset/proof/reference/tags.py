"""Whether a wheel may be for a target, read from the tag that the user wrote; no list that the tool made is asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pypi_subset.proof.reference.recorded_markers import machine_kind

if TYPE_CHECKING:
    from packaging.tags import Tag

    from pypi_subset.model.targets import Target


#: What the old names of manylinux mean (PEP 600).
_LEGACY = {"manylinux1": "manylinux_2_5", "manylinux2010": "manylinux_2_12", "manylinux2014": "manylinux_2_17"}
_VERSIONED = re.compile(
    r"(?P<family>manylinux|musllinux|macosx|ios|android)_(?P<major>\d+)(?:_(?P<minor>\d+))?_(?P<machine>[a-z]\w+)"
)
#: The first CPython for which one wheel may be for builds with the lock and without.
_BOTH = (3, 15, 0)
_PYTHON = re.compile(r"(?P<who>py|cp|pp)(?P<major>\d)(?P<minor>\d*)")
#: What a Mac runs besides wheels for its own processor alone.
_FAT = {"arm64": {"universal2"}, "x86_64": {"universal2", "universal", "intel", "fat64", "fat3"}}


def may_fit(target: Target, tag: Tag) -> bool:
    """
    Whether nothing in *tag* contradicts *target*: its Python, its ABI, its machine, and how old its system is.

    This is what a wrong line in `targets` could not get past; which wheel is the best is not asked here.
    """
    return _python_fits(target, tag) and _abi_fits(target, tag.abi) and _platform_fits(target, tag.platform)


def _python_fits(target: Target, tag: Tag) -> bool:
    """``py3`` and ``py39`` are for later ones too, ``cp39`` with the stable ABI alone (PEP 425, 384)."""
    found = _PYTHON.fullmatch(tag.interpreter)
    if not found or int(found["major"]) != target.python[0] or found["who"] not in {"py", target.implementation}:
        return False
    minor = int(found["minor"] or 0)
    stable = found["who"] == "py" or tag.abi in {"abi3", "abi3t"}
    return minor <= target.python[1] if stable else minor == target.python[1]


def _abi_fits(target: Target, abi: str) -> bool:
    """Without the lock, which is what ``t`` means, only ``abi3t`` is stable; from 3.15 on it is for both (PEP 803)."""
    own = target.abi
    if own.endswith("t") or (abi == "abi3t" and target.python >= _BOTH):
        return abi in {"none", own, "abi3t"}
    return abi in {"none", own, "abi3"}


def _platform_fits(target: Target, platform: str) -> bool:
    own = _spelt(target.platform)
    platform = _spelt(platform)
    if platform in {"any", own}:
        return True
    wanted, had = _VERSIONED.fullmatch(platform), _VERSIONED.fullmatch(own)
    if not wanted or not had:
        # A tag without a version speaks of the machine alone, as ``linux_x86_64`` does.
        return machine_kind(platform) == machine_kind(own)
    machines = {had["machine"]} | (_FAT.get(had["machine"], set()) if had["family"] == "macosx" else set())
    number, limit = (_number(match) for match in (wanted, had))
    return wanted["family"] == had["family"] and wanted["machine"] in machines and number <= limit


def _number(found: re.Match[str]) -> tuple[int, int]:
    """Return the system's version; from macOS 11 on the second number says nothing, and 10.16 is 11."""
    number = int(found["major"]), int(found["minor"] or 0)
    if found["family"] == "macosx" and number > (10, 15):
        return max(number[0], 11), 0
    return number


def _spelt(platform: str) -> str:
    old, _, machine = platform.partition("_")
    return f"{_LEGACY[old]}_{machine}" if old in _LEGACY else platform
