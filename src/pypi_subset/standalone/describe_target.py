#!/usr/bin/env python3
"""
Print what decides which wheels fit this machine and this Python, as JSON.

    python3 describe_target.py > lab.json

Run it on the machine behind the gap, with the Python that will install there. Carry lab.json to where pypi-subset runs,
lay it beside subset.toml, and name it there:

    [targets]
    lab = { file = "lab.json" }

It needs Python 3.6 or newer and nothing else, changes nothing and uses no network. It tells the system, the processor,
the C library, Python, and pip with the tags that it accepts; it tells no name of a user, a host or a directory.
"""

# This file is copied alone to machines with old Pythons: standard library only, and no syntax newer than 3.6.

import argparse
import json
import os
import platform
import re
import struct
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES

TYPE_CHECKING = False  # but true to type checkers; from typing it would be, which odd builds lack
if TYPE_CHECKING:
    from typing import Any, NoReturn

#: What the file says it is, and the number that changes when an older reader would misread it.
KIND, SCHEMA = "pypi-subset target", 1
#: Seconds for a pip on a slow disk to say something.
PATIENCE = 120
#: The entry of an ELF file that names its loader.
PT_INTERP = 3
#: Build settings that decide about ABI tags.
SETTINGS = ("EXT_SUFFIX", "MULTIARCH", "Py_DEBUG", "Py_GIL_DISABLED", "SOABI", "WITH_PYMALLOC", "py_version_nodot")
#: Where newer and older pips keep their list; runs in a process of its own, since it reaches into pip's inside.
ASK_PIP = """
import json
try:
    from pip._internal.utils.compatibility_tags import get_supported
except ImportError:
    try:
        from pip._internal.pep425tags import get_supported
    except ImportError:
        from pip.pep425tags import get_supported
tags = ["-".join(tag) if isinstance(tag, tuple) else str(tag) for tag in get_supported()]
print("\\ntags: " + json.dumps(tags))
"""


def print_description(arguments: "list[str]") -> int:
    """Return the exit code, after printing the description, or on standard error one line that says what went wrong."""
    parser = DescriptionParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    try:
        text = json.dumps(describe(), indent=1, sort_keys=True)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except Exception as error:  # any error is one line
        # What could not be written must not be tried again when Python ends.
        sys.stdout = open(os.devnull, "w")
        complain_of_description(f"{type(error).__name__}: {' '.join(str(error).split())}")
        return 1
    return 0


class DescriptionParser(argparse.ArgumentParser):
    """The command line: nothing but ``--help``."""

    def error(self, message: str) -> "NoReturn":  # noqa: ARG002 - an argument may hold a password
        """End with one line, as all errors do."""
        complain_of_description("it takes no argument; see --help")
        sys.exit(2)


def complain_of_description(what: str) -> None:
    """Say *what* is wrong, in one line."""
    sys.stderr.write(f"describe_target.py: error: {what}\n")


def describe() -> "dict[str, object]":
    """Return every fact, none of them interpreted: what follows from them is decided where pypi-subset runs."""
    elf = quietly(read_elf, sys.executable) if sys.platform.startswith("linux") else None
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "markers": markers(),
        "version": list(sys.version_info),
        "implementation": {
            "name": sys.implementation.name,
            "version": list(sys.implementation.version),
            "cache_tag": sys.implementation.cache_tag,
        },
        "config": {name: quietly(sysconfig.get_config_var, name) for name in SETTINGS},
        "extension_suffixes": list(EXTENSION_SUFFIXES),
        "counts_references": hasattr(sys, "gettotalrefcount"),
        "platform": sysconfig.get_platform(),
        "bits": struct.calcsize("P") * 8,
        "maxsize": sys.maxsize,
        "elf": elf,
        "libc": libc(elf),
        "manylinux": manylinux(),
        "macos": macos() if sys.platform == "darwin" else None,
        "windows": windows() if os.name == "nt" else None,
        "pip": pip(),
    }


def quietly(function: "Any", *arguments: "Any") -> "Any":
    """Return what *function* gives, ``None`` where it fails: odd builds lack what others have."""
    try:
        return function(*arguments)
    except Exception:
        return None


def markers() -> "dict[str, str]":
    """Return the eleven marker values, as the specification of dependency specifiers defines them."""
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": full_version(sys.implementation.version),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def full_version(info: "tuple[int, int, int, str, int]") -> str:
    """Return a version as the specification writes it: ``3.14.0``, ``3.14.0rc1``."""
    major, minor, micro, level, serial = info
    return f"{major}.{minor}.{micro}" + ("" if level == "final" else f"{level[0]}{serial}")


def libc(elf: "dict[str, object] | None") -> "dict[str, str] | None":
    """Return family and version of the C library, ``None`` where it is neither glibc nor musl."""
    glibc = quietly(glibc_by_confstr) or quietly(glibc_by_ctypes)
    if glibc:
        return {"family": "glibc", "version": str(glibc)}
    loader = str((elf or {}).get("interpreter") or "")
    musl = quietly(musl_version, loader) if "musl" in loader else None
    return {"family": "musl", "version": str(musl)} if musl else None


def glibc_by_confstr() -> "str | None":
    """Return ``2.36``, from the C library itself."""
    family, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").rsplit()
    return version if family == "glibc" else None


def glibc_by_ctypes() -> str:
    """Return ``2.36``, from the symbol that glibc alone has; some builds have no ctypes."""
    import ctypes

    function = ctypes.CDLL(None).gnu_get_libc_version
    function.restype = ctypes.c_char_p
    version: bytes = function()
    return version.decode("ascii")


def musl_version(loader: str) -> "str | None":
    """Return ``1.2``: musl's loader, run without a program, names itself and its version on standard error."""
    lines = [line.strip() for line in run([loader])[1].splitlines() if line.strip()]
    match = re.match(r"Version ([0-9]+\.[0-9]+)", lines[1])
    return match.group(1) if lines[0].startswith("musl") and match else None


def read_elf(path: str) -> "dict[str, object] | None":
    """Return what the header of an executable says: for 32 bits, and for the loader, which musl is known by."""
    with open(path, "rb") as file:
        ident = file.read(16)
        if ident[:4] != b"\x7fELF":
            return None
        order = "<" if ident[5] == 1 else ">"
        # Struct formats of the file's head and of an entry in its table; where an entry has its kind, place and size.
        small, large = ("HHIIIIIHHH", "IIIIIIII", (0, 1, 4)), ("HHIQQQIHHH", "IIQQQQQQ", (0, 2, 5))
        head, entry, (kind, place, length) = small if ident[4] == 1 else large
        _, machine, _, _, start, _, flags, _, size, count = struct.unpack(
            order + head, file.read(struct.calcsize(order + head))
        )
        loader = None
        for number in range(count):
            file.seek(start + number * size)
            fields = struct.unpack(order + entry, file.read(struct.calcsize(order + entry)))
            if fields[kind] == PT_INTERP:
                file.seek(fields[place])
                loader = os.fsdecode(file.read(fields[length])).strip("\0")
                break
    return {"class": ident[4], "data": ident[5], "machine": machine, "flags": flags, "interpreter": loader}


def manylinux() -> "dict[str, object] | None":
    """Return what a ``_manylinux`` module answers (PEP 513, 600), ``None`` where there is none."""
    try:
        import _manylinux as module  # type: ignore[import-not-found]
    except ImportError:
        return None
    names = ["manylinux1_compatible", "manylinux2010_compatible", "manylinux2014_compatible"]
    found = {name: bool(getattr(module, name)) for name in names if hasattr(module, name)}  # type: dict[str, object]
    if hasattr(module, "manylinux_compatible"):
        answers = {}
        for machine in machines():
            for minor in range(100):
                answer = module.manylinux_compatible(2, minor, machine)
                answers[f"2_{minor}_{machine}"] = None if answer is None else bool(answer)
        found["manylinux_compatible"] = answers
    return found


def machines() -> "list[str]":
    """Return the architectures of wheels that may fit: a 32-bit Python on a 64-bit system is of the smaller one."""
    machine = re.sub("[-. ]", "_", sysconfig.get_platform()).partition("_")[2]
    if sys.maxsize < 1 << 32:
        machine = {"x86_64": "i686", "aarch64": "armv8l"}.get(machine, machine)
    return ["armv8l", "armv7l"] if machine == "armv8l" else [machine]


def macos() -> "dict[str, str]":
    """Return version and processor of a Mac."""
    version, _, machine = platform.mac_ver()
    if version.startswith("10.16"):
        # What Python says from macOS 11 on if it was built against an older SDK, unless this variable is set.
        environment = dict(os.environ, SYSTEM_VERSION_COMPAT="0")
        ask = "import platform; print(platform.mac_ver()[0])"
        version = run([sys.executable, "-sS", "-c", ask], environment)[0].strip() or version
    return {"version": version, "machine": machine}


def windows() -> "dict[str, str | None]":
    """Return the architecture that Windows tells this process, and the true one where that is another."""
    names = ("PROCESSOR_ARCHITECTURE", "PROCESSOR_ARCHITEW6432", "PROCESSOR_IDENTIFIER")
    return {name.lower(): os.environ.get(name) for name in names}


def pip() -> "dict[str, object] | None":
    """Return pip's version and its list of tags, best first; ``None`` where there is no pip."""
    match = re.search(r"^pip (\S+) from ", quiet_run([sys.executable, "-m", "pip", "--version"]), re.MULTILINE)
    if not match:
        return None
    tags, source = None, None
    answer = re.search(r"^tags: (\[.*\])$", quiet_run([sys.executable, "-c", ASK_PIP]), re.MULTILINE)
    if answer:
        tags, source = json.loads(answer.group(1)), "pip's code"
    else:
        listed = quiet_run([sys.executable, "-m", "pip", "debug", "--verbose"]).partition("Compatible tags:")[2]
        tags = re.findall(r"^\s+(\w+-\w+-\w+)\s*$", listed, re.MULTILINE) or None
        source = "pip debug" if tags else None
    return {"version": match.group(1), "tags": tags, "tags_from": source}


def quiet_run(command: "list[str]") -> str:
    """Return what a program wrote to standard output, nothing if it cannot be run."""
    return str((quietly(run, command) or ("", ""))[0])


def run(command: "list[str]", environment: "dict[str, str] | None" = None) -> "tuple[str, str]":
    """Return what a program wrote to standard output and error, started where no file of ours can be taken for a module."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        cwd=os.path.abspath(os.sep),
        env=environment,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout, done.stderr


if __name__ == "__main__":
    sys.exit(print_description(sys.argv[1:]))
