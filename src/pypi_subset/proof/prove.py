"""``prove(case)``: one case in, one result out, with or without pytest, in this process or in another."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset import files
from pypi_subset.errors import SubsetError
from pypi_subset.model import Check
from pypi_subset.proof.environments import recorded
from pypi_subset.proof.installed import prove_installed
from pypi_subset.proof.markers import holds
from pypi_subset.proof.unpacked import prove_unpacked

if TYPE_CHECKING:
    from pypi_subset.model import Status
    from pypi_subset.proof.case import Case

#: The reason of a request whose marker is false for the target.
NOT_REQUESTED = "not requested here"


def prove(case: Case) -> Check:
    """Return the result of *case*: green, red with one sentence, or skipped because nothing of it applies there."""
    start = time.monotonic()
    case.work.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="case-", dir=case.work))
    try:
        status, reason, notes = _outcome(case, folder)
    except SubsetError as error:
        status, reason, notes = "failed", "; ".join(filter(None, (error.what, error.next_step))), ()
    finally:
        files.remove_tree(folder)
    return check_of(case, status, reason, seconds=time.monotonic() - start, notes=notes)


def check_of(
    case: Case, status: Status, reason: str = "", *, seconds: float = 0.0, notes: tuple[str, ...] = ()
) -> Check:
    """Return the result of *case* with the given outcome."""
    return Check(
        target=case.target.name,
        set_name=case.set_name,
        request=case.request,
        proof=case.proof,
        status=status,
        reason=reason,
        seconds=round(seconds, 2),
        interpreter="" if case.interpreter is None else str(case.interpreter),
        notes=notes,
    )


def _outcome(case: Case, folder: Path) -> tuple[Status, str, tuple[str, ...]]:
    environment = recorded(case.target) if case.interpreter is None else dict(case.interpreter.markers)
    requests = [one for one in case.requests if holds(one.requirement.marker, environment)]
    if not requests:
        return "skipped", NOT_REQUESTED, ()
    if case.interpreter is None:
        return "passed", "", prove_unpacked(case, requests, environment, folder)
    return "passed", "", prove_installed(case, case.interpreter, requests, folder)
