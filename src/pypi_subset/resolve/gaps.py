"""All gaps of a job in one run: what has no solution is left out, and the rest is tried again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import Gaps, NoSolution, UndefinedMarker
from pypi_subset.resolve.certain import is_certain
from pypi_subset.resolve.resolver import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pypi_subset.model.locks import Inputs
    from pypi_subset.model.requests import Job, RequirementSet
    from pypi_subset.pip.pool import Pips
    from pypi_subset.resolve.resolver import Resolution
    from pypi_subset.upstream.gateway import Loopback

#: Times that the rest is tried; each leaves out at least one request.
ROUNDS = 16


def resolve_or_all_gaps(
    job: Job, *, inputs: Inputs, constraints: Sequence[str], index: Loopback, pips: Pips, work: Path
) -> Resolution:
    """
    Return the lock of one job as `resolve` does, with the same parameters.

    :raises NoSolution: one thing keeps requests from a solution.
    :raises Gaps: several do; the last ones were found after the requests of the first ones were left out.
    """
    found: list[NoSolution] = []
    own, limits = job.requirement_set, constraints
    for number in range(ROUNDS):
        try:
            resolution = resolve(
                replace(job, requirement_set=own),
                inputs=inputs,
                constraints=limits,
                index=index,
                pips=pips,
                work=work if number == 0 else _below(work, number),
            )
        except (NoSolution, Gaps) as error:
            gaps = error.gaps if isinstance(error, Gaps) else (error,)
            known = {one.problem for one in found}
            found += [gap for gap in gaps if gap.problem not in known]
            left = own
            if any(gap.kind == "hash" for gap in gaps):
                own, limits = without_hashes(own), [line.partition(" --hash")[0] for line in limits]
            own = _without(own, gaps)
            if not own.requests or own == left:
                break
        else:
            if not found:
                return resolution
            break
    for gap in found:
        projects = _acceptable(gap, job.requirement_set)
        asked = [one.requirement for one in job.requirement_set.requests]
        asked = [one for one in asked if canonicalize_name(one.name) in projects]
        # No entry covers a gap that rests on a page that an index hides.
        certain = asked and is_certain(asked, gap, job.target, index.upstream.on(job.target.name))
        gap.accept = projects if certain else ()
    raise found[0] if len(found) == 1 else Gaps(found)


def _acceptable(gap: NoSolution, own: RequirementSet) -> tuple[str, ...]:
    """Return the projects whose requests the user can accept as gaps: those that have no solution alone."""
    apart = gap.kind == "" or (gap.kind == "clash" and len({*gap.requests}) == 1)
    if not apart or isinstance(gap, UndefinedMarker):
        return ()
    named = [canonicalize_name(one.requirement.name) for one in own.requests if one.origin in gap.requests]
    # Several requests may have one line.
    blamed = [one for one in named if one == gap.project]
    return tuple(dict.fromkeys(blamed or named))


def _without(own: RequirementSet, gaps: Iterable[NoSolution]) -> RequirementSet:
    """Return the set without the lines that keep it from a solution; of those that exclude each other, without the last."""
    blocked: set[str] = set()
    for gap in gaps:
        if gap.kind != "hash":
            blocked.update(gap.requests[-1:] if gap.kind == "clash" else gap.requests)
    return replace(own, requests=tuple(one for one in own.requests if one.origin not in blocked))


def without_hashes(own: RequirementSet) -> RequirementSet:
    """Return the set with the same versions and no hash: pip takes any file then, and comes to the other gaps."""
    requests, constraints = (
        tuple(replace(one, hashes=()) for one in those) for those in (own.requests, own.constraints)
    )
    return replace(own, requests=requests, constraints=constraints)


def _below(work: Path, number: int) -> Path:
    folder = work / f"again{number}"
    folder.mkdir(exist_ok=True)
    return folder
