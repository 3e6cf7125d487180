"""All gaps of a job in one run: what has no solution is left out, and the rest is tried again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pypi_subset.errors import Gaps, NoSolution
from pypi_subset.resolve.resolver import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.locks import Inputs
    from pypi_subset.model.requests import Job
    from pypi_subset.pip.pool import Pips
    from pypi_subset.resolve.resolver import Resolution
    from pypi_subset.upstream.gateway import Loopback

#: Times that the rest is tried; each leaves out at least one request.
ROUNDS = 8


def resolve_or_all_gaps(
    job: Job, *, inputs: Inputs, constraints: Sequence[str], index: Loopback, pips: Pips, work: Path
) -> Resolution:
    """
    Return the lock of one job as `resolve` does, with the same parameters.

    :raises NoSolution: one thing keeps requests from a solution.
    :raises Gaps: several do; the last ones were found after the requests of the first ones were left out.
    """
    found: list[NoSolution] = []
    left = job.requirement_set.requests
    for number in range(ROUNDS):
        own = replace(job.requirement_set, requests=left)
        try:
            resolution = resolve(
                replace(job, requirement_set=own),
                inputs=inputs,
                constraints=constraints,
                index=index,
                pips=pips,
                work=work if number == 0 else _below(work, number),
            )
        except (NoSolution, Gaps) as error:
            gaps = error.gaps if isinstance(error, Gaps) else (error,)
            found += gaps
            blocked = {origin for gap in gaps for origin in gap.requests}
            rest = tuple(one for one in left if one.origin not in blocked)
            if not rest or len(rest) == len(left):
                break
            left = rest
        else:
            if not found:
                return resolution
            break
    raise found[0] if len(found) == 1 else Gaps(found)


def _below(work: Path, number: int) -> Path:
    folder = work / f"again{number}"
    folder.mkdir(exist_ok=True)
    return folder
