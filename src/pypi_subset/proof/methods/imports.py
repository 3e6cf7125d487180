"""Importing what a project brings: modules as its RECORD lists them, never as its name suggests."""

from __future__ import annotations

import contextlib
import json
import keyword
import os
import re
import signal
import subprocess
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.pip import runner
from pypi_subset.proof.closure import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from packaging.requirements import Requirement

    from pypi_subset.proof.closure import Present


#: Seconds that the imports of one case may take together.
PATIENCE = 120

#: Leftovers of a project's own checkout, which many wheels install by mistake.
LEFTOVERS = {"benchmark", "benchmarks", "conftest", "doc", "docs", "example", "examples", "setup", "test", "tests"}

#: A module's file: ``.py``, or an extension for one Python (``.cpython-310-x86_64-linux-gnu.so``, ``.abi3.so``, ``.pyd``).
_SOURCE = re.compile(r"([^.]+)\.py")
_EXTENSION = re.compile(r"([^.]+)(?:\.(?:cpython-[\w-]+|pypy[\w-]+|graalpy[\w-]+|abi3t?|cp\d+-[\w-]+))?\.(?:so|pyd)")

#: What an import says if a shared library of the system is missing, on Linux, macOS and Windows.
_LIBRARY = re.compile(
    r"(?P<linux>[^\s:']+\.so[\w.]*): cannot open shared object file|Library not loaded: (?P<macos>\S+)|(?P<windows>DLL load failed)"
)
_MODULE = re.compile(r"No module named '([^'.]+)")
_EXTRA = re.compile(r"extra == [\"']([^\"']+)[\"']")
_NO_MODULE = "does not define module export function"

#: What an import says that lacks a module.
_LACKING = {"ImportError", "ModuleNotFoundError"}

#: Runs in the fresh environment: imports one module after the other, and tells after each: what it ended with, and what a
#: module that exits lacked.
_SCRIPT = """
import importlib, json, sys
results = open(sys.argv[1], "w", encoding="utf-8")
for name in sys.argv[2:]:
    results.write(name + " ")
    results.flush()
    told = []
    try:
        importlib.import_module(name)
    except BaseException as error:
        while error is not None:
            told.append([type(error).__name__, " ".join(str(error).split()), isinstance(error, ImportError)])
            error = (error.__cause__ or error.__context__) if isinstance(error, SystemExit) else None
    results.write(json.dumps(told) + "\\n")
    results.flush()
"""


def modules_of(files: Iterable[str]) -> tuple[str, ...]:
    """
    Return the modules that a distribution brings: the topmost packages and modules of its RECORD, sorted.

    A folder without ``__init__`` is a part of a namespace (PEP 420): what lies below it counts, ``google.cloud.storage``
    and not ``google``.

    :param files: paths of the RECORD, relative to ``site-packages``.
    """
    paths = [path for path in map(PurePosixPath, files) if _counts(path)]
    packages = {path.parent for path in paths if _module(path) == "__init__" and path.parent.parts}
    topmost = {one for one in packages if packages.isdisjoint(one.parents)}
    modules = {".".join(one.parts) for one in topmost}
    for path in paths:
        if topmost.isdisjoint(path.parents) and (name := _module(path)) not in {"", "__init__", "__main__"}:
            modules.add(".".join([*path.parent.parts, name]))
    kept = {name for name in modules if name.split(".")[0] not in LEFTOVERS}
    return tuple(sorted(kept or modules))


def try_imports(present: Sequence[Present], *, python: Path, folder: Path, target: str) -> tuple[str, ...]:
    """
    Return notes on what importing the modules of *present* showed: stubs alone, or a library that the system lacks.

    :param python: the interpreter of the environment that they are installed in.
    :param folder: an empty folder for this run alone.
    :raises ProofFailed: an import failed, hung, or ended the interpreter.
    """
    notes, owners = [], {}
    for one in present:
        modules = modules_of(one.files)
        owners.update(dict.fromkeys(modules, one))
        if not modules:
            # Type stubs have a suffix of their own (PEP 561).
            held = "type stubs" if any(path.endswith(".pyi") for path in one.files) else "no module"
            notes.append(f"{one.project} holds {held}, nothing to import")
    ended = _run(tuple(owners), python, folder)
    for line in (folder / "imports.txt").read_text(encoding="utf-8").splitlines() if owners else ():
        name, _, outcome = line.partition(" ")
        what = f"importing {name} of {owners[name].project} on {target}"
        # Class and text of each exception, and whether it is an ImportError.
        errors: list[tuple[str, str, bool]] = json.loads(outcome or "[]")
        if not outcome:
            msg = f"{what} {ended}"
            raise ProofFailed(msg, project=owners[name].project, target=target)
        if not errors:
            continue
        # A project's only module that exits since it cannot import something has nothing else to offer. One of several
        # may be a script, there for those who have what it wants.
        alone = sum(owner is owners[name] for owner in owners.values()) == 1
        kind, text, _ = errors[-1] if alone and errors[-1][2] else errors[0]
        excuse = _excuse(kind, text, name)
        if kind in _LACKING and not excuse and (extra := extra_missing(owners[name], text)):
            # black's blackd: a part of the project that is there for those who asked for more.
            excuse = f"{name} needs the extra {extra}, which was not asked for"
        if not excuse:
            msg = f"{what} failed: {kind}: {text}{extra_in_vain(owners[name], text)}"
            raise ProofFailed(msg, project=owners[name].project, target=target)
        notes.append(f"{owners[name].project}: {excuse}")
    return tuple(notes)


def library_missing(text: str) -> str:
    """Return words on a library of the system that an import asked for in vain, ``""`` if *text* names none."""
    library = _LIBRARY.search(text)
    return f"installed, needs {library['linux'] or library['macos'] or 'a DLL of the system'}" if library else ""


def extra_missing(owner: Present, said: str) -> str:
    """
    Return the extra of *owner* that brings what a script lacked: many are written for those who have it.

    ``""`` where there is none, or where one that brings it was asked for: then nothing excuses that it is not there.
    """
    extras = [extra for _, extra in _bringing(owner, said)]
    if not extras:
        named = re.search(rf"\b{re.escape(owner.project)}\[(?:.*?,)?([\w.-]+)\]", said, re.IGNORECASE)
        extras = [named[1]] if named else []
    return extras[0] if extras and owner.asked.isdisjoint(map(canonicalize_name, extras)) else ""


def extra_in_vain(owner: Present, said: str) -> str:
    """Return words on an extra that was asked for, and did not bring what is lacking; ``""`` if there is none."""
    for requirement, extra in _bringing(owner, said):
        if canonicalize_name(extra) in owner.asked:
            return f" (the extra {extra} was asked for, and brings it only as {plain(requirement)})"
    return ""


def _bringing(owner: Present, said: str) -> list[tuple[Requirement, str]]:
    """Return the requirements of *owner* that would bring what was lacking, each with an extra that it needs."""
    lacked = {canonicalize_name(name) for name in _MODULE.findall(said)}
    own = [one for one in owner.requires if canonicalize_name(one.name) in lacked]
    return [(one, extra) for one in own for extra in _EXTRA.findall(str(one.marker))]


def _excuse(kind: str, text: str, module: str) -> str:
    """Return what is worth a note about a failed import; ``""`` for one that the subset must answer for."""
    if library := library_missing(text):
        return library
    return f"{module} is not meant to be imported" if kind == "SystemExit" or _NO_MODULE in text else ""


def _run(modules: Sequence[str], python: Path, folder: Path) -> str:
    """Import *modules*, one line for each in ``imports.txt``; return how it ended, for the one that was never answered."""
    if not modules:
        return ""
    code = started([python, "-I", "-B", "-c", _SCRIPT, folder / "imports.txt", *modules], folder, PATIENCE)
    if code is None:
        return f"did not end within {PATIENCE} s"
    return f"ended the interpreter with {f'signal {-code}' if code < 0 else f'exit code {code}'}"


def started(
    command: Sequence[str | Path], folder: Path, patience: float, stderr: IO[bytes] | int = subprocess.DEVNULL
) -> int | None:
    """
    Return the exit code of *command*, isolated and run in *folder*; ``None`` if it did not end within *patience* seconds.

    Afterwards nothing that it started is left.

    :raises OSError: it cannot be started.
    """
    process = subprocess.Popen(
        command,
        env=runner.sealed_environment(folder),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()


def _counts(path: PurePosixPath) -> bool:
    """Whether *path* is a module that an import statement can spell."""
    return bool(_module(path)) and all(_importable(part) for part in path.parent.parts)


def _module(path: PurePosixPath) -> str:
    """Return the name of the module in the file *path*, ``""`` if there is none."""
    found = _SOURCE.fullmatch(path.name) or _EXTENSION.fullmatch(path.name)
    return found[1] if found and _importable(found[1]) else ""


def _importable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)
