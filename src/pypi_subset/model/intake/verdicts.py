"""A verdict: why a release is refused, and what can be taken instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

#: The rule that refuses a release because of an advisory.
ADVISORY = "advisory"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """
    A release that a rule refuses.

    :param rule: the name of the rule, such as `ADVISORY`.
    :param sentence: the reason, one line without links; all of it can be shown.
    :param ids: of the advisories that are the reason, the main one first.
    :param fixed: versions that can be taken instead, in rising order.
    """

    rule: str
    project: NormalizedName
    version: Version
    sentence: str
    ids: tuple[str, ...] = ()
    fixed: tuple[Version, ...] = ()

    def document(self) -> dict[str, object]:
        """Return it as JSON's values."""
        release = {"rule": self.rule, "project": self.project, "version": str(self.version)}
        return {**release, "ids": [*self.ids], "sentence": self.sentence, "fixed": [*map(str, self.fixed)]}
