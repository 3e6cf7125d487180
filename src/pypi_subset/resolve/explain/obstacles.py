"""
The first thing that keeps a requirement from being satisfied, found along the newest releases.

pip reports the last thing that it tried, which after backtracking belongs to the oldest release. An `Inspector` asks the
same question from the other end: it follows the requirements of the newest release that a requirement admits.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions.metadata import dependencies_of, parse_requirement
from pypi_subset.errors import BadDistribution, HashMismatch, UpstreamError
from pypi_subset.resolve.explain.rejections import admits, by_release, suits
from pypi_subset.targets.markers import UndefinedName, holds
from pypi_subset.upstream.builds import NotBuilt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.targets import Target

#: A requirement, and who states it: ``base.txt:3``, or project and version.
Asking: TypeAlias = tuple[str, Requirement]

#: Releases of one project that are looked into, newest first, and requirements that are followed for one question.
RELEASES, STEPS = 10, 2000
#: Requirements that lead to each other; recursion ends there.
DEEPEST = 60


class Offers(Protocol):
    """What the indexes have."""

    def candidates(self, project: NormalizedName, /) -> tuple[Candidate, ...]:
        """Return everything that they have of a project, fitting or not."""

    def metadata(self, candidate: Candidate, /) -> bytes:
        """Return METADATA of a wheel."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """
    What the indexes have of one project: all versions, and the wheels that fit the target by release.

    :param refused: versions that fit and were not yanked, and that the policy refuses.
    """

    versions: frozenset[Version]
    fitting: Mapping[Version, Sequence[Candidate]]
    refused: frozenset[Version] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """
    What keeps a requirement from being satisfied.

    :param kind: ``url``: it names an address; ``absent``: no index has the project; ``version``: no release is admitted;
        ``files``: no admitted release has a wheel for the target; ``clash``: the requirements in *asking* exclude each
        other; ``metadata``: what is admitted cannot be read; ``limit``: it is not built, since enough releases were.
    :param asking: who requires the project, and what; the first is the end of *chain*.
    :param chain: the requirements that lead there, each with who states it, the first one first.
    :param limit: why it is not built, if that is the kind.
    """

    kind: Literal["url", "absent", "version", "files", "clash", "metadata", "limit"]
    asking: tuple[Asking, ...]
    chain: tuple[Asking, ...]
    limit: NotBuilt | None = None

    @property
    def project(self) -> NormalizedName:
        """The project that cannot be had."""
        return canonicalize_name(self.asking[0][1].name)


@dataclass(kw_only=True)
class Inspector:
    """
    Looks for obstacles on one target, at one patch level.

    :param limits: by project what must hold besides: lines of the set, constraints.
    :param rivals: by project what others require that are chosen already.
    :param pinned: by project the version that is chosen, and the extras that are asked of it: they can be had.
    :param pre: whether pre-releases count as any release.
    :param requested: lines of *limits* that are looked into themselves: one that cannot be satisfied is in the way of no
        other requirement.
    """

    target: Target
    offers: Offers
    requested: frozenset[str] = frozenset()
    limits: Mapping[NormalizedName, Sequence[Asking]] = field(default_factory=dict)
    rivals: Mapping[NormalizedName, Sequence[Asking]] = field(default_factory=dict)
    pinned: Mapping[NormalizedName, tuple[Version, frozenset[NormalizedName]]] = field(default_factory=dict)
    pre: bool = False
    _known: dict[tuple[str, NormalizedName, frozenset[str]], Obstacle | None] = field(default_factory=dict)
    _offers: dict[NormalizedName, Offer] = field(default_factory=dict)
    _steps: int = 0

    def obstacle(self, who: str, requirement: Requirement, above: tuple[str, ...] = ()) -> Obstacle | None:
        """
        Return what keeps *requirement*, which *who* states, from being satisfied; ``None`` if nothing was found.

        :param above: the projects whose requirements lead to it; one of them is not followed again.
        """
        project = canonicalize_name(requirement.name)
        extras = frozenset(map(canonicalize_name, requirement.extras))
        key = str(requirement.specifier), project, extras
        self._steps += 1
        if requirement.url:
            return Obstacle(kind="url", asking=((who, requirement),), chain=((who, requirement),))
        if len(above) > DEEPEST or self._steps > STEPS:
            return None
        if project in above:
            return self._nowhere((who, requirement))
        if key not in self._known:
            self._known[key] = None
            # What an index does not answer now is no obstacle that is known: pip did without it.
            with contextlib.suppress(UpstreamError, HashMismatch):
                self._known[key] = self._found(who, requirement, extras, above)
        known = self._known[key]
        if known is None or known.chain[0][0] == who:
            return known
        # Another release asks for the same.
        first = (who, requirement)
        asking = (first, *known.asking[1:]) if len(known.chain) == 1 else known.asking
        return replace(known, asking=asking, chain=(first, *known.chain[1:]))

    def _nowhere(self, first: Asking) -> Obstacle | None:
        """Return the obstacle if no index has a release that *first* admits; ``None`` if one has."""
        offer = self.offer(canonicalize_name(first[1].name))
        if any(admits(first[1], version) for version in offer.versions):
            return None
        return Obstacle(kind="version" if offer.versions else "absent", asking=(first,), chain=(first,))

    def _found(
        self, who: str, requirement: Requirement, extras: frozenset[NormalizedName], above: tuple[str, ...]
    ) -> Obstacle | None:
        project, first = canonicalize_name(requirement.name), (who, requirement)
        chosen = self.pinned.get(project)
        if chosen and admits(requirement, chosen[0]) and extras <= chosen[1]:
            # Before a page is read: most of what a newer release requires is in the lock.
            return None
        if (nowhere := self._nowhere(first)) is not None:
            return nowhere
        asking, offer = [first], self.offer(project)
        for other in self.limits.get(project, ()):
            # A line that no release satisfies is an obstacle of its own, and contradicts no other.
            if other[0] in self.requested and not self.usable([other], offer):
                continue
            if other[1] is not requirement and any(admits(other[1], version) for version in offer.versions):
                asking += [other] if other[1].specifier else []
                if not any(_all_admit(asking, version) for version in offer.versions):
                    return Obstacle(kind="clash", asking=(first, other), chain=(first,))
        usable = self.usable(asking, offer)
        if not usable:
            return Obstacle(kind="files", asking=tuple(asking), chain=(first,))
        for other in self.rivals.get(project, ()):
            usable = [version for version in usable if admits(other[1], version)]
            if not usable:
                return Obstacle(kind="clash", asking=(first, other), chain=(first,))
        return self._below(first, usable, offer, extras, above)

    def _below(
        self,
        first: Asking,
        usable: Sequence[Version],
        offer: Offer,
        extras: frozenset[NormalizedName],
        above: tuple[str, ...],
    ) -> Obstacle | None:
        """Return the obstacle of the newest of *usable* releases; ``None`` if one of them has no obstacle."""
        project = canonicalize_name(first[1].name)
        newest: Obstacle | None = None
        for version in usable[:RELEASES]:
            if newest is not None and self._is_beyond(offer.fitting[version]):
                break
            found = self.inside(project, offer.fitting[version], extras, above)
            if found is None:
                return None
            newest = newest or replace(found, chain=(first, *found.chain))
        return newest

    def _is_beyond(self, release: Sequence[Candidate]) -> bool:
        """Whether a release would have to be built, and cannot be: pip looks at no older one either."""
        try:
            for one in (each for each in release if each.sdist is not None and self._suits(each)):
                self.offers.metadata(one)
        except NotBuilt:
            return True
        except (UpstreamError, HashMismatch, BadDistribution):
            return False
        return False

    def inside(
        self,
        project: NormalizedName,
        release: Sequence[Candidate],
        extras: frozenset[NormalizedName],
        above: tuple[str, ...] = (),
    ) -> Obstacle | None:
        """Return the first obstacle among what one *release* requires itself with *extras*; ``None`` if there is none."""
        who = f"{project} {release[0].distribution.version}"
        try:
            needed = list(self.requires(release, extras))
        except NotBuilt as error:
            # pip looks at no other release either: what is newer has the reason.
            return Obstacle(kind="limit", asking=(_itself(release),), chain=(), limit=error) if error.limited else None
        except (UpstreamError, HashMismatch):
            return None
        except (BadDistribution, InvalidRequirement):
            return Obstacle(kind="metadata", asking=(_itself(release),), chain=())
        found = (self.obstacle(who, one, (*above, project)) for one in needed)
        return next(filter(None, found), None)

    def requires(self, release: Sequence[Candidate], extras: frozenset[NormalizedName]) -> Iterator[Requirement]:
        """
        Yield what a release requires on the target with *extras*.

        :raises BadDistribution: its metadata cannot be read.
        :raises InvalidRequirement: a requirement in it cannot be read.
        """
        wheel = next((one for one in release if self._suits(one)), None)
        for text in dependencies_of(self.offers.metadata(wheel)).requires if wheel else ():
            requirement = parse_requirement(text)
            # A marker that the target leaves open decides nothing here: pip has stopped there, or never came to it.
            with contextlib.suppress(UndefinedName):
                if holds(requirement.marker, self.target.environment, extras):
                    yield requirement

    def offer(self, project: NormalizedName) -> Offer:
        """Return what the indexes have of *project*; of its files only what fits is kept."""
        if project not in self._offers:
            candidates = self.offers.candidates(project)
            self._offers[project] = Offer(
                versions=frozenset(one.distribution.version for one in candidates),
                fitting=by_release(one for one in candidates if self._suits(one)),
                refused=frozenset(
                    one.distribution.version
                    for one in candidates
                    if one.verdicts and one.distribution.yanked is None and suits(one, self.target)
                ),
            )
        return self._offers[project]

    def usable(self, asking: Sequence[Asking], offer: Offer) -> list[Version]:
        """Return the versions, newest first, that pip would consider: wheels that fit, by PEP 440 and PEP 592."""
        joined = joined_of(asking)
        pinned = is_pinned(joined)
        fitting = [
            version
            for version, files in offer.fitting.items()
            if pinned or any(one.distribution.yanked is None for one in files)
        ]
        # A final release that the policy refuses is there: no pre-release takes its place.
        known = {*fitting, *offer.refused}
        found = joined.specifier.filter(known, prereleases=self.pre or None)
        return sorted({*found} & {*fitting}, reverse=True)

    def _suits(self, candidate: Candidate) -> bool:
        return not candidate.verdicts and suits(candidate, self.target)


def _itself(release: Sequence[Candidate]) -> Asking:
    one = release[0].distribution
    return f"{one.project} {one.version}", Requirement(f"{one.project}=={one.version}")


def is_pinned(requirement: Requirement) -> bool:
    """Return whether *requirement* names one version, which pip takes even if it was yanked."""
    return any(one.operator in {"==", "==="} and not one.version.endswith(".*") for one in requirement.specifier)


def joined_of(asking: Sequence[Asking]) -> Requirement:
    """Return one requirement that asks for all that *asking* asks of one project."""
    joined = Requirement(str(asking[0][1]))
    for _, other in asking[1:]:
        joined.specifier &= other.specifier
    return joined


def _all_admit(asking: Sequence[Asking], version: Version) -> bool:
    return all(admits(one, version) for _, one in asking)
