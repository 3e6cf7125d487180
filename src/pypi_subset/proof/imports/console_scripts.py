"""Start the console scripts of the requested projects: a script can import modules that no package imports."""

from __future__ import annotations

import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pypi_subset.proof.imports.missing import Error, Ground, Verdict, judged
from pypi_subset.proof.imports.settling import OF_A_SCRIPT, Found, found
from pypi_subset.proof.isolation.outcome import outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.proof.closure import Declared, Present
    from pypi_subset.proof.isolation.box import Box


PATIENCE = OF_A_SCRIPT
#: Seconds that all scripts of a case may take together: what is not started by then gets a note.
TOTAL = 300
#: How many run at a time: most of their time goes into reading files.
_AT_ONCE = 4

#: Scripts that a sentence names.
_SHOWN = 8

#: Bytes of standard error in which a reason is looked for: the last ones.
_LONGEST = 8000

_IMPORT_ERROR = re.compile(r"^(ImportError|ModuleNotFoundError)\b:?(.*)", re.MULTILINE)
#: Between an exception of a traceback and the one that it was raised from, or while it was handled.
_BETWEEN = re.compile(
    r"^(?:The above exception was the direct cause|During handling of the above exception)", re.MULTILINE
)


def try_scripts(
    wanted: Sequence[Present], declared: Declared, *, python: Path, box: Box, target: str
) -> tuple[Found, ...]:
    """
    Return what starting the console scripts of *wanted* with ``--help`` showed.

    A script that ends with another error gets a note: it may want a file, a display or a server. One that cannot import is
    judged as a module is.

    :param wanted: what was requested.
    :param declared: the declared closure, held against the environment.
    :param python: the interpreter of the environment.
    :param box: shows that environment.
    """
    work = [(one, name) for one in wanted for name in one.scripts]
    until = time.monotonic() + TOTAL
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        ended = pool.map(lambda each: _ended(python.with_name(each[1] + python.suffix), box, until), work)
    ground = Ground(declared=declared)
    alike: dict[tuple[str, Verdict], list[str]] = {}
    for (owner, name), end in zip(work, ended, strict=True):
        if verdict := _verdict(owner, *end, ground):
            alike.setdefault((owner.project, verdict), []).append(name)
    return tuple(_found(project, verdict, names, target) for (project, verdict), names in alike.items())


def _verdict(owner: Present, code: int | None, said: str, ground: Ground) -> Verdict | None:
    """Return what the end of a script of *owner* means, ``None`` if there is nothing to say."""
    if code == 0:
        return None
    errors = [*_errors(said)] if code else []
    if errors:
        return judged(errors, owner, ground)
    return Verdict(kind="note", fact=said if code is None else f"ended with {code}")


def _found(project: str, verdict: Verdict, names: Sequence[str], target: str) -> Found:
    """Return what the scripts *names* of *project* showed, which ended alike."""
    some = ", ".join(names[:_SHOWN]) + f" and {len(names) - _SHOWN} more" * (len(names) > _SHOWN)
    what = f"the script {some} of {project}" if len(names) == 1 else f"each of the scripts {some} of {project}"
    colon = ":" * verdict.fact.startswith("installed, ")
    about = f"{what}{colon}" if verdict.kind in {"note", "extra"} else f"{what} on {target}"
    return found(f"{about} {verdict.fact}", verdict, project)


def _errors(said: str) -> Iterator[Error]:
    """Yield the ImportErrors of the last traceback in *said*, the outermost first."""
    end = len(said)
    for match in reversed([*_IMPORT_ERROR.finditer(said)]):
        if end < len(said) and not _BETWEEN.search(said, match.end(), end):
            return
        yield Error(kind=match[1], text=" ".join(match[2].split()), is_import=True)
        end = match.start()


def _ended(program: Path, box: Box, until: float) -> tuple[int | None, str]:
    """Return exit code of *program* and what it wrote to standard error; ``None`` and the reason if it did not end."""
    left = math.ceil(until - time.monotonic())
    if left <= 0:
        return None, f"was not started: the scripts before it took {TOTAL} s"
    try:
        # What cannot be started, for its first line names no interpreter, is no fault of the box.
        done = outcome(box, [program, "--help"], min(PATIENCE, left))
    except OSError as error:
        return 1, str(error)
    if done.code is None:
        return None, done.why
    # The directory of the environment is one of this run alone.
    return done.code, done.stderr[-_LONGEST:].decode(errors="replace").replace(f"{program.parent.parent}/", "")
