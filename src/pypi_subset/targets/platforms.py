"""Platform tags: which a machine accepts, best first (PEP 513, 571, 599, 600, 656, 730, 738, 783)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from packaging import tags as packaging_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

#: ``os_name``, ``sys_platform`` and ``platform_system`` of each system (dependency specifiers, "environment markers").
SYSTEMS = {
    "linux": ("posix", "linux", "Linux"),
    "macos": ("posix", "darwin", "Darwin"),
    "windows": ("nt", "win32", "Windows"),
    # An iPad says "iPadOS" (PEP 730), which no tag states.
    "ios": ("posix", "ios", None),
    "android": ("posix", "android", "Android"),
    "emscripten": ("posix", "emscripten", "Emscripten"),
}
#: ``platform_machine``, written as the system itself spells it; on Linux and macOS the tag's last part is the same word.
LINUX_MACHINES = ("x86_64", "aarch64", "i686", "armv7l", "ppc64le", "s390x", "riscv64", "loongarch64")
MAC_MACHINES = ("arm64", "x86_64")
WINDOWS_MACHINES = {"win_amd64": "AMD64", "win32": "x86", "win_arm64": "ARM64"}
#: By the end of the tag. An iPhone says its model (PEP 730), and a 32-bit ARM may be an armv7l or an armv8l.
IOS_MACHINES = {"arm64_iphoneos": None, "arm64_iphonesimulator": "arm64", "x86_64_iphonesimulator": "x86_64"}
ANDROID_MACHINES = {"arm64_v8a": "aarch64", "x86_64": "x86_64", "x86": "i686", "armeabi_v7a": None}
#: A Python of 32 bits on a system of 64 says what the system is, on Linux with ``linux32`` aside.
WIDER_MACHINES = {"x86": ("AMD64", "ARM64"), "i686": ("x86_64",), "armv7l": ("aarch64", "armv8l")}

#: The second name of three glibc versions (PEP 513, 571, 599).
LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
#: The oldest glibc 2.N that has tags at all (PEP 600), with the architectures that go further back.
OLDEST_GLIBC, OLDEST_GLIBC_OF = 17, {"x86_64": 5, "i686": 5}
#: A greater number is a typing error; raise these about once in a decade.
NEWEST_GLIBC, NEWEST_MACOS, NEWEST_IOS, NEWEST_ANDROID = 50, 39, 39, 60
#: The oldest iOS that has tags (PEP 730), and the oldest API level of Android (PEP 738).
OLDEST_IOS, OLDEST_ANDROID = 12, 16
#: Apple went from 15 straight to 26.
NO_MACOS = range(16, 26)


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What a platform tag states: a key of `SYSTEMS`, ``platform_machine`` if it is known, every platform tag, best first."""

    system: str
    name: str | None
    platforms: tuple[str, ...]


def machine_of(platform: str) -> Machine | None:
    """Return the machine that *platform* describes, with every platform tag that it accepts."""
    matches = ((read, pattern.fullmatch(platform)) for pattern, read in _READERS)
    return next((read(match) for read, match in matches if match), None)


def glibc_names(newest: int, archs: Collection[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each N of the glibc versions 2.N that a wheel for *archs* may ask for, newest first, with its names."""
    oldest = min(OLDEST_GLIBC_OF.get(arch, OLDEST_GLIBC) for arch in archs)
    for minor in range(newest, oldest - 1, -1):
        yield minor, (f"manylinux_2_{minor}", *filter(None, [LEGACY.get(minor)]))


def musl_names(newest: int) -> Iterator[str]:
    """Yield the names of musl 1.N and of all older ones, newest first (PEP 656)."""
    return (f"musllinux_1_{minor}" for minor in range(newest, -1, -1))


def _windows_machine(match: re.Match[str]) -> Machine:
    return Machine(system="windows", name=WINDOWS_MACHINES[match[0]], platforms=(match[0],))


def _glibc_machine(match: re.Match[str]) -> Machine | None:
    minor, legacy, arch = match.groups()
    newest = int(minor) if minor else next(one for one, name in LEGACY.items() if name == legacy)
    if not OLDEST_GLIBC_OF.get(arch, OLDEST_GLIBC) <= newest <= NEWEST_GLIBC:
        return None
    return _linux(arch, chain.from_iterable(names for _, names in glibc_names(newest, (arch,))))


def _musl_machine(match: re.Match[str]) -> Machine:
    return _linux(match[2], musl_names(int(match[1])))


def _linux(arch: str, versions: Iterable[str]) -> Machine:
    """Return a Linux machine; from packaging 26.3 on what was built on it outranks what was built for many."""
    return Machine(system="linux", name=arch, platforms=tuple(f"{one}_{arch}" for one in ("linux", *versions)))


def _mac_machine(match: re.Match[str]) -> Machine | None:
    version, arch = (int(match[1]), int(match[2])), match[3]
    # Macs with an arm64 processor started at macOS 11.
    oldest = (11, 0) if arch == "arm64" else (10, 4)
    if not oldest <= version <= (NEWEST_MACOS, 99) or version[0] in NO_MACOS or (10, 16) < version < (11, 0):
        return None
    return Machine(system="macos", name=arch, platforms=tuple(packaging_tags.mac_platforms(version, arch)))


def _ios_machine(match: re.Match[str]) -> Machine | None:
    """Return an iPhone, an iPad or a simulator of one (PEP 730)."""
    if not OLDEST_IOS <= int(match[1]) <= NEWEST_IOS:
        return None
    platforms = packaging_tags.ios_platforms((int(match[1]), int(match[2])), match[3])
    return Machine(system="ios", name=IOS_MACHINES[match[3]], platforms=tuple(platforms))


def _android_machine(match: re.Match[str]) -> Machine | None:
    if not OLDEST_ANDROID <= int(match[1]) <= NEWEST_ANDROID:
        return None
    platforms = packaging_tags.android_platforms(int(match[1]), match[2])
    return Machine(system="android", name=ANDROID_MACHINES[match[2]], platforms=tuple(platforms))


def _wasm_machine(match: re.Match[str]) -> Machine:
    """Return a browser or Node.js that runs the Pyodide of one year (PEP 783): no other fits."""
    return Machine(system="emscripten", name="wasm32", platforms=(match[0],))


#: The form of each kind of tag, and what reads it; ``universal2`` is a file format, no machine.
_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Machine | None]], ...] = tuple(
    (re.compile(form.replace("ARCH", f"({'|'.join(archs)})")), read)
    for form, archs, read in (
        ("ARCH", WINDOWS_MACHINES, _windows_machine),
        (r"(?:manylinux_2_(0|[1-9][0-9]?)|(manylinux(?:1|2010|2014)))_ARCH", LINUX_MACHINES, _glibc_machine),
        ("musllinux_1_([0-9])_ARCH", LINUX_MACHINES, _musl_machine),
        ("macosx_([1-9][0-9])_(0|[1-9][0-9]?)_ARCH", MAC_MACHINES, _mac_machine),
        ("ios_([1-9][0-9])_([0-9])_ARCH", IOS_MACHINES, _ios_machine),
        ("android_([1-9][0-9])_ARCH", ANDROID_MACHINES, _android_machine),
        ("(?:pyemscripten|pyodide)_20[0-9]{2}_[0-9]+_wasm32", (), _wasm_machine),
    )
)
