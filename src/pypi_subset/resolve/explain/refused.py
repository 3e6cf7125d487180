"""Releases that the policy refuses, and what lets them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.intake.rules import MIN_AGE
from pypi_subset.policy.untimed import index_of
from pypi_subset.resolve.explain.rejections import suits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.intake.verdicts import Verdict
    from pypi_subset.model.targets import Target


def letting_in(verdict: Verdict) -> str:
    """Return how the user lets a release in that the policy refuses."""
    if verdict.is_final:
        return "do without it: nothing in [policy] lets in what is known as malicious"
    own = f', id = "{verdict.ids[0]}"' if verdict.ids else ""
    release = f'project = "{verdict.project}", version = "=={verdict.version}"{own}'
    return f'to accept it, write [[policy.accept]] with rule = "{verdict.rule}", {release}, a reason and a last day'


def refused(files: Sequence[Candidate], target: Target) -> Candidate | None:
    """Return a wheel of a release that suits *target* but for the policy; ``None`` if one is admitted, or none suits."""
    suiting = [one for one in files if suits(one, target)]
    if not suiting or any(not one.verdicts for one in suiting):
        return None
    return min(suiting, key=lambda one: len(one.verdicts))


def naming(files: Sequence[Candidate], target: Target) -> str:
    """Return the line that names a release whose wheels for *target* were all yanked; ``""`` if that is not the cause."""
    suiting = [one.distribution for one in files if suits(one, target)]
    if not suiting or any(one.yanked is None for one in suiting):
        return ""
    # pip takes a yanked release only if `==` names it (PEP 592).
    return f"write '{suiting[0].project}=={suiting[0].version}' in the set"


def newest_refused(
    releases: Mapping[Version, Sequence[Candidate]], target: Target, *, pre: bool = False
) -> Candidate | None:
    """
    Return a wheel of the newest of *releases* that the policy alone keeps away from *target*; ``None`` without one.

    A final release comes first: while one is refused, pip gets no pre-release in its place.

    :param pre: whether pre-releases count as any release.
    """
    return next(_all_refused(releases, target, pre=pre), None)


def refusals(
    releases: Mapping[Version, Sequence[Candidate]], target: Target, *, pre: bool = False
) -> tuple[Candidate, Candidate] | None:
    """
    Return what `newest_refused` does, and a wheel of the release that the fewest acceptances let in, the newest of several.

    No acceptance lets a malicious release in. A pre-release does not count while a final release is refused.
    """
    every = [*_all_refused(releases, target, pre=pre)]
    final = [one for one in every if pre or not one.distribution.version.is_prerelease] or every
    if not every:
        return None
    return every[0], min(final, key=lambda one: (any(each.is_final for each in one.verdicts), len(one.verdicts)))


def _all_refused(releases: Mapping[Version, Sequence[Candidate]], target: Target, *, pre: bool) -> Iterator[Candidate]:
    """Yield a wheel of each release that the policy alone keeps away, as `newest_refused` orders them."""
    ordered = sorted(releases, key=lambda version: (pre or not version.is_prerelease, version), reverse=True)
    yield from filter(None, (refused(releases[version], target) for version in ordered))


def admitted_from(releases: Mapping[Version, Sequence[Candidate]], target: Target, *, pre: bool = False) -> str:
    """
    Return the first moment at which age keeps none of *releases* away from *target*; ``""`` if waiting does not help.

    :param pre: whether pre-releases count as any release.
    """
    final = [version for version in releases if pre or not version.is_prerelease] or [*releases]
    wheels = (one for version in final for one in releases[version] if suits(one, target))
    return min(
        (one.verdicts[0].until for one in wheels if len(one.verdicts) == 1 and one.verdicts[0].until), default=""
    )


def reason_of(one: Candidate) -> str:
    """Return why the policy refuses a wheel, with the rules; nothing in it depends on the moment of the run."""
    name = f"{one.distribution.project} {one.distribution.version}"
    return "; ".join(verdict.lasting.removeprefix(f"{name} ").removeprefix(f"{name}: ") for verdict in one.verdicts)


def way_in(one: Candidate, *, until: str = "") -> str:
    """
    Return how the user lets a wheel in that the policy refuses: an acceptance for each rule, or what else admits it.

    :param until: the moment from which something is admitted. A lock must not hold it: ``as_of`` repeats its bytes.
    """
    untimed = any(verdict.rule == MIN_AGE for verdict in one.verdicts) and one.distribution.upload_time is None
    ways = []
    if untimed and len(one.verdicts) == 1:
        index = index_of(one, one.distribution.project)
        ways.append(f'write no_times = ["{index}"] below [policy], which admits all files of that index without a time')
    if until:
        ways.append(f"wait until {until}")
    return "; or ".join([*ways, "; and ".join(map(letting_in, one.verdicts))])
