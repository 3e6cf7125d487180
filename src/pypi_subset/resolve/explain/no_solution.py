"""
Why there is no solution: for each request the first obstacle of its newest release, with what was seen and the ways out.

pip says "from versions: none" where the truth is "every wheel starts at macOS 12", and after backtracking it names what
the oldest release needs. The pages that pip looked at are still at hand, so each release can say for itself why it was
passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.resolve.explain.addresses import address_gap, address_of
from pypi_subset.resolve.explain.alternatives import settled
from pypi_subset.resolve.explain.clashes import Paths, contradiction, named_by_pip, newest_clash
from pypi_subset.resolve.explain.hashes import hash_gaps, no_solution
from pypi_subset.resolve.explain.obstacles import Inspector, joined_of
from pypi_subset.resolve.explain.rejections import SHOWN, admits, by_release, obstacle, suits
from pypi_subset.resolve.explain.sentences import way_to
from pypi_subset.resolve.explain.stated import lines_of
from pypi_subset.resolve.explain.unmatched import Known, unmatched
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.requirements import Requirement

    from pypi_subset.errors import NoSolution
    from pypi_subset.model.requests import Job, Request
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking, Obstacle
    from pypi_subset.upstream.offers import TargetOffers

_UNREADABLE = re.compile(
    r"Ignoring version (?P<version>\S+) of (?P<name>\S+) since it has invalid metadata:\n.* has invalid metadata: (?P<why>.+)"
)


def explain(
    complaint: str, output: str, job: Job, upstream: TargetOffers, limits: Sequence[str] = ()
) -> tuple[NoSolution, ...]:
    """
    Return the errors that explain why *job* has no solution, at least one, in the order of the requests.

    :param complaint: pip's reason in one line, the last resort.
    :param output: everything that pip wrote.
    :param upstream: knows what the indexes have of a project, fitting or not.
    :param limits: the constraints of pip's configuration.
    """
    known = Known(upstream=upstream, unreadable=_unreadable(output))
    if wrong := hash_gaps(output, job, upstream):
        return wrong
    lines = lines_of(job, limits, job.target)
    asked = [one for one in job.requirement_set.requests if _holds(one, job.target)]
    inspector = Inspector(
        target=job.target,
        offers=upstream,
        limits=lines,
        pre=job.requirement_set.pre,
        requested=frozenset(one.origin for one in asked),
    )
    if found := _blocked(asked, inspector):
        return tuple(_gap_of(one, origins, job, known, inspector) for one, origins in found)
    stated = [(one.origin, one.requirement) for one in asked]
    if (address := address_of(output, job, upstream, Paths(inspector=inspector, asked=stated))) is not None:
        return (address,)
    if clash := newest_clash(inspector, stated) or named_by_pip(output, job):
        roots = Paths(inspector=inspector, asked=stated).to(clash)
        return (contradiction(clash, job, upstream, roots),)
    what = f"pip found no solution, and gave as its reason: {complaint}"
    return (no_solution(job, what, next_step="run it again with `--verbose` for all that pip says"),)


def _holds(request: Request, target: Target) -> bool:
    try:
        return holds(request.requirement.marker, target.environment)
    except UndefinedName:
        return False


def _blocked(asked: Iterable[Request], inspector: Inspector) -> list[tuple[Obstacle, list[str]]]:
    """Return each obstacle once, with the requests that it keeps from a solution."""
    found: dict[tuple[str, str, str], tuple[Obstacle, list[str]]] = {}
    for request in asked:
        if (one := inspector.obstacle(request.origin, request.requirement)) is not None:
            # Two lines that contradict each other are one obstacle, whichever is asked first.
            key = one.kind, one.project, " ".join(sorted(str(asking.specifier) for _, asking in one.asking))
            found.setdefault(key, (one, []))[1].append(request.origin)
    return list(found.values())


def _gap_of(found: Obstacle, requests: Sequence[str], job: Job, known: Known, inspector: Inspector) -> NoSolution:
    """Return the error about one obstacle."""
    if found.kind == "clash":
        own = {one.origin for one in job.requirement_set.requests}
        # The line comes last: without it the requests have a solution.
        parties = [who for who, _ in found.asking if who in own and who not in requests]
        return contradiction(found.asking, job, known.upstream, [*requests, *parties])
    if found.kind == "url":
        return address_gap(found.chain, job, requests, inspector)
    if (limit := found.limit) is not None:
        return no_solution(job, limit.what, project=limit.project, next_step=limit.next_step, requests=requests)
    asking = found.asking if found.kind != "metadata" else found.chain[-1:]
    unread = {} if found.kind != "metadata" else _damaged(found.asking[0][1])
    gap = unmatched(asking, job, known, origin=_origin(found, asking), requests=requests, damaged=unread)
    why, step = _of_newest(found, job.target, known, inspector)
    if why:
        gap.details = gap.seen = (why, *gap.seen[: SHOWN - 1])
    if step:
        gap.next_step = "; or ".join(filter(None, (gap.next_step, step)))
    return gap


def _of_newest(found: Obstacle, target: Target, known: Known, inspector: Inspector) -> tuple[str, str]:
    """Return why the newest release of a requested project is not the one in the chain, and what changes that."""
    if len(found.chain) == 1:
        return "", ""
    project = canonicalize_name(found.chain[0][1].name)
    joined = joined_of([found.chain[0], *inspector.limits.get(project, ())])
    candidates = (
        one for one in settled(known.upstream.candidates(project)) if admits(joined, one.distribution.version)
    )
    releases = by_release(candidates)
    newest = max(releases, default=None)
    if newest is None or any(suits(one, target) for one in releases[newest]):
        return "", ""
    step = way_to(releases[newest], target, known.upstream)
    # Another system is no way to a release that has an older one here.
    step = "" if step.startswith("nearest is ") else f"for {project} {newest}, the newest: {step}"
    return f"{project} {newest}: {obstacle(releases[newest], target)}", step


def _damaged(release: Requirement) -> dict[Version, str]:
    return {Version(one.version): "its metadata cannot be read" for one in release.specifier}


def _origin(found: Obstacle, asking: Sequence[Asking]) -> str:
    """``omegaconf 2.3.1, by hydra-core 1.3.8``: who requires the last project of the chain; ``""`` if a line alone does."""
    chain = [who for who, _ in found.chain[1:]]
    limits = [who for who, _ in asking[1:]]
    if not chain:
        return ", ".join([asking[0][0], *limits]) if limits else ""
    return ", ".join([", by ".join(reversed(chain)), *limits])


def _unreadable(output: str) -> dict[tuple[str, Version], str]:
    return {
        (canonicalize_name(one["name"]), Version(one["version"])): f"its metadata is invalid: {one['why']}"
        for one in _UNREADABLE.finditer(output)
    }
