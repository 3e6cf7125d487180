"""Importing what a project brings: modules as its RECORD lists them, never as its name suggests."""

from __future__ import annotations

import contextlib
import keyword
import re
import time
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.closure import plain
from pypi_subset.proof.isolation.launching import failed
from pypi_subset.proof.isolation.outcome import outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from packaging.requirements import Requirement

    from pypi_subset.proof.closure import Present
    from pypi_subset.proof.isolation.box import Box


#: Seconds that the imports of one case may take together.
PATIENCE = 120

#: Characters of a text that an import said, and of a path: patterns are not matched against more.
_LONGEST = 4000
#: Characters of the modules that are named in one command.
_COMMAND_LINE = 1 << 16

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

#: Runs in the fresh environment: imports one module after the other, and says after each what it ended with, and what a
#: module that exits lacked. Its standard output is a pipe to the proof, and no module's.
_SCRIPT = """
import importlib, json, os, sys
results = open(os.dup(1), "w", encoding="utf-8")
nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(nowhere, 1)
for name in sys.argv[1:]:
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


def try_imports(present: Sequence[Present], *, python: Path, box: Box, target: str) -> tuple[str, ...]:
    """
    Return notes on what importing the modules of *present* showed: stubs alone, or a library that the system lacks.

    :param python: the interpreter of the environment that they are installed in.
    :param box: shows that environment.
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
    ended, answers = _run(tuple(owners), python, box)
    exited, brought = Counter[str](), Counter(owner.project for owner in owners.values())
    for name, owner in owners.items():
        what = f"importing {name} of {owner.project} on {target}"
        errors = answers.get(name)
        if errors is None:
            msg = f"{what} {ended}"
            raise ProofFailed(msg, project=owner.project, target=target)
        if not errors:
            continue
        # A project's only module that exits since it cannot import something has nothing else to offer. One of several
        # may be a script, there for those who have what it wants.
        alone = brought[owner.project] == 1
        kind, text, _ = errors[-1] if alone and errors[-1][2] else errors[0]
        excuse = _excuse(kind, text, name)
        if kind in _LACKING and not excuse and (extra := extra_missing(owner, text)):
            # black's blackd: a part of the project that is there for those who asked for more.
            excuse = f"{name} needs the extra {extra}, which was not asked for"
        if not excuse:
            msg = f"{what} failed: {kind}: {text}{extra_in_vain(owner, text)}"
            raise ProofFailed(msg, project=owner.project, target=target)
        exited[owner.project] += kind == "SystemExit"
        if exited[owner.project] == brought[owner.project]:
            msg = f"{what} proves nothing: each of its modules ends the interpreter"
            raise ProofFailed(msg, project=owner.project, target=target)
        notes.append(f"{owner.project}: {excuse}")
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


#: Class and text of an exception, and whether it is an ImportError.
_Error = tuple[str, str, bool]


def _run(modules: Sequence[str], python: Path, box: Box) -> tuple[str, dict[str, tuple[_Error, ...]]]:
    """
    Import *modules*; return how the interpreter ended, and what each import said.

    A module without an answer ended the interpreter, or was never tried. An exit of its own choice is no answer.
    """
    answers: dict[str, tuple[_Error, ...]] = {}
    ended, left, until = "", float(PATIENCE), time.monotonic() + PATIENCE
    for some in _parts(modules):
        ended, answered = _run_some(some, python, box, left)
        left, answers = max(1.0, round(until - time.monotonic())), answers | answered
        if len(answered) < len(some):
            break
    return ended, answers


def _parts(modules: Sequence[str]) -> Iterator[list[str]]:
    """Yield *modules* in parts that a command line can hold."""
    part: list[str] = []
    for name in modules:
        if sum(map(len, part)) > _COMMAND_LINE:
            yield part
            part = []
        part.append(name)
    if part:
        yield part


def _run_some(
    modules: Sequence[str], python: Path, box: Box, timeout: float
) -> tuple[str, dict[str, tuple[_Error, ...]]]:
    command: list[str | Path] = [python, "-I", *box.options, "-c", _SCRIPT, *modules]
    try:
        done = outcome(box, command, timeout)
    except OSError as error:
        raise failed(str(error)) from error
    answers: dict[str, tuple[_Error, ...]] = {}
    for name, line in zip(modules, done.stdout.decode(errors="replace").split("\n"), strict=False):
        with contextlib.suppress(msgspec.DecodeError):
            if line.startswith(f"{name} "):
                told = msgspec.json.decode(line.removeprefix(f"{name} "), type=tuple[_Error, ...])
                answers[name] = tuple((kind[:_LONGEST], text[:_LONGEST], is_import) for kind, text, is_import in told)
    if done.code is None:
        return done.why, answers
    ended = f"signal {-done.code}" if done.code < 0 else f"exit code {done.code}"
    return f"ended the interpreter with {ended}", answers


def _counts(path: PurePosixPath) -> bool:
    """Whether *path* is a module that an import statement can spell."""
    # A RECORD may name files that are longer than any file can be.
    return len(str(path)) < _LONGEST and bool(_module(path)) and all(map(_importable, path.parent.parts))


def _module(path: PurePosixPath) -> str:
    """Return the name of the module in the file *path*, ``""`` if there is none."""
    found = _SOURCE.fullmatch(path.name) or _EXTENSION.fullmatch(path.name)
    return found[1] if found and _importable(found[1]) else ""


def _importable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)
