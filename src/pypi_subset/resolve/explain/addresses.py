"""The error about a release that requires a URL: who requires which URL, and the line that avoids it."""

from __future__ import annotations

import contextlib
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pypi_subset.distributions.metadata import dependencies_of, parse_requirement
from pypi_subset.errors import BadDistribution, HashMismatch, UpstreamError
from pypi_subset.resolve.explain.hashes import no_solution
from pypi_subset.resolve.explain.obstacles import RELEASES
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.errors import NoSolution
    from pypi_subset.model.requests import Job
    from pypi_subset.resolve.explain.clashes import Paths
    from pypi_subset.resolve.explain.obstacles import Asking, Inspector
    from pypi_subset.upstream.offers import TargetOffers

#: What the tool's own pip says of an address that a release requires.
_ADDRESS = "only the loopback index is for pip"
#: Requirements that are followed in search of an address.
_MOST = 3000


def address_gap(chain: Sequence[Asking], job: Job, requests: Sequence[str], inspector: Inspector) -> NoSolution:
    """
    Return the error about the URL at the end of *chain*.

    :param requests: the lines that lead to it.
    """
    who, requirement = chain[-1]
    what = f"{who} requires a URL, and no release of an index, for {requirement.name}: {requirement.url}"
    project, _, version = who.partition(" ")
    step = _another(chain, inspector) if version else "name a release"
    return no_solution(job, what, project=project, next_step=f"{step}: it cannot be mirrored", requests=requests)


def _another(chain: Sequence[Asking], inspector: Inspector) -> str:
    """Return the line that takes another release of the project that requires the URL, or of one above it."""
    for asking, (who, _) in reversed([*pairwise(chain)]):
        project, _, version = who.partition(" ")
        name = canonicalize_name(project)
        offer = inspector.offer(name)
        usable = inspector.usable([asking, *inspector.limits.get(name, ())], offer)
        others = [one for one in usable if str(one) != version]
        for other in others[:RELEASES]:
            found = inspector.inside(name, offer.fitting[other], frozenset(map(canonicalize_name, asking[1].extras)))
            if found is None or found.kind != "url":
                return f"write '{project}{f'!={version}' if other is others[0] else f'<={other}'}' in the set"
    return f"leave {chain[0][1].name} out of the set"


def address_of(output: str, job: Job, upstream: TargetOffers, paths: Paths) -> NoSolution | None:
    """Return the error about an address that some release requires, if *output* of pip says that pip stopped there."""
    for chain in _addresses(paths):
        if str(chain[-1][1].url) in output:
            return address_gap(chain, job, paths.to([chain[-1]]), paths.inspector)
    for one, metadata in reversed(upstream.metadata_seen()):
        stated = dependencies_of(metadata)
        for text in stated.requires if b"@" in metadata else ():
            try:
                requirement = parse_requirement(text)
                concerns = requirement.url and holds(requirement.marker, job.target.environment, stated.extras)
            except (InvalidRequirement, UndefinedName):
                continue
            # Releases that another set or target requires are seen as well.
            if concerns and str(requirement.url) in output:
                last = f"{one.project} {one.version}", requirement
                return address_gap((("", Requirement(one.project)), last), job, paths.to([last]), paths.inspector)
    if _ADDRESS not in output:
        return None
    what = "a release requires a URL instead of a release of an index: it cannot be mirrored"
    return no_solution(job, what, next_step="require another version of that project")


def _addresses(paths: Paths) -> Iterator[tuple[Asking, ...]]:
    """Yield the requirements that lead to each URL along the newest releases, the shortest chain first."""
    inspector, seen = paths.inspector, set[str]()
    waiting: deque[tuple[Asking, ...]] = deque((one,) for one in paths.asked)
    while waiting and len(seen) < _MOST:
        chain = waiting.popleft()
        requirement = chain[-1][1]
        if requirement.url:
            yield chain
            continue
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        project = canonicalize_name(requirement.name)
        with contextlib.suppress(BadDistribution, InvalidRequirement, UpstreamError, HashMismatch):
            offer = inspector.offer(project)
            asked = [chain[-1], *inspector.limits.get(project, ())]
            for version in inspector.usable(asked, offer)[:1]:
                extras = frozenset(map(canonicalize_name, requirement.extras))
                needed = inspector.requires(offer.fitting[version], extras)
                waiting += [(*chain, (f"{project} {version}", one)) for one in needed]
