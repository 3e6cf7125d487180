"""Pre-releases that pip takes because the policy hides all final releases: no requirement asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.resolve.explain.rejections import admits, suits
from pypi_subset.resolve.explain.stated import lines_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.locks import Reason
    from pypi_subset.model.requests import Job
    from pypi_subset.upstream.offers import TargetOffers


def instead_of_refused(
    job: Job,
    chosen: Mapping[NormalizedName, Candidate],
    reasons: Mapping[NormalizedName, Collection[Reason]],
    limits: Sequence[str],
    offers: TargetOffers,
) -> Iterator[str]:
    """
    Yield constraints that exclude the pre-releases of each project of which pip would take a final one without the policy.

    :param chosen: what pip took, by project.
    :param reasons: who requires it.
    :param limits: the constraints that hold for all sets.
    """
    early = (
        [] if job.requirement_set.pre else [one for one in chosen.values() if one.distribution.version.is_prerelease]
    )
    for one in early:
        project = one.distribution.project
        stated = [each.requirement for each in reasons[project]]
        stated += [each for _, each in lines_of(job, limits, job.target).get(project, ())]
        if any(each.specifier.prereleases for each in stated):
            continue
        offered = [each for each in offers.candidates(project) if suits(each, job.target)]
        if any(
            each.verdicts
            and each.distribution.yanked is None
            and not each.distribution.version.is_prerelease
            and all(admits(line, each.distribution.version) for line in stated)
            for each in offered
        ):
            versions = {each.distribution.version for each in offered if each.distribution.version.is_prerelease}
            yield from (f"{project}!={version}" for version in sorted(versions))
