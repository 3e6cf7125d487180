"""The platforms of a machine that described itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from packaging import tags as packaging_tags

from pypi_subset.errors import TargetError
from pypi_subset.targets.pips.versions import names_macos, puts_linux_first
from pypi_subset.targets.platforms import glibc_names, musl_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.version import Version

_Kind = TypeVar("_Kind")
#: Systems whose tags packaging reads from the running machine in ways that no description holds.
_UNTOLD = ("Android", "Emscripten", "iOS")

#: Architectures whose name alone says that manylinux wheels run; with the other two the executable's header must say it.
_PLAIN_ARCHS = frozenset({"x86_64", "aarch64", "ppc64", "ppc64le", "s390x", "loongarch64", "riscv64"})
#: Class, byte order and machine in the header of an executable for 32 bits, and the flags of hard-float ARM (EABI 5).
_ELF_I686, _ELF_ARM = (1, 1, 3), (1, 1, 40)
_ARM_MASK, _ARM_HARD_FLOAT = 0xFF000400, 0x05000400

_AGAIN = "run describe_target.py there again"
UPGRADE_PIP = "upgrade pip there, and describe the machine again"
WORD = re.compile(r"[a-z0-9_]+", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """A description; the error for a damaged fact names the fact."""

    target: str
    path: Path
    document: Mapping[str, Any]

    def fact(self, kind: type[_Kind], *keys: str) -> _Kind:
        """Return what stands at *keys*."""
        value = self.maybe(kind, *keys)
        if value is None:
            self.fail(f"{'.'.join(keys)} is missing")
        return value

    def maybe(self, kind: type[_Kind], *keys: str) -> _Kind | None:
        """Return what stands at *keys*, ``None`` where the machine did not say."""
        value: Any = self.document
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        # To Python, true is a number.
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            self.fail(f"{'.'.join(keys)} is damaged")
        return value

    def fail(self, what: str, *, next_step: str = _AGAIN) -> NoReturn:
        """Raise a `TargetError` that names the file."""
        msg = f"{self.path}: {what}"
        raise TargetError(msg, target=self.target, next_step=next_step)


def untold(facts: Facts) -> bool:
    """Return whether the machine did not say which system it has."""
    return facts.fact(str, "markers", "platform_system") in _UNTOLD


def platforms_of(facts: Facts, pip: Version | None) -> tuple[str, ...]:
    """Return every platform tag that the machine accepts, in the order of that pip, new or old."""
    system, platform = facts.fact(str, "markers", "platform_system"), facts.fact(str, "platform")
    platform = re.sub(r"[-. ]", "_", platform)
    if not WORD.fullmatch(platform.lower()):
        facts.fail("platform is damaged")
    if untold(facts):
        what = f"the tags of {system} are known to its own pip alone, which did not list them"
        facts.fail(what, next_step="install a newer pip there, and describe the machine again")
    if system == "Darwin":
        return _mac_platforms(facts, pip)
    if system == "Linux" and platform.startswith("linux_"):
        return _linux_platforms(facts, platform.removeprefix("linux_"), pip)
    return (platform,)


def _mac_platforms(facts: Facts, pip: Version | None) -> tuple[str, ...]:
    """Return the platforms of a Mac; a 32-bit Python is of the smaller architecture."""
    version, machine = facts.fact(str, "macos", "version"), facts.fact(str, "macos", "machine")
    match = re.match(r"([0-9]+)\.([0-9]+)", version)
    if not match or not WORD.fullmatch(machine):
        facts.fail("macos is damaged")
    if facts.fact(int, "bits") == 32:  # noqa: PLR2004 - bits
        machine = "ppc" if machine.startswith("ppc") else "i386"
    system = int(match[1]), int(match[2])
    if not names_macos(pip, system):
        facts.fail(f"pip {pip} names macOS {version} in a way of its own", next_step=UPGRADE_PIP)
    return tuple(packaging_tags.mac_platforms(system, machine))


def _linux_platforms(facts: Facts, arch: str, pip: Version | None) -> tuple[str, ...]:
    """Return the platforms of a Linux machine; a 32-bit Python on a 64-bit kernel is of the smaller architecture."""
    if facts.fact(int, "bits") == 32:  # noqa: PLR2004 - bits
        arch = {"x86_64": "i686", "aarch64": "armv8l"}.get(arch, arch)
    archs = ("armv8l", "armv7l") if arch == "armv8l" else (arch,)
    family, version = facts.maybe(str, "libc", "family"), facts.maybe(str, "libc", "version") or ""
    match = re.match(r"([0-9]+)\.([0-9]+)", version)
    if family is not None and not match:
        facts.fail("libc.version is damaged")
    major, minor = (int(match[1]), int(match[2])) if match else (0, 0)
    many: list[str] = []
    if (family, major) == ("glibc", 2) and _runs_manylinux(facts, archs):
        many = [f"{one}_{arch}" for arch in archs for one in _manylinux(facts, arch, minor, archs)]
    elif (family, major) == ("musl", 1):
        many = [f"{one}_{arch}" for arch in archs for one in musl_names(minor)]
    native = [f"linux_{arch}" for arch in archs]
    return tuple(chain(native, many) if puts_linux_first(pip) else chain(many, native))


def _runs_manylinux(facts: Facts, archs: Sequence[str]) -> bool:
    """Whether the interpreter has the ABI of manylinux wheels: ARM must be hard-float, i686 really 32 bits (PEP 600)."""
    if not {"armv7l", "i686"} & {*archs}:
        return not _PLAIN_ARCHS.isdisjoint(archs)
    elf = facts.maybe(dict, "elf") or {}
    header = (elf.get("class"), elf.get("data"), elf.get("machine"))
    if "armv7l" in archs:
        return header == _ELF_ARM and facts.fact(int, "elf", "flags") & _ARM_MASK == _ARM_HARD_FLOAT
    return header == _ELF_I686


def _manylinux(facts: Facts, arch: str, newest: int, archs: Sequence[str]) -> Iterator[str]:
    """Yield the names of all versions of glibc that the machine accepts, as its ``_manylinux`` module may limit them."""
    module = facts.maybe(dict, "manylinux")
    for minor, names in glibc_names(newest, archs):
        if module is None:
            answer = None
        elif "manylinux_compatible" in module:
            answer = facts.maybe(bool, "manylinux", "manylinux_compatible", f"2_{minor}_{arch}")
        else:
            answer = facts.maybe(bool, "manylinux", f"{names[-1]}_compatible")
        if answer is not False:
            yield from names
