"""``yanked = "refuse"``: a release that its project yanked (PEP 592) serves no request, not even one that pins it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.intake.rules import YANKED
from pypi_subset.model.intake.verdicts import Verdict

if TYPE_CHECKING:
    from pypi_subset.model.candidates import Candidate


class Withdrawn:
    """Refuses yanked files."""

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return why *candidate* is refused, none if it was not yanked."""
        one = candidate.distribution
        if one.yanked is None:
            return ()
        sentence = f"yanked: {one.yanked or 'no reason given'}"
        return (Verdict(rule=YANKED, project=one.project, version=one.version, sentence=sentence),)
