"""``prove(case)``: one case in, one result out, with or without pytest, in this process or in another."""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset import files
from pypi_subset.errors import ProofFailed, SubsetError
from pypi_subset.model import Check
from pypi_subset.proof.environments import recorded
from pypi_subset.proof.installed import prove_installed
from pypi_subset.proof.markers import holds
from pypi_subset.proof.patches import at_patch_levels
from pypi_subset.proof.unpacked import prove_unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pypi_subset.model import Request, Status, Target
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
    if case.interpreter is not None:
        requests = _requested(case, dict(case.interpreter.markers))
        if not requests:
            return "skipped", NOT_REQUESTED, ()
        return "passed", "", prove_installed(case, case.interpreter, requests, folder)
    notes: dict[str, None] | None = None
    for target in at_patch_levels(case.target, case.site):
        environment = recorded(target)
        if requests := _requested(case, environment):
            work = folder / str(target.python[2])
            work.mkdir()
            with _said_of(target, case.target):
                found = prove_unpacked(replace(case, target=target), requests, environment, work)
            notes = (notes or {}) | dict.fromkeys(found)
    return ("skipped", NOT_REQUESTED, ()) if notes is None else ("passed", "", tuple(notes))


def _requested(case: Case, environment: Mapping[str, str]) -> list[Request]:
    return [one for one in case.requests if holds(one.requirement.marker, environment)]


@contextlib.contextmanager
def _said_of(target: Target, whole: Target) -> Iterator[None]:
    """Let a failure say of which patch level it is, where the target stands for several."""
    try:
        yield
    except SubsetError as error:
        if target.python == whole.python:
            raise
        what = f"with Python {'.'.join(map(str, target.python))}: {error.what}"
        raise ProofFailed(what, target=whole.name, next_step=error.next_step) from error
