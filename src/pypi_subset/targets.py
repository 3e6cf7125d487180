"""
The one place that knows machines: from a wheel's tag to a `Target`, and from a `Target` to pip's flags.

A tag says more than it seems: CPython's version and ABI, a system, an architecture, and the oldest C library or macOS
that is good enough. From that follow every tag that such a machine accepts, best first, and nine or ten of the eleven
marker values; the kernel's two are never known, nor is PyPy's own version, and what is not known is absent.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from itertools import chain, product
from typing import TYPE_CHECKING

from packaging import tags as packaging_tags
from packaging.markers import default_environment

from pypi_subset.errors import TargetError
from pypi_subset.model import KERNEL_MARKERS, Target

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from packaging.tags import Tag

#: ``os_name``, ``sys_platform`` and ``platform_system`` of each system (dependency specifiers, "environment markers").
SYSTEMS = {
    "linux": ("posix", "linux", "Linux"),
    "macos": ("posix", "darwin", "Darwin"),
    "windows": ("nt", "win32", "Windows"),
    # An iPad says "iPadOS" (PEP 730), which no tag tells.
    "ios": ("posix", "ios", None),
    "android": ("posix", "android", "Android"),
    "emscripten": ("posix", "emscripten", "Emscripten"),
}
#: ``implementation_name`` and ``platform_python_implementation`` by the first letters of a Python tag (PEP 425).
IMPLEMENTATIONS = {"cp": ("cpython", "CPython"), "pp": ("pypy", "PyPy")}
#: ``platform_machine``, spelt as the system itself spells it; on Linux and macOS the tag's last part is the same word.
LINUX_MACHINES = ("x86_64", "aarch64", "i686", "armv7l", "ppc64le", "s390x", "riscv64")
MAC_MACHINES = ("arm64", "x86_64")
WINDOWS_MACHINES = {"win_amd64": "AMD64", "win32": "x86", "win_arm64": "ARM64"}
#: By the end of the tag. An iPhone says its model (PEP 730), and a 32-bit ARM may be an armv7l or an armv8l.
IOS_MACHINES = {
    "arm64_iphoneos": None,
    "arm64_iphonesimulator": "arm64",
    "x86_64_iphonesimulator": "x86_64",
}
ANDROID_MACHINES = {"arm64_v8a": "aarch64", "x86_64": "x86_64", "x86": "i686", "armeabi_v7a": None}
#: A Python of 32 bits on a system of 64 says what the system is, on Linux with ``linux32`` aside.
WIDER_MACHINES = {"x86": ("AMD64", "ARM64"), "i686": ("x86_64",), "armv7l": ("aarch64", "armv8l")}

#: The first 3.N without the ``m`` of pymalloc in its ABI tag, and the first with a free-threaded build (PEP 703).
NO_PYMALLOC, FREE_THREADED = 8, 13

#: The first CPython 3.N that there was for a kind of machine (release notes; PEP 730, 738), and its tags.
FIRST_CPYTHON = {r"ios_.*": 13, r"android_.*": 13, r"win_arm64": 8, r"macosx_.*_arm64": 8}

#: The second name of three glibc versions (PEP 513, 571, 599).
LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
#: The oldest glibc 2.N that has tags at all (PEP 600), with the architectures that go further back.
OLDEST_GLIBC, OLDEST_GLIBC_OF = 17, {"x86_64": 5, "i686": 5}
#: Beyond these lies a slip of the pen rather than a machine; to be raised about once in a decade.
NEWEST_GLIBC, NEWEST_MACOS, NEWEST_IOS, NEWEST_ANDROID = 50, 39, 39, 60
#: The oldest iOS that has tags (PEP 730), and the oldest API level of Android (PEP 738).
OLDEST_IOS, OLDEST_ANDROID = 12, 16
#: Apple went from 15 straight to 26.
NO_MACOS = range(16, 26)

#: The markers that a tag leaves open, on some system or other: a target may say them itself.
OPEN_MARKERS = (*KERNEL_MARKERS, "platform_machine", "platform_system", "implementation_version")

#: Shown where nothing that was written comes near a tag.
EXAMPLES = ("cp312-manylinux_2_28_x86_64", "cp312-macosx_14_0_arm64", "cp312-win_amd64")

#: The Pythons 3.N that a tag may name.
OLDEST_PYTHON, NEWEST_PYTHON = 6, 19
_PYTHON = re.compile(r"(cp|pp)3([6-9]|1[0-9])")
_GLIBC = re.compile(r"manylinux_2_(0|[1-9][0-9]?)_([a-z0-9_]+)|(manylinux[0-9]+)_([a-z0-9_]+)")
_MUSL = re.compile(r"musllinux_1_([0-9])_([a-z0-9_]+)")
_MACOS = re.compile(r"macosx_([1-9][0-9])_(0|[1-9][0-9]?)_([a-z0-9_]+)")
_IOS = re.compile(r"ios_([1-9][0-9])_([0-9])_([a-z0-9_]+)")
_ANDROID = re.compile(r"android_([1-9][0-9])_([a-z0-9_]+)")
_WASM = re.compile(r"(?:pyemscripten|pyodide)_20[0-9]{2}_[0-9]+_wasm32")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Machine:
    """What a platform tag says: a key of `SYSTEMS`, ``platform_machine`` if it tells, every platform tag, best first."""

    system: str
    name: str | None
    platforms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """A tag, understood."""

    implementation: str
    minor: int
    abi: str
    machine: _Machine
    tag: str


def parse(name: str, tag: str, python: str | None = None, *, given: Mapping[str, str] | None = None) -> Target:
    """
    Return the target that *tag* describes.

    :param name: the target's name, for the result and for errors.
    :param tag: ``<python>[-<abi>]-<platform>``, spelt as in the file names of wheels (PEP 425, 600, 656, 730, 738, 783).
    :param python: full version ``X.Y.Z`` where it is known; otherwise it is X.Y.0.
    :param given: values of markers that a tag leaves open.
    :raises TargetError: the tag is none, *python* is no version of it, or *given* contradicts it; ``nearest`` holds
        valid spellings.
    """
    reading = _read(tag)
    if reading is None:
        raise TargetError(_complaint(tag), nearest=_nearest(tag), target=name)
    version = (3, reading.minor, _patch(name, reading, python))
    markers = _markers(reading.implementation, version, reading.machine)
    for marker, value in (given or {}).items():
        free = marker == "platform_machine" and reading.machine.name in WIDER_MACHINES
        if markers.get(marker, value) != value and not free:
            msg = f"{marker} = {value!r} contradicts the tag {reading.tag!r}, from which {markers[marker]!r} follows"
            raise TargetError(msg, nearest=[markers[marker]], target=name)
    return Target(
        name=name,
        tag=reading.tag,
        implementation=reading.implementation,
        python=version,
        abis=(reading.abi,),
        platforms=reading.machine.platforms,
        tags=tags_of(reading.implementation, version[:2], (reading.abi,), reading.machine.platforms),
        markers=sorted_markers(markers | dict(given or {})),
        other_machines=()
        if "platform_machine" in (given or {})
        else WIDER_MACHINES.get(reading.machine.name or "", ()),
        exact=python is not None and python.count(".") > 1,
    )


def describe_host(name: str) -> Target:
    """Return the interpreter that runs this, as a target with all eleven marker values."""
    native = tuple(packaging_tags.sys_tags())
    environment = {key: str(value) for key, value in default_environment().items()}
    major, minor, patch = re.findall("[0-9]+", environment["python_full_version"])[:3]
    implementation = packaging_tags.interpreter_name()
    interpreter = f"{implementation}{major}{minor}"
    abis, platforms = flagged(interpreter, native)
    return Target(
        name=name,
        tag=f"{interpreter}-{abis[0]}-{telling(platforms)}",
        implementation=implementation,
        python=(int(major), int(minor), int(patch)),
        abis=abis,
        platforms=platforms,
        tags=tags_of(implementation, (int(major), int(minor)), abis, platforms),
        markers=sorted_markers(environment),
        host=True,
        exact=True,
    )


def description(target: Target) -> tuple[str, ...]:
    """Return what the tool knows of *target*, a line each: its tag, the eleven marker values, and all tags, best first."""
    values = {name: repr(value) for name, value in target.environment.items()}
    if not target.exact:
        minor = ".".join(map(str, target.python[:2]))
        following = ("python_full_version", *(("implementation_version",) if target.implementation == "cp" else ()))
        values |= dict.fromkeys(following, f"every {minor}.z")
    lines = [f"{target.name}: {target.tag}, Python {target.version}", "", "markers"]
    lines += [f"  {name} = {values.get(name, 'open')}" for name in sorted(default_environment())]
    return (*lines, "", f"tags ({len(target.tags)})", *(f"  {tag}" for tag in target.tags))


def flagged(interpreter: str, tags: Iterable[Tag]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ABIs and the platforms of a list of tags that a pip is told by flags, best first."""
    own = [tag for tag in tags if tag.interpreter == interpreter and tag.platform != "any"]
    # The stable ABIs and "none" are not given to pip: it adds them by itself, in their place.
    abis = tuple(dict.fromkeys(tag.abi for tag in own if tag.abi not in {"abi3", "abi3t", "none"}))
    return abis, tuple(dict.fromkeys(tag.platform for tag in own))


def telling(platforms: Sequence[str]) -> str:
    """Return the best platform that says which C library there is; ``linux_<arch>`` does not."""
    return next((platform for platform in platforms if not platform.startswith("linux_")), platforms[0])


def pip_flags(target: Target) -> tuple[str, ...]:
    """
    Return the flags from which pip derives exactly ``target.tags``, in that order, on any machine.

    Only where a machine described itself, and its pip is older than a tag that no flag can leave out, there are more;
    whoever runs pip must hide the wheels that have those alone, as the loopback index does.

    All four kinds are always given: without one of them pip takes this interpreter's.
    """
    platforms = chain.from_iterable(("--platform", _unexpanded(platform)) for platform in target.platforms)
    abis = chain.from_iterable(("--abi", abi) for abi in target.abis)
    version = ".".join(map(str, target.python))
    return (*platforms, "--python-version", version, "--implementation", target.implementation, *abis)


def _unexpanded(platform: str) -> str:
    """
    Return *platform*, written so that pip takes it as it is.

    pip lets ``manylinux2014`` mean 2010 and 1 as well, and puts those before glibc 2.16 to 2.6, where no machine has
    them; and it lets a macOS mean all older ones, of which a machine with an older pip knows some. It compares before
    it folds case, as all tags are; so a capital letter keeps the list as it is.
    """
    return re.sub("^m(?=anylinux[12]|acosx)", "M", platform)


def tags_of(
    implementation: str, python: tuple[int, int], abis: Iterable[str], platforms: Iterable[str]
) -> tuple[Tag, ...]:
    """
    Return all compatible tags, best first, as `packaging.tags.sys_tags` ranks them.

    One thing differs, on PyPy: pip accepts ``pp311-none-any`` where packaging has ``pp3-none-any``; pip installs here.
    """
    interpreter = f"{implementation}{python[0]}{python[1]}"
    abis, platforms = list(abis), list(platforms)
    own = (
        packaging_tags.cpython_tags(python, abis, platforms)
        if implementation == "cp"
        else packaging_tags.generic_tags(interpreter, abis, platforms)
    )
    return (*own, *packaging_tags.compatible_tags(python, interpreter, platforms))


def _markers(implementation: str, python: tuple[int, int, int], machine: _Machine) -> dict[str, str]:
    """Return the marker values that follow from a tag; what does not follow is absent, not empty."""
    os_name, sys_platform, platform_system = SYSTEMS[machine.system]
    implementation_name, platform_python_implementation = IMPLEMENTATIONS[implementation]
    full = ".".join(map(str, python))
    values: dict[str, str | None] = {
        "implementation_name": implementation_name,
        "os_name": os_name,
        "platform_machine": machine.name,
        "platform_python_implementation": platform_python_implementation,
        "platform_system": platform_system,
        "python_full_version": full,
        "python_version": f"{python[0]}.{python[1]}",
        "sys_platform": sys_platform,
    }
    # CPython is the reference: its own version is that of the language. PyPy's is another (7.3.17), and in no tag.
    values["implementation_version"] = full if implementation == "cp" else None
    return {marker: value for marker, value in values.items() if value is not None}


def sorted_markers(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return marker values as a `Target` holds them."""
    return tuple(sorted(values.items()))


def _patch(name: str, reading: _Reading, python: str | None) -> int:
    """Return the third number of *python*, 0 if nobody gave it."""
    match = re.fullmatch(r"([0-9]+)\.([0-9]+)(?:\.([0-9]+))?", f"3.{reading.minor}" if python is None else python)
    if match is None and python and re.fullmatch(r"3\.[0-9]+(\.[0-9]+)?t", python):
        msg = f"{python!r} in python: beside a tag, free threading stands in the tag"
        free = f"cp3{reading.minor}-cp3{reading.minor}t-{reading.tag.rpartition('-')[2]}"
        raise TargetError(msg, target=name, next_step=f"write tag = {free!r}" if _read(free) else "drop the 't'")
    if match is None:
        msg = f"{python!r} is no Python version such as '3.{reading.minor}.4'"
        raise TargetError(msg, nearest=[f"3.{reading.minor}.0"], target=name)
    if (int(match[1]), int(match[2])) != (3, reading.minor):
        msg = f"Python {python} contradicts the tag {reading.tag!r}, which is for 3.{reading.minor}"
        raise TargetError(msg, nearest=[f"3.{reading.minor}.{match[3] or 0}"], target=name)
    return int(match[3] or 0)


def _read(tag: str) -> _Reading | None:
    """Return what *tag* says, ``None`` if it is not spelt exactly as in a wheel's file name."""
    python, *rest = tag.split("-")
    match = _PYTHON.fullmatch(python)
    if match is None or len(rest) not in {1, 2}:
        return None
    implementation, minor, machine = match[1], int(match[2]), _machine(rest[-1])
    abi = rest[0] if len(rest) > 1 else _usual_abi(implementation, minor)
    if (
        machine is None
        or minor < _first(implementation, rest[-1])
        or not re.fullmatch(_abis(implementation, minor), abi)
    ):
        return None
    full = f"{python}-{abi}-{rest[-1]}"
    return _Reading(implementation=implementation, minor=minor, abi=abi, machine=machine, tag=full)


def _first(implementation: str, platform: str) -> int:
    """Return the N of the first 3.N that was made for a platform; 0 if any may have been."""
    found = (minor for kind, minor in FIRST_CPYTHON.items() if re.fullmatch(kind, platform))
    return next(found, 0) if implementation == "cp" else 0


def _usual_abi(implementation: str, minor: int) -> str:
    """Return the ABI tag of an ordinary build (PEP 425)."""
    return f"pypy3{minor}_pp73" if implementation == "pp" else f"cp3{minor}m" if minor < NO_PYMALLOC else f"cp3{minor}"


def _abis(implementation: str, minor: int) -> str:
    """Return a pattern of the ABI tags that a release of Python comes with."""
    free_threaded = "t?" if minor >= FREE_THREADED else ""
    return rf"pypy3{minor}_pp[0-9]+" if implementation == "pp" else _usual_abi("cp", minor) + free_threaded


def _machine(platform: str) -> _Machine | None:
    """Return the machine that *platform* describes, with every platform tag that it accepts."""
    if platform in WINDOWS_MACHINES:
        return _Machine(system="windows", name=WINDOWS_MACHINES[platform], platforms=(platform,))
    readers = (_glibc_machine, _musl_machine, _mac_machine, _ios_machine, _android_machine, _wasm_machine)
    return next((machine for reader in readers if (machine := reader(platform)) is not None), None)


def _glibc_machine(platform: str) -> _Machine | None:
    """Return a Linux machine whose glibc is the one that *platform* names (PEP 600)."""
    match = _GLIBC.fullmatch(platform)
    if match is None:
        return None
    aliases = {alias: minor for minor, alias in LEGACY.items()}
    newest, arch = int(match[1]) if match[1] else aliases.get(match[3], -1), match[2] or match[4]
    if arch not in LINUX_MACHINES or not OLDEST_GLIBC_OF.get(arch, OLDEST_GLIBC) <= newest <= NEWEST_GLIBC:
        return None
    names = (names for _, names in glibc_names(newest, (arch,)))
    return _linux(arch, chain.from_iterable(names))


def glibc_names(newest: int, archs: Collection[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each N of the glibc versions 2.N that a wheel for *archs* may ask for, newest first, with its names."""
    oldest = min(OLDEST_GLIBC_OF.get(arch, OLDEST_GLIBC) for arch in archs)
    for minor in range(newest, oldest - 1, -1):
        yield minor, (f"manylinux_2_{minor}", *filter(None, [LEGACY.get(minor)]))


def musl_names(newest: int) -> Iterator[str]:
    """Yield the names of musl 1.N and of all older ones, newest first (PEP 656)."""
    return (f"musllinux_1_{minor}" for minor in range(newest, -1, -1))


def _musl_machine(platform: str) -> _Machine | None:
    """Return a Linux machine whose musl is the one that *platform* names (PEP 656)."""
    match = _MUSL.fullmatch(platform)
    if match is None or match[2] not in LINUX_MACHINES:
        return None
    return _linux(match[2], musl_names(int(match[1])))


def _linux(arch: str, versions: Iterable[str]) -> _Machine:
    """Return a Linux machine; from packaging 26.3 on what was built on it outranks what was built for many."""
    return _Machine(system="linux", name=arch, platforms=tuple(f"{one}_{arch}" for one in ("linux", *versions)))


def _mac_machine(platform: str) -> _Machine | None:
    """Return a Mac with the system version that *platform* names; ``universal2`` is a file format, no machine."""
    match = _MACOS.fullmatch(platform)
    if match is None or match[3] not in MAC_MACHINES:
        return None
    version = int(match[1]), int(match[2])
    # Macs with an arm64 processor started at macOS 11.
    oldest = (11, 0) if match[3] == "arm64" else (10, 4)
    if not oldest <= version <= (NEWEST_MACOS, 99) or version[0] in NO_MACOS or (10, 16) < version < (11, 0):
        return None
    return _Machine(system="macos", name=match[3], platforms=tuple(packaging_tags.mac_platforms(version, match[3])))


def _ios_machine(platform: str) -> _Machine | None:
    """Return an iPhone, an iPad or a simulator of one, with the system version that *platform* names (PEP 730)."""
    match = _IOS.fullmatch(platform)
    if match is None or match[3] not in IOS_MACHINES or not OLDEST_IOS <= int(match[1]) <= NEWEST_IOS:
        return None
    platforms = packaging_tags.ios_platforms((int(match[1]), int(match[2])), match[3])
    return _Machine(system="ios", name=IOS_MACHINES[match[3]], platforms=tuple(platforms))


def _android_machine(platform: str) -> _Machine | None:
    """Return an Android device of the API level that *platform* names (PEP 738)."""
    match = _ANDROID.fullmatch(platform)
    if match is None or match[2] not in ANDROID_MACHINES or not OLDEST_ANDROID <= int(match[1]) <= NEWEST_ANDROID:
        return None
    platforms = packaging_tags.android_platforms(int(match[1]), match[2])
    return _Machine(system="android", name=ANDROID_MACHINES[match[2]], platforms=tuple(platforms))


def _wasm_machine(platform: str) -> _Machine | None:
    """Return a browser or Node.js that runs the Pyodide of the year that *platform* names (PEP 783): no other fits."""
    if not _WASM.fullmatch(platform):
        return None
    return _Machine(system="emscripten", name="wasm32", platforms=(platform,))


def _complaint(tag: str) -> str:
    """Return what is wrong with *tag*, in one line."""
    python, *rest = tag.split("-")
    if len(rest) not in {1, 2}:
        return f"{tag!r} is no tag of the form <python>[-<abi>]-<platform>"
    match = _PYTHON.fullmatch(python)
    if match is None:
        return f"unknown Python {python!r} in the tag {tag!r}"
    first = _first(match[1], rest[-1])
    if int(match[2]) < first:
        return f"there is no CPython 3.{match[2]} for the platform in the tag {tag!r}, the first is 3.{first}"
    if _machine(rest[-1]):
        return f"{rest[0]!r} in the tag {tag!r} is no ABI of {python}"
    return _platform_complaint(rest[-1], tag)


def _platform_complaint(platform: str, tag: str) -> str:
    """Return what is wrong with *platform* in *tag*."""
    if "." in platform and all(map(_machine, platform.split("."))):
        return f"{platform!r} in the tag {tag!r} names several platforms, a target is one machine"
    if platform.startswith("linux_"):
        return f"{platform!r} in the tag {tag!r} does not say which C library the machine has"
    if platform.startswith("macosx_") and platform.endswith("universal2"):
        return f"{platform!r} in the tag {tag!r} is a file format, a machine has one architecture"
    return f"unknown platform {platform!r} in the tag {tag!r}"


#: What people write for a platform, and what it is called in a wheel's name; applied from top to bottom.
_PLATFORM_SLIPS = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        (r"[.\s-]+", "_"),
        (r"^win(dows)?_?(64|x64|x86_64|amd64)?$", "win_amd64"),
        (r"^win(dows)?_?(32|x86|i[36]86)$", "win32"),
        (r"^win(dows)?_?(arm64|aarch64)$", "win_arm64"),
        (r"^(mac|macos|macosx|osx|darwin)_?(?=[0-9]|$)", "macosx_"),
        (r"^(macosx_.*)(aarch64|arm64e)$", r"\1arm64"),
        (r"^(macosx_.*)(amd64|x64|intel)$", r"\1x86_64"),
        (r"^macosx_([0-9]+)_(?=[a-z])", r"macosx_\1_0_"),
        (r"^macosx_10_[0-9]+_arm64$", "macosx_11_0_arm64"),
        (r"^macosx_(1[6-9]|2[0-5])_[0-9]+_", "macosx_15_0_"),
        (r"^manylinux_?(2014|2010|1)_?(?=[a-z])", r"manylinux\1_"),
        (r"^(many|musl)_?linux_?([12])_(?=[0-9])", r"\1linux_\2_"),
        (r"^(.*linux.*)_(amd64|x64)$", r"\1_x86_64"),
        (r"^(.*linux.*)_(arm64|armv8)$", r"\1_aarch64"),
        (r"^(.*linux.*)_(x86|i386)$", r"\1_i686"),
        (r"^manylinux(?:1|2010|_2_[0-9]|_2_1[0-6])_(?!x86_64|i686)", "manylinux2014_"),
    )
)
#: Half a platform, and the machines that may be meant.
_PLATFORM_GAPS = (
    (re.compile(r"linux_(\w+)"), (r"manylinux_2_28_\1", r"musllinux_1_2_\1")),
    (re.compile(r"linux"), ("manylinux_2_28_x86_64", "musllinux_1_2_x86_64")),
    (re.compile(r"((?:many|musl)linux[0-9_]+)"), (r"\1_x86_64", r"\1_aarch64")),
    (re.compile(r"(macosx_[0-9]+)"), (r"\1_0_arm64", r"\1_0_x86_64")),
    (re.compile(r"(macosx_[0-9]+_[0-9]+)(_universal2)?"), (r"\1_arm64", r"\1_x86_64")),
    (re.compile(r"macosx_"), ("macosx_14_0_arm64", "macosx_14_0_x86_64")),
)
_WELL_KNOWN_PLATFORMS = (
    *(f"{libc}_{arch}" for arch in LINUX_MACHINES for libc in ("manylinux_2_28", "manylinux2014", "musllinux_1_2")),
    *(f"macosx_{version}_0_{arch}" for version in (11, 12, 13, 14, 15, 26) for arch in MAC_MACHINES),
    *WINDOWS_MACHINES,
)
_WELL_KNOWN_PYTHONS = (*(f"cp3{minor}" for minor in range(15, 8, -1)), "pp311", "pp310")


def _nearest(tag: str) -> tuple[str, ...]:
    """Return up to three valid tags that *tag* may stand for."""
    python, *rest = tag.strip().lower().split("-")
    pythons, free_threaded = _near_pythons(python)
    # Without a dash the whole may be a platform; behind two, the second may be a slip for an underscore.
    parts = dict.fromkeys((rest[-1] if rest else python, "-".join(rest)))
    spelt = (found for part in parts if (found := _spelt_platforms(part)))
    platforms = next(spelt, []) or next(filter(None, map(_like_platforms, parts)), [])
    pythons += [f"cp3{first}" for one in platforms if (first := _first(pythons[0][:2], one)) > int(pythons[0][3:])]
    abis = [*rest[:-1], *([f"{one}t" for one in pythons] if free_threaded else []), ""]
    spellings = ("-".join(filter(None, parts)) for parts in product(pythons, abis, platforms))
    found = list(dict.fromkeys(spelling for spelling in spellings if _read(spelling)))
    # The first that is good decides whether an ABI is named at all.
    same = [one for one in found if one.count("-") == found[0].count("-")]
    return tuple(same[:3]) or EXAMPLES


def _near_pythons(python: str) -> tuple[list[str], bool]:
    """Return Python tags that *python* may stand for, and whether it asks for a free-threaded build."""
    match = re.fullmatch(r"(pp|pypy)?[a-z]*[-_]?3[._]?([0-9]{1,2})(?:\.[0-9]+)?(t?)", python)
    if match:
        spelling = f"{'pp' if match[1] else 'cp'}3{match[2]}"
        if _PYTHON.fullmatch(spelling):
            return [spelling], bool(match[3])
    return difflib.get_close_matches(python, _WELL_KNOWN_PYTHONS, n=1, cutoff=0.6) or ["cp312"], False


def _spelt_platforms(platform: str) -> list[str]:
    """Return platform tags that *platform* is another spelling of, best first."""
    spelling = _proper(platform)
    gaps = (match.expand(one) for gap, ones in _PLATFORM_GAPS if (match := gap.fullmatch(spelling)) for one in ones)
    return [one for one in (*platform.split("."), spelling, *gaps) if _machine(one)]


def _like_platforms(platform: str) -> list[str]:
    """Return platform tags that look like *platform*, best first."""
    return difflib.get_close_matches(_proper(platform), _WELL_KNOWN_PLATFORMS, n=2, cutoff=0.6)


def _proper(platform: str) -> str:
    """Return *platform* with what people write put into the words of tags."""
    for slip, proper in _PLATFORM_SLIPS:
        platform = slip.sub(proper, platform)
    return platform
