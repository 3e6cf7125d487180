"""
A machine in its own words: what ``describe_target.py`` printed there becomes a `Target`.

The description holds facts, and the tags follow from them as `packaging.tags.sys_tags` works on the machine itself. But
what counts there is pip, which may be older than a tag; so the list that pip itself gave wins wherever there is one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from packaging import tags as packaging_tags
from packaging.markers import default_environment
from packaging.tags import Tag
from packaging.version import InvalidVersion, Version

from pypi_subset.describe_target import KIND, SCHEMA
from pypi_subset.errors import TargetError
from pypi_subset.model import Target
from pypi_subset.targets import (
    FREE_THREADED,
    NO_PYMALLOC,
    flagged,
    glibc_names,
    musl_names,
    sorted_markers,
    tags_of,
    telling,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_Kind = TypeVar("_Kind")

#: The first pip that knows a platform tag (PEP 513, 571, 599, 600, 656; macOS 11 with universal2).
_FIRST_PIP = (
    (re.compile(r"manylinux1_\w+"), (8, 1)),
    (re.compile(r"manylinux2010_\w+"), (19, 0)),
    (re.compile(r"manylinux2014_\w+"), (19, 3)),
    (re.compile(r"manylinux_\w+"), (20, 3)),
    (re.compile(r"musllinux_\w+"), (21, 2)),
    (re.compile(r"macosx_(?:\w+_universal2|(?:1[1-9]|[2-9][0-9])_\w+)"), (20, 3)),
)
#: From here on pip's tags are those of packaging; before, there were no ``py3X-none-<platform>``.
_TAGS_OF_PACKAGING = (20, 0)
#: The first that lists ``abi3t`` (PEP 803).
_ABI3T = (26, 1)
#: Before it, pip named macOS 11 and its successors in its own way.
_MACOS_11 = (20, 3)
#: From here on what was built on the machine itself outranks what was built for many.
_LINUX_FIRST = (26, 3)
#: Systems whose tags packaging reads from the running machine in ways that no description holds.
_UNTOLD = ("Android", "Emscripten", "iOS")

#: Architectures whose name alone says that manylinux wheels run; with the other two the executable's header must say it.
_PLAIN_ARCHS = frozenset({"x86_64", "aarch64", "ppc64", "ppc64le", "s390x", "loongarch64", "riscv64"})
#: Class, byte order and machine in the header of an executable for 32 bits, and the flags of hard-float ARM (EABI 5).
_ELF_I686, _ELF_ARM = (1, 1, 3), (1, 1, 40)
_ARM_MASK, _ARM_HARD_FLOAT = 0xFF000400, 0x05000400

_AGAIN = "run describe_target.py there again"
_TAG = re.compile(r"[a-z0-9_.]+-[a-z0-9_.]+-[a-z0-9_.]+", re.ASCII | re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9_]+", re.ASCII)


def read_description(name: str, path: Path) -> Target:
    """
    Return the machine that the file *path* describes, with all eleven marker values and the tags that its pip sees.

    :param name: the target's name, for the result and for errors.
    :raises TargetError: the file cannot be read, is no description, or of a machine that pip's flags cannot express.
    """
    facts = _load(name, path)
    python, implementation = _python(facts), _implementation(facts)
    interpreter = f"{implementation}{python[0]}{python[1]}"
    pip, listed = _pip(facts)
    if listed:
        abis, platforms = flagged(interpreter, listed)
        if not abis:
            msg = f"its pip {pip} lists no tag for {interpreter}"
            raise facts.error(msg, next_step="upgrade pip there, and describe the machine again")
        tags = _as_listed(facts, listed, tags_of(implementation, python[:2], abis, platforms))
    else:
        abis = _abis(facts, implementation, python)
        platforms = tuple(one for one in _platforms(facts, pip) if _knows(pip, one))
        tags = tuple(tag for tag in tags_of(implementation, python[:2], abis, platforms) if _lists(pip, tag))
    unseen = _unseen(facts, pip, platforms)
    markers = {key: facts.fact(str, "markers", key) for key in default_environment()}
    return Target(
        name=name,
        tag=f"{interpreter}-{abis[0]}-{telling(platforms)}",
        implementation=implementation,
        python=python,
        abis=abis,
        platforms=platforms,
        tags=tags,
        markers=sorted_markers(markers),
        described=True,
        unseen=unseen,
        exact=True,
        notes=tuple(_notes(facts, pip, unseen, listed=bool(listed))),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Facts:
    """A description, and a way to each fact that tells which one is damaged."""

    target: str
    path: Path
    document: Mapping[str, Any]

    def fact(self, kind: type[_Kind], *keys: str) -> _Kind:
        """Return what stands at *keys*."""
        value = self.maybe(kind, *keys)
        if value is None:
            msg = f"{'.'.join(keys)} is missing"
            raise self.error(msg)
        return value

    def maybe(self, kind: type[_Kind], *keys: str) -> _Kind | None:
        """Return what stands at *keys*, ``None`` where the machine did not say."""
        value: Any = self.document
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        # To Python, true is a number.
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            msg = f"{'.'.join(keys)} is damaged"
            raise self.error(msg)
        return value

    def error(self, what: str, *, next_step: str = _AGAIN) -> TargetError:
        """Return an error that names the file."""
        return TargetError(f"{self.path}: {what}", target=self.target, next_step=next_step)


def _load(name: str, path: Path) -> _Facts:
    """Return the facts in a file; a shell of Windows may have written it as UTF-16, which `json` finds out."""
    facts = _Facts(target=name, path=path, document={})
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        step = "run there: python3 describe_target.py > lab.json, and lay that beside subset.toml"
        msg = "no such file"
        raise facts.error(msg, next_step=step) from None
    except OSError as error:
        raise facts.error(error.strerror or str(error), next_step="see that it is a readable file") from None
    except (ValueError, RecursionError) as error:
        msg = f"not JSON: {error}"
        raise facts.error(msg) from None
    if not isinstance(document, dict) or document.get("kind") != KIND:
        msg = "no description of a machine"
        raise facts.error(msg, next_step="name a file that describe_target.py printed")
    facts = _Facts(target=name, path=path, document=document)
    schema = facts.fact(int, "schema")
    if schema > SCHEMA:
        msg = f"schema {schema} is newer than this pypi-subset, which knows {SCHEMA}"
        raise facts.error(msg, next_step="upgrade pypi-subset, or use the describe_target.py that came with this one")
    if schema != SCHEMA:
        msg = f"unknown schema {schema}"
        raise facts.error(msg)
    return facts


def _python(facts: _Facts) -> tuple[int, int, int]:
    """Return the first three numbers of Python's version."""
    numbers = facts.fact(list, "version")[:3]
    if len(numbers) != 3 or not all(type(one) is int and one >= 0 for one in numbers):  # noqa: PLR2004 - X.Y.Z
        msg = "version is damaged"
        raise facts.error(msg)
    if numbers[0] != 3:  # noqa: PLR2004 - Python 3
        msg = f"Python {numbers[0]} has no place here"
        raise facts.error(msg, next_step="describe the machine with its python3")
    return numbers[0], numbers[1], numbers[2]


def _implementation(facts: _Facts) -> str:
    """Return how tags abbreviate the implementation (PEP 425)."""
    name = facts.fact(str, "implementation", "name")
    if not _WORD.fullmatch(name):
        msg = "implementation.name is damaged"
        raise facts.error(msg)
    return packaging_tags.INTERPRETER_SHORT_NAMES.get(name, name)


def _pip(facts: _Facts) -> tuple[Version | None, tuple[Tag, ...]]:
    """Return the version of the machine's pip, ``None`` where there is none, and the tags that it listed, if it did."""
    if facts.maybe(dict, "pip") is None:
        return None, ()
    version, tags = facts.fact(str, "pip", "version"), facts.maybe(list, "pip", "tags") or []
    if not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
        msg = "pip.tags is damaged"
        raise facts.error(msg)
    try:
        return Version(version), tuple(dict.fromkeys(Tag(*tag.split("-")) for tag in tags))
    except InvalidVersion:
        msg = "pip.version is damaged"
        raise facts.error(msg) from None


def _as_listed(facts: _Facts, listed: Sequence[Tag], derived: Sequence[Tag]) -> tuple[Tag, ...]:
    """
    Return the tags of *listed* that some pip can be made to look for: those that our pip *derived* from flags.

    With every pip since 20.0 they are all that it listed. An older one lists a name that no wheel has (``cp3-none-any``).
    It also lacks some that flags cannot leave out, as free-threaded Pythons lack ``abi3t`` with every pip before PEP 803:
    wheels with those alone never come before our pip (`Loopback.target_url`).
    """
    ours, theirs = frozenset(derived), frozenset(listed)
    tags = tuple(tag for tag in listed if tag in ours)
    beyond = next((tag for tag in listed if tag not in ours and (tag.abi, tag.platform) != ("none", "any")), None)
    if beyond or tags != tuple(tag for tag in derived if tag in theirs):
        msg = f"its pip ranks tags as no flags can tell ours{f', {beyond} for one' if beyond else ''}"
        raise facts.error(msg, next_step="upgrade pip there, and describe the machine again")
    return tags


def _unseen(facts: _Facts, pip: Version | None, platforms: Sequence[str]) -> tuple[str, ...]:
    """Return the platforms that the newest pip would see there, and the machine's own does not."""
    newest = () if _untold(facts) else _platforms(facts, None)
    return tuple(one for one in newest if one not in platforms and not _knows(pip, one))


def _notes(facts: _Facts, pip: Version | None, unseen: Sequence[str], *, listed: bool) -> Iterator[str]:
    """Yield what the user should hear: where the tags are from if not from pip, and what its pip is too old for."""
    if pip is None:
        yield f"{facts.path}: there is no pip; the tags are those that a new one would list"
    elif not listed:
        yield f"{facts.path}: pip {pip} did not list its tags; they follow from its version"
    if unseen:
        more = f" and {len(unseen) - 1} more platforms" if len(unseen) > 1 else ""
        what = f"pip {pip} is too old for {unseen[0]}{more}: wheels for them alone are left out"
        yield f"{facts.path}: {what}; upgrade pip there, and describe the machine again"


def _knows(pip: Version | None, platform: str) -> bool:
    """Whether that pip is new enough for a platform tag."""
    return all(pip is None or pip.release >= first for name, first in _FIRST_PIP if name.fullmatch(platform))


def _lists(pip: Version | None, tag: Tag) -> bool:
    """Whether that pip is new enough for a kind of tag, its platform aside."""
    specific = re.fullmatch(r"py3[0-9]+", tag.interpreter) and tag.platform != "any"
    first = _ABI3T if tag.abi == "abi3t" else _TAGS_OF_PACKAGING if specific else (0,)
    return pip is None or pip.release >= first


def _abis(facts: _Facts, implementation: str, python: tuple[int, int, int]) -> tuple[str, ...]:
    """Return the ABIs that the interpreter loads, best first, the stable one aside (PEP 425, 703)."""
    suffix = (facts.maybe(str, "config", "EXT_SUFFIX") or "").split(".")
    if implementation == "cp":
        return _cpython_abis(facts, python)
    # Such as .pypy311-pp73-x86_64-linux-gnu.so, whose platform is no part of the ABI.
    length = {"graalpy": 3, "pypy": 2}.get(re.split("[-0-9]", suffix[1])[0] if len(suffix) > 1 else "", 1)
    abi = "_".join(suffix[1].split("-")[:length]) if len(suffix) > 1 else ""
    if not _WORD.fullmatch(abi):
        msg = f"config.EXT_SUFFIX does not tell the ABI of {implementation}"
        raise facts.error(msg)
    return (abi,)


def _cpython_abis(facts: _Facts, python: tuple[int, int, int]) -> tuple[str, ...]:
    """Return the ABIs of a CPython; a debug build loads ordinary extension modules too, from 3.8 on."""
    set_by = facts.maybe(int, "config", "Py_DEBUG")
    seems = bool(facts.maybe(bool, "counts_references")) or "_d.pyd" in facts.fact(list, "extension_suffixes")
    debug = seems if set_by is None else bool(set_by)
    threads = python[1] >= FREE_THREADED and bool(facts.maybe(int, "config", "Py_GIL_DISABLED"))
    plain = f"cp{python[0]}{python[1]}{'t' * threads}"
    if python[1] < NO_PYMALLOC:
        pymalloc = facts.maybe(int, "config", "WITH_PYMALLOC")
        return (f"{plain}{'d' * debug}{'m' * (pymalloc is None or bool(pymalloc))}",)
    return (f"{plain}d", plain) if debug else (plain,)


def _untold(facts: _Facts) -> bool:
    return facts.fact(str, "markers", "platform_system") in _UNTOLD


def _platforms(facts: _Facts, pip: Version | None) -> tuple[str, ...]:
    """Return every platform tag that the machine accepts, in the order of that pip, new or old."""
    system, platform = facts.fact(str, "markers", "platform_system"), facts.fact(str, "platform")
    platform = re.sub(r"[-. ]", "_", platform)
    if not _WORD.fullmatch(platform.lower()):
        msg = "platform is damaged"
        raise facts.error(msg)
    if _untold(facts):
        msg = f"the tags of {system} are known to its own pip alone, which did not list them"
        raise facts.error(msg, next_step="install a newer pip there, and describe the machine again")
    if system == "Darwin":
        return _mac_platforms(facts, pip)
    if system == "Linux" and platform.startswith("linux_"):
        return _linux_platforms(facts, platform.removeprefix("linux_"), pip)
    return (platform,)


def _mac_platforms(facts: _Facts, pip: Version | None) -> tuple[str, ...]:
    """Return the platforms of a Mac; a 32-bit Python is of the smaller architecture."""
    version, machine = facts.fact(str, "macos", "version"), facts.fact(str, "macos", "machine")
    match = re.match(r"([0-9]+)\.([0-9]+)", version)
    if not match or not _WORD.fullmatch(machine):
        msg = "macos is damaged"
        raise facts.error(msg)
    if facts.fact(int, "bits") == 32:  # noqa: PLR2004 - bits
        machine = "ppc" if machine.startswith("ppc") else "i386"
    system = int(match[1]), int(match[2])
    if system >= (11, 0) and pip is not None and pip.release < _MACOS_11:
        msg = f"pip {pip} names macOS {version} in a way of its own"
        raise facts.error(msg, next_step="upgrade pip there, and describe the machine again")
    return tuple(packaging_tags.mac_platforms(system, machine))


def _linux_platforms(facts: _Facts, arch: str, pip: Version | None) -> tuple[str, ...]:
    """Return the platforms of a Linux machine; a 32-bit Python on a 64-bit kernel is of the smaller architecture."""
    if facts.fact(int, "bits") == 32:  # noqa: PLR2004 - bits
        arch = {"x86_64": "i686", "aarch64": "armv8l"}.get(arch, arch)
    archs = ("armv8l", "armv7l") if arch == "armv8l" else (arch,)
    family, version = facts.maybe(str, "libc", "family"), facts.maybe(str, "libc", "version") or ""
    match = re.match(r"([0-9]+)\.([0-9]+)", version)
    if family is not None and not match:
        msg = "libc.version is damaged"
        raise facts.error(msg)
    major, minor = (int(match[1]), int(match[2])) if match else (0, 0)
    many: list[str] = []
    if (family, major) == ("glibc", 2) and _runs_manylinux(facts, archs):
        many = [f"{one}_{arch}" for arch in archs for one in _manylinux(facts, arch, minor, archs)]
    elif (family, major) == ("musl", 1):
        many = [f"{one}_{arch}" for arch in archs for one in musl_names(minor)]
    native = [f"linux_{arch}" for arch in archs]
    return tuple(chain(native, many) if pip is None or pip.release >= _LINUX_FIRST else chain(many, native))


def _runs_manylinux(facts: _Facts, archs: Sequence[str]) -> bool:
    """Whether the interpreter has the ABI of manylinux wheels: ARM must be hard-float, i686 really 32 bits (PEP 600)."""
    if not {"armv7l", "i686"} & {*archs}:
        return not _PLAIN_ARCHS.isdisjoint(archs)
    elf = facts.maybe(dict, "elf") or {}
    header = (elf.get("class"), elf.get("data"), elf.get("machine"))
    if "armv7l" in archs:
        return header == _ELF_ARM and facts.fact(int, "elf", "flags") & _ARM_MASK == _ARM_HARD_FLOAT
    return header == _ELF_I686


def _manylinux(facts: _Facts, arch: str, newest: int, archs: Sequence[str]) -> Iterator[str]:
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
