"""Requests that have no solution on a target and that the user accepts there as gaps: what locks hold of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from pypi_subset.distributions import filenames
from pypi_subset.distributions.metadata import parse_requirement
from pypi_subset.errors import LockError
from pypi_subset.model.locks import AcceptedGap, LeftOut
from pypi_subset.model.policy import GAP, acceptance_of, unneeded_gap
from pypi_subset.support.text import printable, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Job, Subset


def stated_of(one: LeftOut) -> dict[str, str]:
    """Return what a lock file holds of a request that is left out, without secrets of URLs."""
    return {"request": one.request, "why": printable(without_secrets(one.why))}


def read(stated: Mapping[str, Any]) -> LeftOut:
    """
    Return a request that is left out, from what a lock file holds of it.

    :raises ValueError: it is no requirement.
    """
    text, why = str(stated["request"]), printable(str(stated["why"]))
    return LeftOut(request=text, project=canonicalize_name(parse_requirement(text).name), why=why)


def file_name(stated: object) -> str:
    """
    Return the name of a lost file, as a lock file holds it.

    :raises ValueError: it is no name of a distribution.
    """
    filenames.parse(str(stated))
    return str(stated)


def accepted_gaps(subset: Subset, locks: Iterable[Lock]) -> tuple[AcceptedGap, ...]:
    """
    Return all requests that *locks* leave out, each with its acceptance, sorted by set and target.

    :raises LockError: a lock leaves out a request that no acceptance covers.
    """
    found = []
    for lock in sorted(locks, key=lambda one: (one.set_name, one.target_name)):
        for one in lock.gaps:
            by = acceptance_of(subset.accepted, (GAP, one.project, lock.target_name))
            if by is None:
                msg = f"the lock {lock.name} leaves out {one.request}, and no [[policy.accept]] covers that"
                raise LockError(msg, project=one.project, next_step="run `pypi-subset update`, or delete the lock")
            found.append(
                AcceptedGap(
                    set=lock.set_name,
                    target=lock.target_name,
                    request=one.request,
                    project=one.project,
                    why=one.why,
                    reason=by.reason,
                    until=by.until,
                )
            )
    return tuple(found)


def unneeded(subset: Subset, locks: Iterable[Lock]) -> list[str]:
    """Return a sentence for each acceptance of a gap, or target of one, that no lock needs."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    for lock in locks:
        for one in lock.gaps:
            used[one.project].add(lock.target_name)
    own = (one for one in subset.accepted if one.rule == GAP)
    return [sentence for one in own for sentence in unneeded_gap(one, used[one.project])]


def served(job: Job, lock: Lock) -> Job:
    """Return *job* without the requests that *lock* leaves out."""
    return without(job, {one.request for one in lock.gaps})


def without(job: Job, texts: Iterable[str]) -> Job:
    """Return *job* without the requests that have one of *texts* as their requirement."""
    gone = {*texts}
    if not gone:
        return job
    left = tuple(one for one in job.requirement_set.requests if str(one.requirement) not in gone)
    return replace(job, requirement_set=replace(job.requirement_set, requests=left))
