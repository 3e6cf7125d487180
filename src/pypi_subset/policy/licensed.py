"""``allow_licenses``: what is known of the licences of releases whose METADATA was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.distributions.metadata import licensing_of
from pypi_subset.policy.licenses import license_of, verdict_of

if TYPE_CHECKING:
    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.rules import IntakeRules
    from pypi_subset.model.intake.verdicts import Verdict


class Licenses:
    """
    Judges the licences of releases, and remembers which were refused; any thread may use it.

    No page of an index states a licence: METADATA does, which is read of few releases.

    :param rules: with at least one allowed licence.
    """

    def __init__(self, rules: IntakeRules) -> None:
        self._allowed, self._stated = rules.allow_licenses, dict(rules.known_licenses)
        self._refused: dict[str, Verdict] = {}

    def of_locked(self, one: Distribution) -> Verdict | None:
        """Return why the licence of *one*, as its lock states it, is refused; ``None`` if it is allowed."""
        return self._remembered(one, one.license or "")

    def read(self, candidate: Candidate, metadata: bytes) -> Verdict | None:
        """Return why the licence that *metadata* of *candidate* states is refused, ``None`` if it is allowed."""
        return self._remembered(candidate.distribution, license_of(licensing_of(metadata)))

    def refused(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return the verdict on *candidate* if its licence was read and refused."""
        found = self._refused.get(candidate.distribution.filename)
        return () if found is None else (found,)

    def _remembered(self, one: Distribution, expression: str) -> Verdict | None:
        found = verdict_of(one, expression, self._allowed, self._stated)
        if found is not None:
            self._refused[one.filename] = found
        return found
