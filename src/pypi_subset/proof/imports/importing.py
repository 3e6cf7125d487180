"""Import the public modules of each requested project in a separate process, and judge the result."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.proof.imports.missing import LONGEST, Error, Ground, judged
from pypi_subset.proof.imports.public_modules import public_modules
from pypi_subset.proof.imports.settling import OF_IMPORTS, Found, found
from pypi_subset.proof.isolation.launching import failed
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.support.machine import memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.proof.closure import Declared, Present
    from pypi_subset.proof.imports.missing import Verdict
    from pypi_subset.proof.isolation.box import Box


PATIENCE = OF_IMPORTS

#: How many projects are imported at a time, each in a process of its own.
_AT_ONCE = 2

#: Characters of the modules that are named in one command.
_COMMAND_LINE = 1 << 16

#: Runs in the fresh environment: imports one module after the other, and writes after each what it ended with: the
#: exception and those that it was raised from. Its standard output is a pipe to the proof, and no module's. No module
#: sees arguments, and an exception whose text cannot be had has none. The garbage collector is off: most objects of an
#: import stay until the end, and it would look at them many times.
_SCRIPT = """
import gc, importlib, json, os, sys
gc.disable()
results = open(os.dup(1), "w", encoding="utf-8")
nowhere = os.open(os.devnull, os.O_WRONLY)
os.dup2(nowhere, 1)
names = sys.argv[1:]
del sys.argv[1:]
def said(error):
    try:
        return " ".join(str(error).split()).encode("utf-8", "backslashreplace").decode("utf-8")
    except BaseException:
        return ""
for name in names:
    results.write(name + " ")
    results.flush()
    chain, direct = [], True
    try:
        importlib.import_module(name)
    except BaseException as error:
        while error is not None and len(chain) < 20:
            lacks = getattr(error, "name", None) if isinstance(error, ImportError) else None
            text, kind = said(error), type(error).__name__
            chain.append([kind, text, isinstance(error, ImportError), lacks if isinstance(lacks, str) else "", direct])
            direct = error.__cause__ is not None
            error = error.__cause__ or error.__context__
    results.write(json.dumps(chain) + "\\n")
    results.flush()
"""

#: How an import ends the interpreter, and how that is said of an interpreter that has imported everything.
_BY_ITSELF, _AFTERWARDS = "ended the interpreter with ", "ended afterwards with "
_CLEAN = f"{_BY_ITSELF}exit code 0"

#: As an error is sent: class, text, whether it is an ImportError, the module that it names, and whether the one before
#: it was raised from it.
_Sent = tuple[str, str, bool, str, bool]


def try_imports(
    wanted: Sequence[Present], declared: Declared, *, python: Path, box: Box, target: str
) -> tuple[Found, ...]:
    """
    Return what importing the public modules of *wanted* showed: notes, and what is lacking or fails.

    :param wanted: what was requested.
    :param declared: the declared closure, held against the environment.
    :param python: the interpreter of the environment.
    :param box: shows that environment.
    """
    ground = Ground(declared=declared)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        every = pool.map(lambda one: tuple(_of_project(one, ground, python, box, target)), wanted)
        return tuple(each for found in every for each in found)


def _of_project(owner: Present, ground: Ground, python: Path, box: Box, target: str) -> Iterator[Found]:
    public = public_modules(owner, ground.declared.projects)
    yield from map(found, public.notes)
    ended, answers = _run(public.modules, python, box) if public.modules else (_CLEAN, {})
    verdicts: list[tuple[str, str, Verdict]] = []
    for name in public.modules:
        what = f"importing {name} of {owner.project} on {target}"
        errors = answers.get(name)
        if errors is None:
            # What was not tried after it has no result of its own.
            yield Found(kind="failed", project=owner.project, words=f"{what} {ended}")
            return
        if errors:
            verdicts.append((name, what, judged(errors, owner, ground, name)))
    # A project of which nothing at all imports has shown nothing.
    alone = len(verdicts) == len(public.modules)
    for name, what, one in verdicts:
        about = {"note": f"{owner.project}:", "extra": f"{owner.project}: {name}"}.get(one.kind, what)
        yield found(f"{about} {one.fact}", one, owner.project, alone=alone)
    if ended != _CLEAN:
        words = f"the interpreter that imported {owner.project} on {target} {ended.replace(_BY_ITSELF, _AFTERWARDS)}"
        yield Found(kind="failed", project=owner.project, words=words)


def _run(modules: Sequence[str], python: Path, box: Box) -> tuple[str, dict[str, tuple[Error, ...]]]:
    """
    Import *modules*; return how the interpreter ended, and what each import said.

    A module without an answer ended the interpreter, or was never tried. An exit of its own choice is no answer.
    """
    answers: dict[str, tuple[Error, ...]] = {}
    ended, left, until = _CLEAN, float(PATIENCE), time.monotonic() + PATIENCE
    for some in _parts(modules):
        ended, answered = _run_some(some, python, box, left)
        left, answers = max(1.0, round(until - time.monotonic())), answers | answered
        if len(answered) < len(some) or ended != _CLEAN:
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
) -> tuple[str, dict[str, tuple[Error, ...]]]:
    command: list[str | Path] = [python, "-I", *box.options, "-c", _SCRIPT, *modules]
    try:
        done = outcome(box, command, timeout)
    except OSError as error:
        raise failed(str(error)) from error
    answers: dict[str, tuple[Error, ...]] = {}
    for name, line in zip(modules, done.stdout.decode(errors="replace").split("\n"), strict=False):
        with contextlib.suppress(msgspec.DecodeError):
            if line.startswith(f"{name} "):
                sent = msgspec.json.decode(line.removeprefix(f"{name} "), type=tuple[_Sent, ...])
                answers[name] = tuple(_error(one, f"{python.parent.parent}/") for one in sent)
    if done.code is None:
        return done.why, answers
    ended = f"signal {-done.code}" if done.code < 0 else f"exit code {done.code}"
    if memory.ran_out(done.code, "") == memory.KILLED:
        ended += f": it {memory.KILLED}"
    return f"{_BY_ITSELF}{ended}", answers


def _error(sent: _Sent, root: str) -> Error:
    """Return an error as it is judged; paths in its text begin below *root*, the directory of this run alone."""
    kind, text, is_import, name, direct = sent
    text = text[:LONGEST].replace(root, "")
    return Error(kind=kind[:LONGEST], text=text, is_import=is_import, name=name[:LONGEST], direct=direct)
