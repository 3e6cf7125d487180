"""Systems by names that people know: ``rhel8``, ``debian-12``, ``windows-11-arm64``; ``systems.toml`` has the facts."""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from pypi_subset.errors import TargetError
from pypi_subset.support.resources import shipped
from pypi_subset.targets.grammar import NEWEST_PYTHON, OLDEST_PYTHON
from pypi_subset.targets.suggest import nearest_versions
from pypi_subset.targets.tag import parse

#: How people write architectures, and how the system itself does; Windows has words of its own.
_SPELLINGS = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64", "i386": "i686", "x86": "i686", "armhf": "armv7l"}
_SPELLINGS |= {"ppc64el": "ppc64le", "loong64": "loongarch64"}
_WINDOWS = {"arm": "arm64", "x86_64": "amd64", "x64": "amd64", "aarch64": "arm64", "i686": "x86", "win32": "x86"}
_MAC = {"aarch64": "arm64", "amd64": "x86_64", "x64": "x86_64", "intel": "x86_64"}

#: How the platform tag of a system begins, by its C library.
_PREFIXES = {"glibc": "manylinux", "musl": "musllinux"}

#: ``3.12``, ``3.12.4``, ``3.15.0rc1``, ``3.13t``, ``pypy3.10``.
_PYTHON = re.compile(
    r"(?P<pypy>pypy)?(?P<version>3\.(?P<minor>[0-9]{1,2})(?:\.[0-9]+(?:(?:a|b|rc)[0-9]+)?)?)(?P<threads>t)?"
)
#: A version of Python 1, 2 or 4 and later.
_UNSUPPORTED = re.compile(r"(?:pypy)?(?!3\.)[0-9]+\.[0-9]+(?:\.[0-9]+)?t?")
#: Words for kinds of systems, and what is suggested for these and for a word that is like no name.
_KINDS, _COMMON = frozenset({"linux", "unix", "posix", "gnu"}), ("debian-12", "rhel-9", "windows-11", "macos-14")
#: Days after which the facts of a family are compared with their sources again.
_REVIEW = dt.timedelta(days=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """
    One release of one family of systems.

    :param name: as it is listed, e.g. ``debian-12``.
    :param platform: its platform tag, ``{arch}`` standing for the architecture.
    :param arches: the architectures that it runs on; the first is meant where none is named.
    :param python: ``3.11``, the system's own; ``""`` if it brings none.
    :param pip: ``23.0.1``, the version that its packages bring for its own Python; ``""`` if that is not certain.
    :param spellings: the names that mean it, all in small letters.
    """

    name: str
    platform: str
    arches: tuple[str, ...]
    python: str
    pip: str
    spellings: frozenset[str]

    def platform_of(self, arch: str) -> str:
        """Return the platform tag on one architecture."""
        return "win32" if (self.platform, arch) == ("win_{arch}", "x86") else self.platform.format(arch=arch)


@functools.cache
def systems() -> tuple[System, ...]:
    """Return every system that has a name, in the order of ``systems.toml``."""
    return tuple(_system(name, table, *one) for name, table in _families().items() for one in table["releases"].items())


def overdue(day: dt.date) -> tuple[str, ...]:
    """Return the families of ``systems.toml`` whose facts were reviewed more than a year before *day*."""
    return tuple(name for name, table in _families().items() if day - table["reviewed"] > _REVIEW)


@functools.cache
def _families() -> dict[str, Any]:
    return tomllib.loads(shipped("systems.toml").decode())


def expanded(system: System) -> str:
    """Return the platforms of the wheels that *system* takes, from the best to the last: ``manylinux_2_28 … manylinux1``."""
    arch = system.arches[0]
    minor = system.python.removeprefix("3.") or "12"
    platforms = parse(system.name, f"cp3{minor}-{system.platform_of(arch)}").platforms
    own = [platform for platform in platforms if not platform.startswith("linux_")]
    return own[0] if len(own) == 1 else f"{own[0]} … {own[-1]}"


def is_named(word: str) -> bool:
    """Whether *word* is the name of a system, perhaps with an architecture."""
    return _find(word) is not None


def canonical(word: str) -> str:
    """Return the system that *word* names as it is listed, with the architecture if it is not the first; *word* if none."""
    found = _find(word)
    if found is None:
        return word
    system, arch = found
    return system.name if arch == system.arches[0] else f"{system.name}-{arch}"


def tag_of(name: str, on: str, python: str | None = None) -> tuple[str, str | None]:
    """
    Return the tag that *on* stands for, and the Python version as `targets.parse` takes it.

    :param name: the target's name, for errors.
    :param on: ``<system>[-<architecture>]``, e.g. ``ubuntu-22.04-aarch64``.
    :param python: ``3.12``, ``3.12.4``, ``3.15.0rc1``, ``3.13t`` (free-threaded) or ``pypy3.10``; ``None`` is the
        system's own.
    :raises TargetError: there is no such system, architecture or Python; ``nearest`` holds names that would be good.
    """
    found = _find(on)
    if found is None:
        names = [one.name for one in systems()]
        near = _whole(_plain(on)) or difflib.get_close_matches(_plain(on), names, n=3, cutoff=0.5)
        msg = f"there is no system {on!r}"
        near = near if near and _plain(on) not in _KINDS else [*_COMMON]
        raise TargetError(msg, nearest=near, target=name, next_step="`pypi-subset targets` lists all")
    system, arch = found
    if arch not in system.arches:
        msg = f"{system.name} does not run on {arch!r}"
        raise TargetError(msg, nearest=[f"{system.name}-{one}" for one in system.arches], target=name)
    if python is None and not system.python:
        msg = f"{system.name} brings no Python of its own, so the version must be named"
        raise TargetError(msg, target=name, next_step='add python = "3.12", say')
    match = _PYTHON.fullmatch(python or system.python)
    if match is None and _UNSUPPORTED.fullmatch(python or ""):
        raise _unsupported(python or "", name)
    if match is None:
        msg = f"{python!r} is no Python version such as '3.12'"
        versions = nearest_versions(python or "", "3.12", "3.12.4", "3.13t", "pypy3.10")
        raise TargetError(msg, nearest=versions, target=name)
    if not OLDEST_PYTHON <= int(match["minor"]) <= NEWEST_PYTHON or match["minor"] != str(int(match["minor"])):
        raise _unsupported(python or "", name)
    interpreter = f"{'pp' if match['pypy'] else 'cp'}3{match['minor']}"
    abi = f"-{interpreter}t" if match["threads"] else ""
    # X.Y alone leaves the patch level open.
    full = match["version"] if match["version"].count(".") > 1 else None
    return f"{interpreter}{abi}-{system.platform_of(arch)}", full


def pip_of(on: str, python: str | None = None) -> str:
    """
    Return the version of the pip that a system brings; ``""`` if it is not certain, or for another Python than its own.

    :param on: as `tag_of` takes it.
    :param python: likewise.
    """
    found, match = _find(on), _PYTHON.fullmatch(python or "")
    if found is None or (python is not None and (match is None or match["pypy"] or match["threads"])):
        return ""
    system, _ = found
    return system.pip if match is None or system.python == f"3.{match['minor']}" else ""


def _unsupported(python: str, name: str) -> TargetError:
    msg = f"Python {python!r} is not supported"
    return TargetError(msg, target=name, next_step=f"write one from 3.{OLDEST_PYTHON} to 3.{NEWEST_PYTHON}")


def _system(family: str, table: dict[str, Any], release: str, facts: tuple[str, int]) -> System:
    (version, minor), names = facts, [family, *table.get("aliases", ())]
    codenames = [name for name, number in table.get("codenames", {}).items() if number == release]
    later = [arch for arch, releases in table.get("later", {}).items() if release in releases]
    if "libc" in table:
        platform = f"{_PREFIXES[table['libc']]}_{version.replace('.', '_')}_{{arch}}"
    else:
        platform = table["platform"].replace("{release}", version)
    named = (f"{one}{dash}{name}" for one in names for dash in ("-", "") for name in (release, *codenames))
    return System(
        name=f"{family}-{release}",
        platform=platform,
        arches=(*table["arches"], *later),
        python=f"3.{minor}" if minor else "",
        pip=table.get("pips", {}).get(release, ""),
        spellings=frozenset((*codenames, *named)),
    )


def _find(word: str) -> tuple[System, str] | None:
    """The system that *word* names, and the architecture, written as that system does."""
    plain = _plain(word)
    for system in systems():
        if plain in system.spellings:
            return system, system.arches[0]
        for spelling in system.spellings:
            if plain.startswith(f"{spelling}-"):
                arch = plain.removeprefix(f"{spelling}-")
                return system, _words(system).get(arch, arch)
    return None


def _whole(plain: str) -> list[str]:
    """The release to which a point release belongs: ``rhel-8`` for ``rhel-8.10``, whose wheels are the same."""
    match = re.fullmatch(r"([a-z-]*?-?[0-9]+)[.][0-9.]+(-.*)?", plain)
    found = _find(match[1] + (match[2] or "")) if match else None
    return [found[0].name + (match[2] or "")] if match and found else []


def _words(system: System) -> dict[str, str]:
    return _WINDOWS if system.platform.startswith("win") else _MAC if system.platform.startswith("mac") else _SPELLINGS


def _plain(word: str) -> str:
    return re.sub(r"[\s_]+", "-", word.strip().lower()).replace("x86-64", "x86_64")
