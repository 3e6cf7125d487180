"""The releases of a project that are built: which of them, how each is offered before it is built, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs
from packaging.tags import Tag

from pypi_subset.model.candidates import Candidate
from pypi_subset.upstream.builds import NotBuilt

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from packaging.version import Version

    from pypi_subset.model.distributions import Distribution

#: Releases of one project that are built in one run, for one target if they are kept.
MOST = 5

_ANY = frozenset({Tag("py3", "none", "any")})


def sdists_of(offered: Sequence[Candidate], targets: Collection[frozenset[Tag]]) -> list[Candidate]:
    """
    Return the sdist of each release in *offered* of which no wheel fits some target.

    :param targets: the tags of each target.
    """
    releases: dict[Version, list[Candidate]] = {}
    for one in offered:
        releases.setdefault(one.distribution.version, []).append(one)
    found = []
    for release in releases.values():
        sdists = [one for one in release if one.tags is None]
        wheels = frozenset[Tag]().union(*(one.tags or frozenset() for one in release))
        if sdists and any(wheels.isdisjoint(tags) for tags in targets):
            found.append(min(sdists, key=_preference))
    return found


def _preference(one: Candidate) -> tuple[bool, str]:
    return not one.distribution.filename.endswith(".tar.gz"), one.distribution.filename


def standin(sdist: Candidate, build_tag: str) -> Candidate:
    """Return the wheel of *sdist* that is not built yet: for every machine, as far as can be said."""
    one = sdist.distribution
    name = one.project.replace("-", "_")
    wheel = structs.replace(
        one, filename=f"{name}-{one.version}-{build_tag}-py3-none-any.whl", sha256=None, size=None, provenance=None
    )
    return Candidate(distribution=wheel, source=sdist.source, tags=_ANY, sdist=sdist, verdicts=sdist.verdicts)


def require_few(one: Distribution, count: int) -> None:
    """
    Return if *count* is within what is built of one project.

    :raises NotBuilt: it is not.
    """
    if count > MOST:
        what = f"{MOST} releases of it were built in this run, and another one is asked for"
        error = refused(one, what, step=f"ask for one release, as in '{one.project}=={one.version}'")
        error.limited = True
        raise error


def refused(one: Distribution, what: str, step: str = "") -> NotBuilt:
    """Return the error about a release that is not built."""
    msg = f"{one.project} {one.version} is not built: {what}"
    return NotBuilt(msg, project=one.project, next_step=step or "ask for a version that has a wheel")
