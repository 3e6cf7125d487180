"""Requests that the user accepts as gaps: those that have no solution alone are left out, and the rest is resolved."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import Gaps, NoSolution, UndefinedMarker
from pypi_subset.model.locks import LeftOut
from pypi_subset.resolve.certain import require_certain
from pypi_subset.resolve.gaps import resolve_or_all_gaps, without_hashes
from pypi_subset.resolve.resolver import Resolution, resolve
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.locks import Inputs
    from pypi_subset.model.requests import Job, Request
    from pypi_subset.pip.pool import Pips
    from pypi_subset.upstream.gateway import Loopback
    from pypi_subset.upstream.offers import TargetOffers


def resolve_with_gaps(  # noqa: PLR0913 - as `resolve`, and what may be left out
    job: Job,
    *,
    inputs: Inputs,
    constraints: Sequence[str],
    index: Loopback,
    pips: Pips,
    work: Path,
    accepted: Collection[str] = (),
) -> Resolution:
    """
    Return the lock of one job as `resolve_or_all_gaps` does, without accepted requests that have no solution alone.

    If all requests have a solution together, none is left out. A contradiction between requests stays an error.

    :param accepted: normalized projects whose requests may be left out.
    :raises NoSolution: one thing keeps the other requests from a solution.
    :raises Gaps: several do.
    :raises UpstreamError: an index hides the page of a project that an accepted request may need.
    """
    # The lock holds the cause of a gap.
    given = partial(resolve, inputs=inputs, index=index, pips=pips, later=False)
    every = partial(resolve_or_all_gaps, inputs=inputs, constraints=constraints, index=index, pips=pips)
    if not accepted:
        return every(job, work=work)
    try:
        return given(job, constraints=constraints, work=_below(work, "all"))
    except UndefinedMarker:
        raise
    except (NoSolution, Gaps):
        found, lost = {}, set[str | None]()
        plain = [line.partition(" --hash")[0] for line in constraints]
        for number, one in enumerate(_accepted(job, accepted)):
            # Wrong hashes are no gap: the file may be another one than was meant.
            alone = without_hashes(replace(job.requirement_set, requests=(one,)))
            try:
                given(replace(job, requirement_set=alone), constraints=plain, work=_below(work, f"alone{number}"))
            except UndefinedMarker:
                raise
            except (NoSolution, Gaps) as error:
                first = error.gaps[0] if isinstance(error, Gaps) else error
                offers = index.upstream.on(job.target.name)
                what = f"{job.name}: whether {one.requirement} has a solution is not known"
                require_certain([one.requirement], error, what, job.target, offers)
                why = _cause(first, offers)
                blamed = error.gaps if isinstance(error, Gaps) else (error,)
                lost |= {offers.lost_file(canonicalize_name(gap.project or "")) for gap in blamed}
                text = str(one.requirement)
                found[text] = LeftOut(request=text, project=canonicalize_name(one.requirement.name), why=why)
        if not found:
            return every(job, work=work)
    rest = [one for one in job.requirement_set.requests if str(one.requirement) not in found]
    left = every(replace(job, requirement_set=replace(job.requirement_set, requests=tuple(rest))), work=work)
    lock = replace(left.lock, gaps=tuple(found.values()), lost=tuple(sorted(filter(None, lost))))
    return replace(left, lock=lock)


def _accepted(job: Job, accepted: Collection[str]) -> Iterator[Request]:
    """Yield the requests of the projects *accepted*, each text once."""
    seen = set[str]()
    for one in job.requirement_set.requests:
        if canonicalize_name(one.requirement.name) in accepted and str(one.requirement) not in seen:
            seen.add(str(one.requirement))
            yield one


def _cause(gap: NoSolution, offers: TargetOffers) -> str:
    """
    Return why there is no solution: what fits no wheel has its first obstacle, which may be another than tags.

    A directory has its last name alone, since a lock holds no absolute path.
    """
    why = f"{gap.problem} ({gap.seen[0]})" if gap.seen and "no wheel fits" in gap.problem else gap.problem
    source = offers.source_of(canonicalize_name(gap.project or ""))
    for one in source.chain if source else ():
        why = why.replace(one.place, one.wheels.name) if one.wheels else why
    return why


def _below(work: Path, name: str) -> Path:
    folder = work / name
    with files.folder_errors(work):
        folder.mkdir(exist_ok=True)
    return folder
