"""Whether the indexes show all pages that decide about a request: without them it is not known to have no solution."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from pypi_subset.distributions.metadata import dependencies_of, parse_requirement
from pypi_subset.errors import Gaps, UpstreamError
from pypi_subset.targets.markers import UndefinedName, holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.requirements import Requirement
    from packaging.utils import NormalizedName

    from pypi_subset.errors import NoSolution
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.targets import Target
    from pypi_subset.upstream.offers import TargetOffers

#: What the user can do about a page that an index does not show, and about an index that is none.
_PAGE = "see who may read that page, and whether pip has the credentials (.netrc or a keyring)"
_INDEX = "check that URL in pip's configuration, or in [sources] of subset.toml"


def is_certain(asked: Iterable[Requirement], found: NoSolution | Gaps, target: Target, offers: TargetOffers) -> bool:
    """Return whether `require_certain` raises nothing."""
    try:
        require_certain(asked, found, "", target, offers)
    except UpstreamError:
        return False
    return True


def require_certain(
    asked: Iterable[Requirement], found: NoSolution | Gaps, what: str, target: Target, offers: TargetOffers
) -> None:
    """
    Return if an index shows each page that a resolution without a solution read.

    :param asked: what was resolved.
    :param found: that it has no solution.
    :param what: what is not known otherwise, one sentence.
    :raises UpstreamError: an index does not show a page, shows one of another kind, or is none.
    """
    gaps = found.gaps if isinstance(found, Gaps) else (found,)
    blamed = [canonicalize_name(gap.project) for gap in gaps if gap.project]
    reached = (one for one in _reached(asked, target, offers.metadata_seen()) if offers.was_read(one))
    for project in dict.fromkeys([*blamed, *reached]):
        step = _PAGE
        if not (why := offers.doubt(project)):
            step, why = _INDEX, offers.doubt(project, moved=True)
        if why:
            msg = f"{what}: {why}"
            raise UpstreamError(msg, project=project, target=target.name, next_step=step)


def _reached(
    asked: Iterable[Requirement], target: Target, seen: Iterable[tuple[Distribution, bytes]]
) -> Iterator[NormalizedName]:
    """
    Yield the projects that *asked* leads to on *target*, each once, by what was read.

    pip tries the releases of a project one after the other: what any of them requires counts, with all extras.

    :param seen: wheels, and METADATA of each.
    """
    read: dict[NormalizedName, list[bytes]] = {}
    for one, metadata in seen:
        read.setdefault(one.project, []).append(metadata)
    waiting = [canonicalize_name(one.name) for one in asked]
    done = set[str]()
    while waiting:
        project = waiting.pop(0)
        if project in done:
            continue
        done.add(project)
        yield project
        for metadata in read.get(project, ()):
            waiting += _required(metadata, target)


def _required(metadata: bytes, target: Target) -> Iterator[NormalizedName]:
    own = dependencies_of(metadata)
    extras = [canonicalize_name(extra) for extra in own.extras]
    for text in own.requires:
        with contextlib.suppress(InvalidRequirement):
            requirement = parse_requirement(text)
            is_needed = True
            with contextlib.suppress(UndefinedName):
                is_needed = holds(requirement.marker, target.environment, extras)
            if is_needed:
                yield canonicalize_name(requirement.name)
