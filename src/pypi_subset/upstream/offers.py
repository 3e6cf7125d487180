"""What one target may have: of each project the distributions of the sources that serve it there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pypi_subset.model.intake.rules import MIN_AGE
from pypi_subset.policy.withdrawn import Vanished
from pypi_subset.upstream.pip_config import without_credentials

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution, Standing
    from pypi_subset.model.intake.sources import Source
    from pypi_subset.model.intake.verdicts import Verdict
    from pypi_subset.policy.licensed import Licenses
    from pypi_subset.upstream.builds import Builds
    from pypi_subset.upstream.pages import Pages, Where


class Catalog(Protocol):
    """What `TargetOffers` asks of `pypi_subset.upstream.catalog.Upstream`."""

    own_wheels: Path | None
    pages: Pages
    builds: Builds | None

    def metadata(self, candidate: Candidate) -> bytes:
        """Return METADATA of a wheel without the description."""

    def metadata_hash(self, candidate: Candidate) -> str:
        """Return the SHA-256 of the whole METADATA of a wheel."""

    def metadata_seen(self) -> list[tuple[Distribution, bytes]]:
        """Return every wheel that a pip has read the METADATA of."""

    def sha256(self, candidate: Candidate) -> str:
        """Return the SHA-256 of the whole file."""

    def size(self, candidate: Candidate) -> int:
        """Return the file's size in bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetOffers:
    """
    What the sources offer on one target.

    :param target: its name.
    :param later: whether there is what ``min_age`` refuses and was uploaded after the moment that ``as_of`` repeats. What a
        lock holds must not depend on it.
    """

    upstream: Catalog
    target: str
    later: bool = True

    @property
    def own_wheels(self) -> Path | None:
        """The directory of wheels that the user built."""
        return self.upstream.own_wheels

    def source_of(self, project: NormalizedName) -> Source | None:
        """Return the source that *project* comes from on the target, ``None`` for pip's indexes."""
        return self._where(project)[1]

    def beside_own(self, project: NormalizedName) -> Source | None:
        """Return the source that would serve *project* beside ``requirements/wheels``; ``None`` for pip's indexes."""
        return self.upstream.pages.beside_own(project, self.target)

    def is_private(self, project: NormalizedName) -> bool:
        """Return whether pip's indexes are never asked for *project*."""
        return self.upstream.pages.is_private(project)

    def lost_file(self, project: NormalizedName) -> str | None:
        """Return the wheel of *project* that was locked from requirements/wheels and is lost there; ``None`` without one."""
        return self.upstream.pages.lost_file(project)

    def candidates(self, project: NormalizedName) -> tuple[Candidate, ...]:
        """Return everything that the source of *project* has, fitting or not, and the wheels that could be built."""
        pages, builds = self.upstream.pages, self.upstream.builds
        found = pages.candidates(self._where(project))
        if (licenses := self.licenses) is not None:
            seen = ((one, licenses.refused(one)) for one in found)
            found = tuple(replace(one, verdicts=(*one.verdicts, *more)) if more else one for one, more in seen)
        if pages.judge.accepted:
            found = tuple(
                replace(one, verdicts=pages.judge.standing(one.verdicts, self.target)) if one.verdicts else one
                for one in found
            )
        if not self.later:
            found = tuple(one for one in found if not self._is_later(one))
        return found if builds is None else (*found, *builds.candidates(project, found, self.target))

    @property
    def licenses(self) -> Licenses | None:
        """What judges licences; ``None`` if all are allowed."""
        return self.upstream.pages.judge.licenses

    def refuses_license(self, one: Distribution) -> bool:
        """Return whether the licence of *one*, of which a lock states it, is not allowed on the target."""
        return self._stands(None if self.licenses is None else self.licenses.of_locked(one))

    def refuses_license_of(self, candidate: Candidate) -> bool:
        """
        Return whether the licence of *candidate* is not allowed on the target, after reading its METADATA.

        :raises SubsetError: it cannot be read.
        """
        return self.license_refusal(candidate) is not None

    def license_refusal(self, candidate: Candidate) -> Verdict | None:
        """
        Return why the licence of *candidate* is refused on the target, after reading its METADATA; ``None`` if it is not.

        :raises SubsetError: it cannot be read.
        """
        found = None if self.licenses is None else self.licenses.read(candidate, self.metadata(candidate))
        return found if self._stands(found) else None

    def refusals(self, candidate: Candidate, *, ages: bool = True) -> tuple[Verdict, ...]:
        """
        Return the verdicts against *candidate* that hold on the target; licences are judged apart.

        :param ages: whether its upload time counts, which a lock may not have.
        """
        judge = self.upstream.pages.judge
        verdicts = judge.standing(judge.judged(candidate), self.target)
        return tuple(one for one in verdicts if ages or one.rule != MIN_AGE)

    def newest(self, project: NormalizedName) -> Version | None:
        """Return the newest final release of *project* that was not yanked, with any file; ``None`` without one."""
        if self.later or not self.upstream.pages.judge.until:
            return self.upstream.pages.newest(self._where(project))
        found = (one.distribution for one in self.candidates(project) if one.distribution.yanked is None)
        return max((one.version for one in found if not one.version.is_prerelease), default=None)

    def bounds(self, project: NormalizedName) -> dict[str, Version]:
        """Return each Requires-Python that a wheel of *project* has, with the newest version that has it."""
        return self.upstream.pages.bounds(self._where(project))

    def quarantine(self, project: NormalizedName) -> Standing | None:
        """Return what an index says of *project* if that is in quarantine there (PEP 792), and its page was read."""
        return self.upstream.pages.quarantine(self._where(project))

    def vanished(self, project: NormalizedName) -> tuple[Verdict, ...]:
        """Return why locked releases of *project* that its index does not offer any more are not taken, newest first."""
        judge = self.upstream.pages.judge
        found = (one for rule in judge.rules if isinstance(rule, Vanished) for one in rule.of(project))
        return judge.standing([*found], self.target)

    def denied(self, project: NormalizedName) -> str:
        """Return which index answered 403 or 410 for its page of *project*, and what, ``""`` without one."""
        pages = self.upstream.pages
        return pages.denials.words(project, pages.indexes_of(self.source_of(project)))

    def bare(self, project: NormalizedName) -> str:
        """Return the index whose page of *project* lists no file of it, ``""`` if no index has a page of it."""
        pages, source = self.upstream.pages, self.source_of(project)
        if source is None and self.is_private(project):
            # No index learns the name.
            return ""
        if not self.later and (every := pages.candidates(self._where(project))) and all(map(self._is_later, every)):
            # There was no page of it then.
            return ""
        found = (url for url in pages.indexes_of(source) if pages.page_at((url, project)) is not None)
        return without_credentials(next(found, ""))

    def doubt(self, project: NormalizedName, *, moved: bool = False) -> str:
        """
        Return why it is not known what an index has of *project*, ``""`` if it is.

        :param moved: look as well whether an index without a page of *project* is one at all.

        :raises UpstreamError: an index does not answer.
        """
        where = self._where(project)
        if where[1] is None and self.is_private(project):
            # No index learns the name.
            return ""
        return self.upstream.pages.doubt(where, moved=moved)

    def was_read(self, project: NormalizedName) -> bool:
        """Return whether the pages of *project* were read in this run, for the target or for others of the same source."""
        return self._where(project) in self.upstream.pages.read(project)

    @property
    def spelling(self) -> str:
        """What to check if there is no project of a name."""
        return f"check the spelling, and {self.upstream.pages.asked}"

    def wheel_variants(self, project: NormalizedName) -> frozenset[str]:
        """Return the names of wheel variants of *project*, and of files about them, that the pages read so far have."""
        return frozenset(self.upstream.pages.wheel_variants.get(project, ()))

    def metadata(self, candidate: Candidate) -> bytes:
        """
        Return METADATA of a wheel without the description.

        :raises BadDistribution: the wheel is damaged, or says something else than its name.
        """
        return self.upstream.metadata(candidate)

    def metadata_hash(self, candidate: Candidate) -> str:
        """
        Return the SHA-256 of the whole METADATA of a wheel.

        :raises BadDistribution: as `metadata`.
        """
        return self.upstream.metadata_hash(candidate)

    def metadata_seen(self) -> list[tuple[Distribution, bytes]]:
        """Return every wheel that a pip has read the METADATA of, with its METADATA, in that order."""
        return self.upstream.metadata_seen()

    def sha256(self, candidate: Candidate) -> str:
        """
        Return the SHA-256 of the whole file, which is hashed once.

        :raises UpstreamError: it cannot be fetched.
        """
        return self.upstream.sha256(candidate)

    def size(self, candidate: Candidate) -> int:
        """Return the file's size in bytes, which needs a fetch if no page states it."""
        return self.upstream.size(candidate)

    def _where(self, project: NormalizedName) -> Where:
        return self.upstream.pages.where(project, self.target)

    def _is_later(self, one: Candidate) -> bool:
        """Return whether *one* is refused for its age, and was uploaded after the moment that ``as_of`` repeats."""
        return any(map(self.upstream.pages.judge.is_later, one.verdicts))

    def _stands(self, verdict: Verdict | None) -> bool:
        return verdict is not None and bool(self.upstream.pages.judge.standing((verdict,), self.target))
