"""What pip chose at one patch level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypi_subset.resolve.warnings import unknown_extras, yanked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.locks import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """
    What pip chose at one patch level: by project the candidate, its metadata, who requires it, and its extras.

    :param brought: required projects that the interpreter of the target brings itself.
    :param assumed: requirements that another ``platform_machine`` would decide otherwise, with who states them.
    """

    candidates: Mapping[NormalizedName, Candidate]
    found: Mapping[NormalizedName, Mapping[str, Any]]
    reasons: Mapping[NormalizedName, set[Reason]]
    extras: Mapping[NormalizedName, set[NormalizedName]]
    brought: frozenset[NormalizedName] = frozenset()
    assumed: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What is allowed, and still unlikely to be meant."""
        return [*unknown_extras(self.reasons, self.found), *yanked(self.candidates.values())]

    @property
    def files(self) -> dict[NormalizedName, str]:
        """What would be installed."""
        return {project: candidate.distribution.filename for project, candidate in self.candidates.items()}
