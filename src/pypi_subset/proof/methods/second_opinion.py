"""The second opinion: what uv would install from the index of a target, asked for exactly that machine."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.pip import runner
from pypi_subset.proof.machines.matching import glibc_of
from pypi_subset.proof.methods.pip_install import Result
from pypi_subset.proof.methods.uv_install import Installer
from pypi_subset.proof.reference.recorded_markers import kind_of
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pypi_subset.model.targets import Target
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.methods.pip_install import Files


#: Seconds that uv may take; it takes a fraction of one.
PATIENCE = 120

#: The N of glibc 2.N that uv has a name for.
_GLIBC = {17, 28, *range(31, 41)}
_MACHINES = {"linux_x86_64": "x86_64", "linux_aarch64": "aarch64"}
_MUSL = re.compile(r"musllinux_(\d+_\d+)_")
_MACOS = re.compile(r"macosx_(\d+)_(\d+)_")
#: By kind of machine, uv's word for it.
_OTHERS = {
    "win_amd64": "x86_64-pc-windows-msvc",
    "win_arm64": "aarch64-pc-windows-msvc",
    "win32": "i686-pc-windows-msvc",
    "macos_arm64": "aarch64-apple-darwin",
    "macos_x86_64": "x86_64-apple-darwin",
}


#: How a reason begins that tells of an accident, and not of what uv can do.
FAILED = "uv could not be asked"


class Unasked(Exception):
    """uv cannot say anything about this, and why."""


def second_opinion(case: Case, way: Way, found: Files | None, folder: Path) -> Result:
    """
    Return what uv says of what pip *found* for *case*: the same, another valid choice, or why it was not asked.

    Then uv installs what pip found, offline: what it refuses is a note. It is never red. Both choose among what is there, and where several choices are valid they may choose differently;
    what pip chose was installed and looked at. Where uv finds nothing at all, its reason is shown.

    :param way: the index of the target.
    :param found: ``None`` if pip found nothing.
    :param folder: a directory for this case alone.
    """
    if found is None:
        return Result(status="skipped", reason="pip found nothing that uv could be compared with")
    try:
        chosen, words = _ask(case, way, folder)
    except Unasked as reason:
        return Result(status="skipped", reason=str(reason))
    if chosen is None:
        return Result(status="differs", reason=f"uv finds no solution: {words}")
    other = _other({one.project: one.version for one in found}, chosen)
    versions = tuple(sorted(f"{name}=={version}" for name, version in chosen.items()))
    notes = _installer(case).notes(case, found, folder)
    return Result(status="differs" if other else "passed", reason=other, versions=versions, notes=notes)


def platform_of(target: Target) -> tuple[str, dict[str, str]]:
    """
    Return uv's name for the machine of *target*, and variables that make it mean that very one.

    :raises Unasked: it has none.
    """
    kind = kind_of(target)
    if target.implementation != "cp" or f"cp{target.python[0]}{target.python[1]}" not in target.abis:
        msg = f"uv knows no option for another Python than CPython's plain build, and {target.name} is {target.tag}"
        raise Unasked(msg)
    if sys.implementation.name != "cpython":
        msg = "uv takes what concerns the implementation from the Python that runs this, which is not CPython"
        raise Unasked(msg)
    if kind in _OTHERS:
        macos = _MACOS.match(target.platform)
        return _OTHERS[kind], {"MACOSX_DEPLOYMENT_TARGET": f"{macos[1]}.{macos[2]}"} if macos else {}
    glibc, musl = glibc_of(target), {match[1] for match in map(_MUSL.match, target.platforms) if match}
    if kind in _MACHINES and glibc in _GLIBC:
        return f"{_MACHINES[kind]}-manylinux_2_{glibc}", {}
    # It takes wheels for musl 1.1 and 1.2, which is what a machine with musl 1.2 does.
    if kind in _MACHINES and max(musl, default="") == "1_2":
        return f"{_MACHINES[kind]}-unknown-linux-musl", {}
    msg = f"uv has no name for the machine of {target.name} ({target.tag})"
    raise Unasked(msg)


@functools.cache
def uv() -> tuple[Path, str]:
    """
    Return the uv beside the running Python, or else on PATH, and what it calls itself: ``uv 0.13.9``.

    :raises Unasked: there is none that runs.
    """
    own = Path(sysconfig.get_path("scripts"), "uv.exe" if os.name == "nt" else "uv")
    program = own if own.is_file() else Path(shutil.which("uv") or "uv")
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        msg = "uv is not installed here"
        raise Unasked(msg) from error
    return program, " ".join(done.stdout.split()[:2])


def name_of_uv() -> str:
    """Return what uv calls itself, ``""`` where there is none."""
    try:
        return uv()[1]
    except Unasked:
        return ""


def _installer(case: Case) -> Installer:
    """Return the uv that installs for the machine of *case*."""
    (program, name), (platform, variables) = uv(), platform_of(case.target)
    options = ("--python-version", _version(case), "--python-platform", platform)
    return Installer(program=program, name=name, python=sys.executable, options=options, variables=variables)


def _version(case: Case) -> str:
    return ".".join(map(str, case.target.python if case.interpreter is None else case.interpreter.version))


def _ask(case: Case, way: Way, folder: Path) -> tuple[dict[str, str] | None, str]:
    """Return project → version, ``None`` if uv finds no solution; and what it says about that."""
    platform, variables = platform_of(case.target)
    requests, bounds = folder / "uv.in", folder / "uv-constraints.in"
    files.write(requests, "".join(f"{one.requirement}\n" for one in case.requests).encode())
    # Which bytes is not asked: the page tells uv but one hash of each file.
    lines = (line.partition(" --hash")[0] for line in case.held_to(way.name))
    files.write(bounds, "".join(f"{line}\n" for line in lines).encode())
    command = [str(uv()[0]), "pip", "compile", "--quiet", "--no-build", "--no-header", "--no-annotate", "--no-config"]
    command += ["--python", sys.executable, "--python-version", _version(case)]
    command += ["--python-platform", platform, "--default-index", way.url, "--constraint", str(bounds), str(requests)]
    with _cache(case, folder) as cache:
        done = _run(command, {**variables, "UV_CACHE_DIR": str(cache), "UV_PYTHON_DOWNLOADS": "never"}, folder)
    # It draws its causes as a tree, or names each, as it finds its terminal.
    words = " ".join(re.sub(r"×|╰─▶|\b(?:error|cause): ", "", done.stderr).split())  # noqa: RUF001 - as uv writes it
    if done.returncode and "No solution found" not in words:
        msg = f"{FAILED}: {words or done.returncode}"
        raise Unasked(msg)
    if done.returncode:
        return None, words
    pins = [Requirement(line) for line in done.stdout.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}, ""


@contextlib.contextmanager
def _cache(case: Case, folder: Path) -> Iterator[Path]:
    """
    Yield a cache in *folder* for one uv. It holds the facts of the interpreter that an earlier uv of this run asked for.

    Starting that interpreter takes uv longer than most resolutions. Pages are not shared: their address is the one of a
    server that serves this case alone. Without isolation nothing is, since the code of packages could write it.
    """
    cache, known = folder / "uv-cache", case.work / "uv-interpreter"
    # It is a matter of speed alone.
    speed_alone = contextlib.suppress(OSError)
    with speed_alone:
        if case.isolated:
            shutil.copytree(known, cache)
    yield cache
    if case.isolated and not known.exists():
        with speed_alone:
            own = folder / "uv-interpreter"
            for found in cache.glob("interpreter-*"):
                shutil.copytree(found, own / found.name)
            # It fails if another process was faster.
            own.rename(known)


def _run(command: list[str], variables: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env={**runner.sealed_environment(folder), **variables},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        msg = f"{FAILED}: {error}"
        raise Unasked(msg) from error


def _other(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Return where *theirs* is another choice than *ours*, ``""`` if it is the same."""
    words = []
    for name in sorted({name for name, _ in ours.items() ^ theirs.items()}):
        instead = f"for {ours[name]}" if name in ours else "besides"
        words.append(f"{name} {theirs[name]} {instead}" if name in theirs else f"no {name}")
    return f"uv takes {', '.join(words)}" if words else ""
