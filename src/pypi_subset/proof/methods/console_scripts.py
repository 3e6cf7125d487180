"""Starting the console scripts of a project: the import that nobody asked for may be the one that fails."""

from __future__ import annotations

import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.methods import imports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.proof.closure import Present
    from pypi_subset.proof.isolation.box import Box


#: Seconds that a script may take; one that still runs then has imported all it needs.
PATIENCE = 10
#: Seconds that all scripts of a case may take together: what is not started by then gets a note.
TOTAL = 300
#: How many run at a time: most of their time goes into reading files.
_AT_ONCE = 4

#: Bytes of standard error in which a reason is looked for: the last ones.
_LONGEST = 8000

_IMPORT_ERROR = re.compile(r"^(?:ImportError|ModuleNotFoundError)\b.*", re.MULTILINE)


def try_scripts(present: Sequence[Present], *, python: Path, box: Box, target: str) -> tuple[str, ...]:
    """
    Return notes on what starting the console scripts of *present* with ``--help`` showed.

    That a script ends with an error is its own affair: it may want a file, a display or a server. That it cannot import
    is the subset's.

    :param python: the interpreter of the environment that they are installed in.
    :param box: shows that environment.
    :raises ProofFailed: a script lacks a module.
    """
    work = [(one, name) for one in present for name in one.scripts]
    until = time.monotonic() + TOTAL
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        ended = pool.map(lambda each: _ended(python.with_name(each[1] + python.suffix), box, until), work)
    return tuple(filter(None, (_verdict(*each, *end, target) for each, end in zip(work, ended, strict=True))))


def _verdict(owner: Present, name: str, code: int | None, said: str, target: str) -> str:
    """Return a note on a script, ``""`` if there is nothing to say."""
    what = f"the script {name} of {owner.project}"
    if code is None:
        return f"{what} {said}"
    if code == 0:
        return ""
    complaints = _IMPORT_ERROR.findall(said)
    if not complaints:
        return f"{what} ended with {code}"
    complaint = " ".join(complaints[-1].split())
    if library := imports.library_missing(complaint):
        return f"{what}: {library}"
    if extra := imports.extra_missing(owner, said):
        return f"{what} needs the extra {extra}, which was not asked for"
    msg = f"{what} on {target} failed: {complaint}{imports.extra_in_vain(owner, said)}"
    raise ProofFailed(msg, project=owner.project, target=target)


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
    return done.code, done.stderr[-_LONGEST:].decode(errors="replace")
