"""Requests that a lock leaves out because they have no solution: gaps, which an acceptance of the user must cover."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pypi_subset.model.checks import Finding
from pypi_subset.model.policy import GAP, acceptance_of
from pypi_subset.proof.cases import lock_reader
from pypi_subset.support import files
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pypi_subset.model.manifest import Manifest
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Job, Subset


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """
    A request that a lock leaves out.

    :param request: the requirement, as the set states it.
    :param why: why it has no solution.
    """

    request: str
    why: str

    @property
    def project(self) -> str:
        """The normalized name of the requested project, ``""`` if the text is no requirement."""
        try:
            return canonicalize_name(Requirement(self.request).name)
        except InvalidRequirement:
            return ""


def claims_of(path: Path) -> tuple[Claim, ...]:
    """Return what the lock at *path* leaves out; nothing of a lock that cannot be read, which the inventory names."""
    try:
        stated = tomllib.loads(files.read_input(path).decode())["tool"]["pypi-subset"].get("gaps", [])
        return tuple(Claim(request=str(one["request"]), why=printable(str(one["why"]))) for one in stated)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()


def accepted_of(job: Job, subset: Subset, paths: Paths) -> dict[str, Finding]:
    """Return request → what is accepted, of each request of *job* that its lock leaves out and an acceptance covers."""
    found = {}
    asked = {str(one.requirement) for one in job.requirement_set.requests}
    for claim in claims_of(_lock(job, paths)):
        by = acceptance_of(subset.accepted, (GAP, claim.project, job.target.name))
        if by is not None and claim.request in asked:
            what = f"{claim.request} is left out: {claim.why}"
            found[claim.request] = Finding(rule=GAP, project=claim.project, what=what, reason=by.reason, until=by.until)
    return found


def without(job: Job, left_out: Mapping[str, object]) -> Job:
    """Return *job* without the requests that are *left_out*."""
    own = job.requirement_set
    rest = tuple(one for one in own.requests if str(one.requirement) not in left_out)
    return job if len(rest) == len(own.requests) else replace(job, requirement_set=replace(own, requests=rest))


def unaccepted(paths: Paths, subset: Subset, manifest: Manifest) -> Iterator[str]:
    """Yield a sentence for each gap that a lock or the manifest claims and no acceptance covers, or that only one of them claims."""
    stated = Counter((one.name, gap.target, gap.requirement) for one in manifest.sets for gap in one.gaps or ())
    locked = Counter[tuple[str, str, str]]()
    for job in subset.jobs:
        place = job.requirement_set.name, job.target.name
        accepted = accepted_of(job, subset, paths)
        for claim in claims_of(_lock(job, paths)):
            locked[(*place, claim.request)] += 1
            if claim.request not in accepted:
                yield f"{_words(*place, claim.request)} by its lock, and no [[policy.accept]] covers that: run `pypi-subset mirror`"
    for one in sorted((stated - locked) + (locked - stated)):
        who, other = ("the manifest", "its lock") if one in stated else ("its lock", "the manifest")
        yield f"{_words(*one)} by {who}, but not by {other}: run `pypi-subset mirror`"
    for own in manifest.sets:
        for gap in own.gaps or ():
            by = acceptance_of(subset.accepted, (GAP, gap.project, gap.target))
            if by is None or (by.reason, by.until) != (gap.reason, gap.until):
                yield f"{_words(own.name, gap.target, gap.requirement)} by another acceptance than here: run `pypi-subset mirror`"


def _words(set_name: str, target: str, request: str) -> str:
    return f"{request} of {set_name} is left out on {target}"


def _lock(job: Job, paths: Paths) -> Path:
    return lock_reader.lock_path(paths.locks, job.requirement_set.name, job.target.name)
