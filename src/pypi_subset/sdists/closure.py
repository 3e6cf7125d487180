"""What a build requires: one lock for each build, resolved like any other, for the interpreter that builds."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.distributions.metadata import licensing_of
from pypi_subset.errors import Gaps, HashMismatch, NoSolution, UpstreamError
from pypi_subset.errors.tree import FINDING
from pypi_subset.locks import memory
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.locks import Inputs
from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.policy.licenses import license_of
from pypi_subset.resolve.certain import require_certain
from pypi_subset.resolve.resolver import resolve
from pypi_subset.sdists.build import Required
from pypi_subset.sdists.releases import lacking
from pypi_subset.upstream.builds import NotBuilt
from pypi_subset.upstream.gateway import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from packaging.requirements import Requirement

    from pypi_subset.model.distributions import Built, Distribution
    from pypi_subset.model.targets import Target
    from pypi_subset.pip.pool import Pips
    from pypi_subset.upstream.builds import Builds
    from pypi_subset.upstream.catalog import Upstream

_NONE = Inputs(requirement_set="", target="", policy="", constraint="")


class Closure:
    """
    Resolves what builds require.

    :param host: the target that the wheels are for.
    :param known: file name → SHA-256 of all that was ever locked, without what is to be forgotten.
    :param unnamed: what locks have no file names of, as `memory.unnamed`.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        host: Target,
        pips: Pips,
        known: Mapping[str, str],
        unnamed: Mapping[tuple[str, str], frozenset[str]],
    ) -> None:
        self._upstream, self._host, self._pips = upstream, host, pips
        self._known, self._unnamed = known, unnamed

    def of(
        self,
        sdist: Distribution,
        chain: tuple[str, ...],
        work: Path,
        earlier: Callable[[], tuple[Required, ...] | None],
    ) -> Callable[[Sequence[Requirement]], tuple[Required, ...]]:
        """
        Return a function from the requirements of the build of *sdist* to the wheels of its environment.

        It raises `HashMismatch` for a file that has other bytes than when it was locked, before any code of it runs.

        :param chain: the releases that are being built, each required by the one before; *sdist* is the last.
        :param work: an existing directory for this build.
        :param earlier: returns the environment of an earlier build, ``None`` where there is none to repeat.
        """
        repeated = functools.cache(earlier)

        def needed(requires: Sequence[Requirement]) -> tuple[Required, ...]:
            kept = repeated()
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
                what = f"whether {sdist.project} {sdist.version} can be built from {sdist.filename} is not known"
                require_certain(requires, error, what, self._host, self._upstream.on(self._host.name))
                raise lacking(sdist, error) from error
        return tuple(self._required(pin.distribution) for pin in found.lock.pins)

    def _required(self, one: Distribution) -> Required:
        if one.built is None:
            memory.require_same(self._known, {one.filename: one.sha256 or ""})
            self._require_as_built(one)
        local = None if one.url or one.built else self._upstream.pages.find_local(one)
        hashes = (("sha256", one.sha256 or ""),)
        found = Candidate(distribution=one, source="what a build requires", hashes=hashes, path=local)
        return Required(distribution=one, path=self._upstream.file(found))

    def _require_as_built(self, one: Distribution) -> None:
        """
        Return if a build that states no file names was not with that release, or if its file is still offered.

        :raises HashMismatch: the release has no file of that hash.
        """
        then = self._unnamed.get((one.project, str(one.version)))
        if then is None or one.sha256 in then:
            return
        every = self._upstream.on(self._host.name).candidates(canonicalize_name(one.project))
        release = (each for each in every if each.distribution.version == one.version and each.sdist is None)
        if not any((each.distribution.sha256 or self._upstream.sha256(each)) in then for each in release):
            raise _changed(one, one.sha256 or "", min(then))


class RequirementGone(NotBuilt):
    """A file of a locked build environment is not offered any more."""

    exit_code = FINDING


class Earlier:
    """
    Returns the wheels of a locked build environment, each compared with its locked hash before anything of it runs.

    :param host: the target of the interpreter that builds.
    :param forget: names of files that may have other bytes than when they were locked.
    """

    def __init__(self, upstream: Upstream, *, host: Target, builds: Builds, forget: Collection[str]) -> None:
        self._upstream, self._host, self._builds, self._forget = upstream, host, builds, frozenset(forget)

    def of(self, wheel: Distribution, built: Built, chain: tuple[str, ...]) -> tuple[Required, ...]:
        """
        Return the environment that *wheel* was built with.

        :param built: how *wheel* was built.
        :param chain: the releases that are being built.
        :raises RequirementGone: a file of it is not offered any more.
        :raises UpstreamError: the page of one does not say whether it is offered.
        :raises HashMismatch: a file has other bytes than when it was locked.
        :raises NotBuilt: what it was built with cannot be built again.
        """
        return tuple(self._required(wheel, built, held, chain) for held in built.requires)

    def forgotten(self, built: Built) -> str:
        """Return the name of a file of the environment of *built* that is to be forgotten, ``""`` without one."""
        if built.files:
            return next((one.filename for one in built.files if one.filename in self._forget), "")
        releases = {(name, version) for name, version, _ in built.requires}
        return next((name for name in sorted(self._forget) if memory.release_of(name) in releases), "")

    def _required(
        self, wheel: Distribution, built: Built, held: tuple[str, str, str], chain: tuple[str, ...]
    ) -> Required:
        """
        Return one wheel of the environment.

        :param held: its project, version and SHA-256.
        """
        name, version, sha256 = held
        # A wheel that was built is no file of an index.
        stated = next((one for one in built.files if (one.sha256, one.filename[-4:]) == (sha256, ".whl")), None)
        every = self._upstream.on(self._host.name).candidates(canonicalize_name(name))
        release = [one for one in every if one.distribution.version == Version(version)]
        found = self._offered(release, sha256, stated)
        if found is None and not built.files:
            self._require_no_other(release, sha256)
        if found is None and stated is None:
            found = self._rebuilt(wheel, release, sha256, chain)
        if found is None:
            pages = self._upstream.pages
            if why := pages.doubt(pages.where(canonicalize_name(name), self._host.name)):
                raise _not_known(wheel, f"{name} {version}", why)
            what = stated.filename if stated else "that"
            raise _gone(wheel, f"{name} {version}", what)
        facts = structs.replace(
            found.distribution, sha256=sha256, license=license_of(licensing_of(self._upstream.metadata(found)))
        )
        return Required(distribution=facts, path=self._path(found, sha256))

    def _path(self, found: Candidate, sha256: str) -> Path:
        path = self._upstream.file(found)
        memory.require_same(
            {found.distribution.filename: sha256}, {found.distribution.filename: self._sha256_of(found)}
        )
        return path

    def _offered(self, release: Iterable[Candidate], sha256: str, stated: Distribution | None) -> Candidate | None:
        """
        Return the wheel of *release* that has *sha256*, ``None`` if the release has no such file.

        :raises HashMismatch: the file of that name has another hash.
        """
        wheels = [one for one in release if one.tags and one.sdist is None]
        for one in wheels:
            # An index may state no hashes. Then what fits is fetched and hashed.
            fits = one.tags is not None and not one.tags.isdisjoint(self._host.tags)
            hashed = one.distribution.sha256 is not None or fits
            if hashed and self._sha256_of(one) == sha256:
                return one
        same = next((one for one in wheels if stated and one.distribution.filename == stated.filename), None)
        if same is not None:
            name = same.distribution.filename
            memory.require_same({name: sha256}, {name: self._sha256_of(same)})
        return None

    def _require_no_other(self, release: Iterable[Candidate], sha256: str) -> None:
        """
        Return if *release* has no wheel for the interpreter that builds.

        :raises HashMismatch: it has one, of another hash than *sha256*.
        """
        for one in release:
            if one.sdist is None and one.tags is not None and not one.tags.isdisjoint(self._host.tags):
                raise _changed(one.distribution, self._sha256_of(one), sha256)

    def _sha256_of(self, one: Candidate) -> str:
        return one.distribution.sha256 or self._upstream.sha256(one)

    def _rebuilt(
        self, wheel: Distribution, release: Iterable[Candidate], sha256: str, chain: tuple[str, ...]
    ) -> Candidate | None:
        """
        Return the wheel of *release* that is built here, ``None`` if there is no sdist of it.

        :raises HashMismatch: it has other bytes than the locked one.
        """
        for one in (each for each in release if each.sdist is not None):
            found = self._builds.built(one, chain)
            if found.distribution.sha256 == sha256:
                return found
            made = found.distribution
            msg = (
                f"{wheel.project} {wheel.version} was built with {made.filename} of sha256 {sha256}, "
                f"which is built with sha256 {made.sha256} now"
            )
            sdist = one.sdist.distribution.filename if one.sdist else ""
            step = f"{_copy(wheel)}, or accept what is built now: `pypi-subset update --forget {sdist}`"
            raise HashMismatch(msg, project=made.project, next_step=step)
        return None


def _changed(one: Distribution, now: str, then: str) -> HashMismatch:
    """Return that a release has other bytes than a build had, by a lock that does not state the name of its file."""
    msg = (
        f"{one.project} {one.version} has other bytes than when a wheel was built with it: "
        f"sha256 {now} of {one.filename} now, {then} then"
    )
    step = f"find out who changed it; if you trust the new file, run `pypi-subset update --forget {one.filename}`"
    return HashMismatch(msg, project=one.project, next_step=step)


def _copy(wheel: Distribution) -> str:
    return f"copy {wheel.filename} into packages/"


def _not_known(wheel: Distribution, release: str, why: str) -> UpstreamError:
    """Return the error about *release*, which the lock of *wheel* names, and whose page says nothing."""
    one = f"{wheel.project} {wheel.version}"
    msg = f"whether {release} is gone, which {one} is built with, is not known: {why}"
    step = (
        f"see what that page shows; meanwhile, copy {wheel.filename} into packages/. If the page is right, remove each lock "
        f"that has {one}, and run `pypi-subset mirror`"
    )
    return UpstreamError(msg, project=wheel.project, next_step=step)


def _gone(wheel: Distribution, release: str, what: str) -> RequirementGone:
    """Return the error about *what* of *release*, which the lock of *wheel* names."""
    msg = (
        f"{wheel.project} {wheel.version} cannot be built again as it is locked: it was built with {release}, "
        f"and {what} is not offered any more"
    )
    step = (
        f"{_copy(wheel)}; or run `pypi-subset plan`, which lists what is gone, decide about it by gone or [[policy.accept]], "
        "and run `pypi-subset update`, which resolves what the build requires again"
    )
    return RequirementGone(msg, project=wheel.project, next_step=step)
