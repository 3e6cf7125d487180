"""Root directories of bare machines: Debian as debootstrap makes it, and a copy of an interpreter with its libraries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What `install.sh` and a shell need beside Python; `unshare` starts them.
PROGRAMS = ("sh", "dirname", "env", "uname")
#: Libraries that manylinux wheels may take from the system (PEP 599), by name; `ldd` of the interpreter names the others.
WHEELS_NEED = (
    "libpthread.so.0",
    "libdl.so.2",
    "libm.so.6",
    "librt.so.1",
    "libutil.so.1",
    "libgcc_s.so.1",
    "libstdc++.so.6",
)
#: Directories of an interpreter that a bare machine has not, or that no program needs.
WITHOUT = ("ensurepip", "site-packages", "test", "tests", "idlelib", "tkinter", "__pycache__", "config-*", "lib2to3")
#: Where the copy of an interpreter is, below its root.
OPT = "opt/python"
#: The packages of Debian's own Python, without `python3-pip` and `python3-venv`.
DEBIAN_PYTHON = "python3"


class RootError(Exception):
    """Raised if this machine cannot make a root."""


def debian(folder: Path) -> Path:
    """
    Return *folder*, after debootstrap installed the smallest Debian with its Python there.

    The release and the mirror are those of the first source of apt.

    :raises RootError: debootstrap is not here or failed, or this is no Debian.
    """
    if not shutil.which("debootstrap") or os.geteuid():
        msg = "it needs debootstrap (`apt install debootstrap`), and root"
        raise RootError(msg)
    form = "$(CODENAME) $(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages", "Origin: Debian", "Component: main"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    sources = [line.split() for line in listed.stdout.splitlines() if re.fullmatch(r"[a-z]+ \S+", line)]
    if not sources:
        msg = "apt has no source of Debian: run `apt-get update`"
        raise RootError(msg)
    release, mirror = sources[0]
    command = ["debootstrap", "--variant=minbase", f"--include={DEBIAN_PYTHON}", release, str(folder), mirror]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"debootstrap: {(done.stdout + done.stderr).strip().splitlines()[-1]}"
        raise RootError(msg)
    return folder


def copied(python: Path, folder: Path) -> Path:
    """
    Return *folder*, a root with a copy of the interpreter *python* and what it needs to run, and with nothing else.

    :param python: the executable, in a directory ``bin`` beside ``lib``.
    :raises RootError: there is no standard library.
    """
    whole = python.resolve()
    library = whole.parents[1] / "lib" / whole.name
    if not (library / "os.py").is_file():
        msg = f"{library} is no standard library"
        raise RootError(msg)
    for one in ("dev", "root", "tmp", "bin", f"{OPT}/bin"):
        (folder / one).mkdir(parents=True, exist_ok=True)
    (folder / "dev" / "null").touch()
    copy = folder / OPT / "lib" / whole.name
    shutil.copytree(library, copy, symlinks=True, ignore=shutil.ignore_patterns(*WITHOUT, "*.a"))
    shutil.copy2(whole, folder / OPT / "bin" / "python3")
    programs = [Path(shutil.which(name) or name) for name in PROGRAMS]
    for program in programs:
        shutil.copy2(program.resolve(), folder / "bin" / program.name)
    extensions = (library / "lib-dynload").glob("*.so")
    for needed in sorted({*_libraries([whole, *programs, *extensions]), *_of_wheels()}):
        place = folder / needed.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(needed.resolve(), place)
    return folder


def _libraries(files: Iterable[Path]) -> Iterator[Path]:
    """Yield the libraries that *files* load, and the loader, as `ldd` finds them."""
    done = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if found := re.search(r"(?:=> |^\s)(/\S+) \(0x", line):
            yield Path(found[1])


def _of_wheels() -> Iterator[Path]:
    """Yield the libraries that wheels may take from the system, as the loader of this machine finds them."""
    listed = subprocess.run(
        [shutil.which("ldconfig") or "/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True
    ).stdout
    for name in WHEELS_NEED:
        if found := re.search(
            rf"^\s{re.escape(name)} \(libc6,(?:x86-64|AArch64)[^)]*\) => (\S+)$", listed, re.MULTILINE
        ):
            yield Path(found[1])
