"""Which Python interpreters are here: found by running them, since a file named ``python3.10`` may be a dead shim."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


#: virtualenv seeds no older one.
OLDEST = (3, 9)
#: Seconds in which an interpreter must have said what it is.
PATIENCE = 20

#: Other words for one processor, and the 32-bit programs that each runs.
_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64", "win32": "i686", "x86": "i686"}
_NATIVE = {("i686", "x86_64"), ("armv7l", "aarch64")}

_NAME = re.compile(r"(?:python(?:3(?:\.\d+)?t?)?|pypy3?(?:\.\d+)?)(?:\.exe)?")

#: Runs inside each candidate, on any Python 3: prints one JSON object.
_PROBE = """
import json, os, platform, struct, sys, sysconfig
config = sysconfig.get_config_var
version = sys.version_info
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (AttributeError, ValueError, OSError):
    libc = ""
bits = struct.calcsize("P") * 8
system, _, machine = sysconfig.get_platform().replace("-", "_").partition("_")
if system == "macosx":
    machine = platform.machine()  # a build may be for both kinds of processor, the machine is of one
if bits == 32:
    machine = {"x86_64": "i686", "aarch64": "armv7l"}.get(machine, machine)
soabi = config("SOABI") or ""
own = sys.implementation.version
brought = {}
if sys.implementation.name != "cpython":
    from importlib import metadata
    for one in metadata.distributions(path=[os.path.dirname(os.__file__), sysconfig.get_path("stdlib")]):
        brought[one.metadata["Name"].lower().replace("_", "-").replace(".", "-")] = one.version
print(json.dumps({
    "path": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "implementation": {"cpython": "cp", "pypy": "pp"}.get(sys.implementation.name, sys.implementation.name),
    "version": list(version[:3]),
    "abi": (
        "cp%d%d%s%s" % (version[0], version[1], "t" if config("Py_GIL_DISABLED") else "", "d" if config("Py_DEBUG") else "")
        if sys.implementation.name == "cpython" else "_".join(soabi.replace("-", "_").split("_")[:2])
    ),
    "kind": "_".join(filter(None, ({"macosx": "macos"}.get(system, system), machine))),
    "machine": machine,
    "libc": libc,
    "macos": platform.mac_ver()[0],
    "build": sys.version,
    "brought": brought,
    "prefixes": sorted(filter(None, {
        sys.base_prefix, sys.base_exec_prefix, config("LIBDIR") or "",
        os.path.dirname(os.__file__), sysconfig.get_path("stdlib"),
    })),
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": "%d.%d.%d" % tuple(own[:3]),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": "%d.%d" % tuple(version[:2]),
        "sys_platform": sys.platform,
    },
}))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """
    An interpreter that ran and said what it is.

    :param path: the executable itself, behind links, shims and virtual environments.
    :param implementation: ``cp``, ``pp``…, as in a wheel's Python tag.
    :param abi: as in a wheel's ABI tag, ``cp313t`` for a free-threaded build.
    :param kind: a kind of machine, as in `environments.machine_kind`.
    :param glibc: N of glibc 2.N, ``None`` with another C library or none.
    :param macos: major and minor number of the system, ``None`` elsewhere.
    :param markers: its own marker values (PEP 508), sorted by name.
    :param emulated: whether it is made for another processor, which this machine imitates (qemu-user, Rosetta).
    :param build: what it says of itself, ``sys.version``: when, from what and by which compiler it was made.
    :param brought: project → version of what it has beside its standard library, sorted: pip there finds them installed.
    :param prefixes: directories that hold its libraries; a virtual environment is none, since other files may be in it.
    """

    path: Path
    implementation: str
    version: tuple[int, int, int]
    abi: str
    kind: str
    glibc: int | None
    macos: tuple[int, int] | None
    markers: tuple[tuple[str, str], ...]
    emulated: bool = False
    build: str = ""
    brought: tuple[tuple[str, str], ...] = ()
    prefixes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return what the table shows: ``CPython 3.10.13 (path)``."""
        name = dict(self.markers)["platform_python_implementation"]
        return f"{name} {'.'.join(map(str, self.version))} ({self.path})"


def candidates(path: str, pyenv: Path, named: Sequence[str] = ()) -> tuple[Path, ...]:
    """
    Return every file that may be an interpreter, the running one first; none was started yet.

    :param path: directories as in ``PATH``.
    :param pyenv: pyenv's root; its versions are found although only one of them is active.
    :param named: further interpreters or directories of them, as the user wrote them: ``PYTHONS=``.
    :raises SubsetError: one of *named* is not there.
    """
    # pyenv's shims start what stands in its versions, a tenth of a second later each.
    folders = [Path(folder) for folder in path.split(os.pathsep) if folder and Path(folder) != pyenv / "shims"]
    versions = [pyenv / "versions" / name for name in _names(pyenv / "versions")]
    folders += [folder / "bin" for folder in versions] + versions
    found = [Path(sys.executable), *(file for name in named for file in _named(name, path))]
    found += [file for folder in folders for file in _interpreters_in(folder)]
    # Several names of one file need one start; a shim is a file of its own, and differs by what it runs.
    return tuple({os.path.realpath(file): file for file in reversed(found)}.values())[::-1]


def pyenv_root(environment: os._Environ[str] | dict[str, str]) -> Path:
    """Return where pyenv keeps its versions: ``$PYENV_ROOT``, or its default below ``$HOME`` or the account's home."""
    if environment.get("PYENV_ROOT"):
        return Path(environment["PYENV_ROOT"])
    homes = [Path(environment["HOME"])] if environment.get("HOME") else []
    if sys.platform != "win32":
        import pwd  # noqa: PLC0415 - exists where accounts have a home in a table

        # In a container the account may be in no table.
        with contextlib.suppress(KeyError):
            homes.append(Path(pwd.getpwuid(os.getuid()).pw_dir))
    with contextlib.suppress(RuntimeError):
        homes.append(Path.home())
    roots = [home / ".pyenv" for home in homes] or [Path(os.devnull, ".pyenv")]
    # Not Path.is_dir, which raises where a directory is closed to this user.
    return next((root for root in roots if os.path.isdir(root)), roots[0])  # noqa: PTH112


def unusable_root(environment: os._Environ[str] | dict[str, str]) -> str:
    """Return a sentence about a ``$PYENV_ROOT`` in which nothing can be found, ``""`` if it can be read or is not set."""
    stated = environment.get("PYENV_ROOT", "")
    if not stated:
        return ""
    try:
        os.listdir(stated)  # noqa: PTH208 - as in `_names`
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"PYENV_ROOT is {stated!r}, where no interpreter is found ({why}); correct it, or remove the variable"
    return ""


def find(files: Iterable[Path]) -> tuple[Interpreter, ...]:
    """Return the interpreters among *files* that run and are 3.9 or newer, each once, newest first."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        probed = [one for one in pool.map(probe, files) if one is not None and one.version >= OLDEST]
    unique = {one.path: one for one in probed}
    return tuple(sorted(unique.values(), key=lambda one: (one.version, str(one.path)), reverse=True))


def probe(file: Path) -> Interpreter | None:
    """Return what *file* says it is, ``None`` if it does not run or is no Python 3."""
    try:
        command = [str(file), "-I", "-c", _PROBE]
        nowhere = subprocess.DEVNULL
        # Python 2 prints how it is to be used.
        said = json.loads(subprocess.check_output(command, stdin=nowhere, stderr=nowhere, timeout=PATIENCE))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    libc, _, glibc = said["libc"].partition(" 2.")
    macos = [int(part) for part in said["macos"].split(".")[:2]] if said["macos"] else []
    return Interpreter(
        path=Path(said["path"]),
        implementation=said["implementation"],
        version=(said["version"][0], said["version"][1], said["version"][2]),
        abi=said["abi"],
        kind=said["kind"],
        glibc=int(glibc.split(".")[0]) if libc == "glibc" and glibc else None,
        macos=(macos[0], macos[1] if len(macos) > 1 else 0) if macos else None,
        markers=tuple(sorted(said["markers"].items())),
        emulated=is_emulated(said["machine"], platform.machine()),
        build=said["build"],
        brought=tuple(sorted(said["brought"].items())),
        prefixes=tuple(said["prefixes"]),
    )


def is_emulated(machine: str, own: str) -> bool:
    """
    Whether an interpreter for the processor *machine* runs by imitation alone where the processor is *own*.

    A 32-bit program of the same family runs as it is.
    """
    plain, native = (_PROCESSORS.get(name.lower(), name.lower()) for name in (machine, own))
    return bool(machine) and plain != native and (plain, native) not in _NATIVE


def _names(folder: Path) -> list[str]:
    """Return the names in *folder*, sorted; none if it cannot be read: what is closed is passed over."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - Path.iterdir is slower by far on a long PATH
    except (OSError, ValueError):
        return []


def _interpreters_in(folder: Path) -> list[Path]:
    return [folder / name for name in _names(folder) if _NAME.fullmatch(name) and os.access(folder / name, os.X_OK)]


def _named(name: str, path: str) -> list[Path]:
    """Return the interpreters that one word of the user means: a directory, a file, or a name on PATH."""
    # Not Path.expanduser and Path.is_dir, which raise without a home and where a directory is closed to this user.
    place = Path(os.path.expanduser(name))  # noqa: PTH111
    found = _interpreters_in(place) + _interpreters_in(place / "bin")
    if not found and (file := shutil.which(name, path=path)):
        found = [Path(file)]
    if not found:
        msg = f"there is no Python interpreter {name!r}"
        raise SubsetError(msg, next_step="name an executable or a directory of them in `--pythons`")
    return found
