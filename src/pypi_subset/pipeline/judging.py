"""The judge of candidates in a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pypi_subset.policy.age import MOMENT, MinAge
from pypi_subset.policy.judge import Judge, advisory_rules, judge_of

if TYPE_CHECKING:
    from pypi_subset.model.requests import Subset
    from pypi_subset.policy.judge import Rule


def candidates_judge(subset: Subset, prior: datetime | None = None, now: datetime | None = None) -> tuple[Judge, str]:
    """
    Return the judge of candidates, and the cut-off of upload times that it uses, ``""`` without one.

    :param prior: pip's ``uploaded-prior-to``.
    :param now: the moment that ages are counted from.
    :raises SubsetError: the database of advisories cannot be read, or is too old.
    """
    stated = prior.astimezone(UTC).strftime(MOMENT) if prior else ""
    age = MinAge(subset.rules, subset.sources, now or datetime.now(UTC), stated)
    others: list[Rule] = [age] if age.counts else []
    return judge_of(subset.rules, subset.accepted, [*others, *advisory_rules(subset.advisories)]), age.cutoff
