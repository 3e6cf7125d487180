"""What a build requires: one lock for each build, resolved like any other, for the interpreter that builds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.distributions.metadata import licensing_of
from pypi_subset.errors import Gaps, NoSolution
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.locks import Inputs
from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.policy.licenses import license_of
from pypi_subset.resolve.resolver import resolve
from pypi_subset.sdists.build import Required
from pypi_subset.upstream.builds import NotBuilt
from pypi_subset.upstream.gateway import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from packaging.requirements import Requirement

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.targets import Target
    from pypi_subset.pip.pool import Pips
    from pypi_subset.upstream.builds import Builds
    from pypi_subset.upstream.catalog import Upstream

_NONE = Inputs(requirement_set="", target="", policy="", constraint="")


class Closure:
    """
    Resolves what builds require.

    :param host: the target that the wheels are for.
    """

    def __init__(self, upstream: Upstream, *, host: Target, pips: Pips) -> None:
        self._upstream, self._host, self._pips = upstream, host, pips

    def of(
        self,
        sdist: Distribution,
        chain: tuple[str, ...],
        locked: Sequence[tuple[str, str, str]],
        work: Path,
        builds: Builds,
    ) -> Callable[[Sequence[Requirement]], tuple[Required, ...]]:
        """
        Return a function from the requirements of the build of *sdist* to the wheels of its environment.

        :param chain: the releases that are being built, each required by the one before; *sdist* is the last.
        :param locked: project, version and SHA-256 of what an earlier build had; it is taken where it can be had.
        :param work: an existing directory for this build.
        """

        def needed(requires: Sequence[Requirement]) -> tuple[Required, ...]:
            kept = self._locked(locked, builds, chain)
            return kept if kept is not None else self._resolved(sdist, requires, chain, work)

        return needed

    def _resolved(
        self, sdist: Distribution, requires: Sequence[Requirement], chain: tuple[str, ...], work: Path
    ) -> tuple[Required, ...]:
        """Return the wheels that pip chooses for *requires*."""
        asked = tuple(
            Request(requirement=one, path=Path(sdist.filename), line=line) for line, one in enumerate(requires, start=1)
        )
        if not asked:
            return ()
        own = RequirementSet(
            name="build", path=Path(sdist.filename), requests=asked, constraints=(), targets=(self._host.name,)
        )
        job = Job(requirement_set=own, target=self._host)
        number = len([*work.glob("requires*")])
        folder = work / f"requires{number}"
        folder.mkdir()
        with Loopback(self._upstream, [self._host], asker=chain) as index:
            try:
                found = resolve(job, inputs=_NONE, constraints=(), index=index, pips=self._pips, work=folder)
            except (NoSolution, Gaps) as error:
                raise _lacking(sdist, error) from error
        return tuple(self._required(pin.distribution) for pin in found.lock.pins)

    def _required(self, one: Distribution) -> Required:
        local = None if one.url or one.built else self._upstream.pages.find_local(one)
        hashes = (("sha256", one.sha256 or ""),)
        found = Candidate(distribution=one, source="what a build requires", hashes=hashes, path=local)
        return Required(distribution=one, path=self._upstream.file(found))

    def _locked(
        self, locked: Sequence[tuple[str, str, str]], builds: Builds, chain: tuple[str, ...]
    ) -> tuple[Required, ...] | None:
        """Return the wheels *locked*, ``None`` if there are none or one cannot be had any more."""
        found = []
        for name, version, sha256 in locked:
            candidate = self._with(name, version, sha256, builds, chain)
            if candidate is None:
                return None
            stated = license_of(licensing_of(self._upstream.metadata(candidate)))
            one = structs.replace(candidate.distribution, license=stated)
            if self._upstream.on(self._host.name).refuses_license(one):
                return None
            found.append(Required(distribution=one, path=self._upstream.file(candidate)))
        return tuple(found) or None

    def _with(self, name: str, version: str, sha256: str, builds: Builds, chain: tuple[str, ...]) -> Candidate | None:
        """Return the candidate of that release that has that hash and no rule refuses, built if it must be."""
        offers = self._upstream.on(self._host.name)
        release = [
            one
            for one in offers.candidates(canonicalize_name(name))
            if one.distribution.version == Version(version) and not offers.refusals(one, ages=False)
        ]
        stated = next((one for one in release if one.tags and one.distribution.sha256 == sha256), None)
        if stated is not None:
            return stated
        for one in (each for each in release if each.sdist is not None):
            wheel = builds.built(one, chain)
            if wheel.distribution.sha256 == sha256:
                return wheel
        return None


def licenses_of(requires: Iterable[Required]) -> tuple[tuple[str, str], ...]:
    """Return project and licence of those of *requires* whose METADATA names one, sorted."""
    known = (one.distribution for one in requires)
    return tuple(sorted((one.project, one.license) for one in known if one.license))


def _lacking(sdist: Distribution, error: NoSolution | Gaps) -> NotBuilt:
    first = error if isinstance(error, NoSolution) else error.gaps[0]
    msg = f"{sdist.project} {sdist.version} cannot be built from {sdist.filename}, since its build requires {first.problem}"
    step = first.next_step
    if first.sdist is not None:
        step = f"add {first.sdist[0].partition('==')[0]!r} to build below [sdists] as well"
    found = NotBuilt(msg, project=sdist.project, next_step=step)
    found.details = first.details
    return found
