"""Starting the console scripts of a project: the import that nobody asked for may be the one that fails."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.pip import runner
from pypi_subset.proof.methods import imports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.proof.closure import Present


#: Seconds that a script may take; one that still runs then has imported all it needs.
PATIENCE = 10
#: How many run at a time: most of their time goes into reading files.
_AT_ONCE = 4

_IMPORT_ERROR = re.compile(r"^(?:ImportError|ModuleNotFoundError)\b.*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Started:
    """How one script ended: exit code, ``None`` for one that did not, and what it wrote to standard error."""

    owner: Present
    name: str
    code: int | None
    said: str


def try_scripts(present: Sequence[Present], *, python: Path, folder: Path, target: str) -> tuple[str, ...]:
    """
    Return notes on what starting the console scripts of *present* with ``--help`` showed.

    That a script ends with an error is its own affair: it may want a file, a display or a server. That it cannot import
    is the subset's.

    :param python: the interpreter of the environment that they are installed in.
    :param folder: a folder for this run alone.
    :raises ProofFailed: a script lacks a module.
    """
    work = [(one, name) for one in present for name in one.scripts]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        started = list(pool.map(lambda each: _start(each[0], each[1], python, folder), work))
    return tuple(filter(None, (_verdict(one, target) for one in started)))


def _verdict(one: _Started, target: str) -> str:
    """Return a note on a script, ``""`` if there is nothing to say."""
    what = f"the script {one.name} of {one.owner.project}"
    if one.code is None:
        return f"{what} did not end within {PATIENCE} s"
    if one.code == 0:
        return ""
    complaints = _IMPORT_ERROR.findall(one.said)
    if not complaints:
        return f"{what} ended with {one.code}"
    complaint = " ".join(complaints[-1].split())
    if library := imports.library_missing(complaint):
        return f"{what}: {library}"
    if extra := imports.extra_missing(one.owner, one.said):
        return f"{what} needs the extra {extra}, which was not asked for"
    msg = f"{what} on {target} failed: {complaint}{imports.extra_in_vain(one.owner, one.said)}"
    raise ProofFailed(msg, project=one.owner.project, target=target)


def _start(owner: Present, name: str, python: Path, folder: Path) -> _Started:
    program = python.with_name(name + (".exe" if python.suffix else ""))
    words = folder / f"{name}.stderr"
    with words.open("wb") as stderr:
        try:
            process = subprocess.Popen(
                [program, "--help"],
                env=runner.sealed_environment(folder),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            return _Started(owner=owner, name=name, code=1, said=str(error))
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            imports.end(process)
    return _Started(owner=owner, name=name, code=code, said=words.read_text(encoding="utf-8", errors="replace"))
