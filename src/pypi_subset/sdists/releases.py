"""The releases that are built: which of a project, how each is offered before that, how many, and which one now."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import structs
from packaging.tags import Tag

from pypi_subset.distributions import filenames
from pypi_subset.errors import NoSolution
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.sources import BUILD
from pypi_subset.policy.age import MinAge
from pypi_subset.upstream.builds import NotBuilt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from packaging.version import Version

    from pypi_subset.errors import Gaps
    from pypi_subset.sdists.build import Made, Required
    from pypi_subset.upstream.catalog import Upstream
    from pypi_subset.upstream.offers import TargetOffers

#: Releases of one project that are built in one run, for one target if they are kept.
MOST = 5
#: Builds that need each other: a build, what it requires, and what that requires.
DEEPEST = 3

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


def wheel_of(sdist: Distribution, made: Made) -> Distribution:
    """Return the distribution that was built from *sdist*: no index serves it, and no provenance is about it."""
    return structs.replace(
        sdist,
        filename=made.path.name,
        sha256=made.sha256,
        size=made.path.stat().st_size,
        url=None,
        provenance=None,
    )


def built_of(sdist: Candidate, wheel: Distribution, path: Path) -> Candidate:
    """Return the candidate of a *wheel* that was built from *sdist*."""
    return Candidate(
        distribution=wheel,
        source=sdist.source,
        hashes=(("sha256", wheel.sha256 or ""),),
        tags=filenames.parse(wheel.filename)[2],
        path=path,
        sdist=sdist,
        verdicts=sdist.verdicts,
    )


class Search:
    """
    Counts the releases of each project that a run builds to find one: `MOST` at most.

    :param named: project and version of each release that a lock or a line names: it is built whatever else is.
    """

    def __init__(self, named: Iterable[tuple[str, Version]] = ()) -> None:
        self._named, self._count = frozenset(named), Counter[tuple[str, str]]()

    def count(self, one: Distribution, target: str = "") -> None:
        """
        Count the release of an sdist that is about to be built.

        :param target: the one that it is built for; ``""`` for all.
        :raises NotBuilt: too many were built.
        """
        if (one.project, one.version) in self._named:
            return
        self._count[one.project, target] += 1
        if self._count[one.project, target] > MOST:
            msg = f"{one.project} {one.version} and older releases were not tried, since {MOST} releases were built in this run"
            step = (
                f"to try one, name it in a set, as in `{one.project}=={one.version}`, or pin a project that requires it"
            )
            error = NotBuilt(msg, project=one.project, next_step=step)
            error.limited = True
            raise error


def refused(one: Distribution, what: str, step: str = "") -> NotBuilt:
    """Return the error about a release that is not built."""
    msg = f"{one.project} {one.version} is not built: {what}"
    return NotBuilt(msg, project=one.project, next_step=step or "ask for a version that has a wheel")


def lacking(sdist: Distribution, error: NoSolution | Gaps) -> NotBuilt:
    """Return the error about a build whose requirements have no solution."""
    first = error if isinstance(error, NoSolution) else error.gaps[0]
    msg = f"{sdist.project} {sdist.version} cannot be built from {sdist.filename}, since its build requires {first.problem}"
    step = first.step_of_build or first.next_step
    if first.sdist is not None:
        step = f"add {first.sdist[0].partition('==')[0]!r} to build below [sdists] as well, and take it out of keep if it is there"
    found = NotBuilt(msg, project=sdist.project, next_step=step)
    found.details = first.details
    return found


class Turn:
    """The turn to build: one build runs at a time, with those that it requires, which cannot wait for it."""

    def __init__(self) -> None:
        self._lock, self._own = threading.Lock(), threading.local()

    @property
    def chain(self) -> tuple[str, ...]:
        """The releases that this thread builds, each required by the one before."""
        chain: tuple[str, ...] = getattr(self._own, "chain", ())
        return chain

    @contextlib.contextmanager
    def taken(self, one: Distribution, asker: tuple[str, ...]) -> Iterator[None]:
        """
        Have this thread build *one* in the ``with`` block, as soon as no other build runs but those that require it.

        :param asker: the releases that are being built and require it; without one, those that this thread builds.
        :raises NotBuilt: it requires itself, or too many builds require each other.
        """
        above, release = asker or self.chain, f"{one.project} {one.version}"
        if release in above:
            raise refused(one, f"it requires itself to be built: {' requires '.join((*above, release))}")
        if len(above) >= DEEPEST:
            raise refused(one, f"more than {DEEPEST} builds require each other: {', '.join((*above, release))}")
        with contextlib.nullcontext() if above else self._lock:
            before, self._own.chain = self.chain, (*above, release)
            try:
                yield
            finally:
                self._own.chain = before


def licenses_of(requires: Iterable[Required]) -> tuple[tuple[str, str], ...]:
    """Return project and licence of those of *requires* whose METADATA names one, sorted."""
    known = (one.distribution for one in requires)
    return tuple(sorted((one.project, one.license) for one in known if one.license))


def elsewhere(held: Distribution, upstream: Upstream) -> str:
    """Return that the source of a build requirement does not have that file, ``""`` if it has, or there is none."""
    offers = upstream.on(BUILD)
    source = offers.source_of(held.project)
    if source is None or source.is_open:
        return ""
    release = (one.distribution for one in offers.candidates(held.project) if one.distribution.version == held.version)
    # Of a file without a stated hash nothing is known; what was built here has none yet.
    if any(one.sha256 in {None, held.sha256} for one in release):
        return ""
    # A page that says nothing is no reason to build again.
    pages = upstream.pages
    return "" if pages.doubt(pages.where(held.project, BUILD)) else f"is not from [sources.{source.name}]"


def timed(files: Iterable[Distribution], offers: TargetOffers) -> tuple[Distribution, ...]:
    """
    Return *files* of a build environment with the upload times that older locks do not state.

    The pages of today have them, which are read where a rule is about ages.
    """
    if not any(isinstance(rule, MinAge) for rule in offers.upstream.pages.judge.rules):
        return tuple(files)
    found = []
    for one in files:
        same = (
            each.distribution
            for each in (offers.candidates(one.project) if one.url and not one.upload_time else ())
            if each.distribution.filename == one.filename and each.distribution.sha256 in {None, one.sha256}
        )
        found.append(structs.replace(one, upload_time=next((each.upload_time for each in same), one.upload_time)))
    return tuple(found)


def files_of(requires: Iterable[Required]) -> tuple[Distribution, ...]:
    """Return what indexes and directories have of *requires*, as `Built.files`."""
    found: dict[str, Distribution] = {}
    for one in (each.distribution for each in requires):
        built = one.built
        facts = (one.filename, one.sha256, one.url) if built is None else (built.filename, built.sha256, built.url)
        filename, sha256, url = facts
        found[filename] = Distribution(
            filename=filename,
            project=one.project,
            version=one.version,
            sha256=sha256,
            url=url,
            source=one.source,
            yanked=one.yanked,
            upload_time=one.upload_time,
        )
        if built is not None:
            licenses = dict(built.licenses)
            own = (structs.replace(each, license=each.license or licenses.get(each.project)) for each in built.files)
            found |= {each.filename: each for each in own if each.filename not in found}
    return tuple(found[name] for name in sorted(found))
