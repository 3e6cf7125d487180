"""Every rule about candidates at once: which of them refuse one, and which of these the user accepts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from pypi_subset.model.intake.rules import MIN_AGE
from pypi_subset.model.policy import today
from pypi_subset.policy.age import MinAge, repeated, text_of
from pypi_subset.policy.denied import Denied
from pypi_subset.policy.licensed import Licenses
from pypi_subset.policy.withdrawn import Withdrawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.intake.advisories import AdvisoryRules
    from pypi_subset.model.intake.rules import IntakeRules
    from pypi_subset.model.intake.verdicts import Verdict
    from pypi_subset.model.policy import Acceptance
    from pypi_subset.model.requests import Subset


class Rule(Protocol):
    """One rule about candidates."""

    def verdicts(self, candidate: Candidate, /) -> tuple[Verdict, ...]:
        """Return why the rule refuses *candidate*, none if it does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """
    The rules of a subset.

    :param rules: those that can refuse anything.
    :param accepted: what the user accepts all the same.
    :param licenses: judges licences, which are known later than all other facts; ``None`` if all are allowed.
    :param until: the moment that ``as_of`` repeats, ``""`` without it.
    """

    rules: tuple[Rule, ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    licenses: Licenses | None = None
    until: str = ""

    @property
    def counts(self) -> bool:
        """Whether anything can be refused."""
        return bool(self.rules) or self.licenses is not None

    def judged(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return the verdicts of the rules that refuse *candidate*."""
        return tuple(found for rule in self.rules for found in rule.verdicts(candidate))

    def standing(self, verdicts: Sequence[Verdict], target: str) -> tuple[Verdict, ...]:
        """Return those of *verdicts* that no acceptance covers on *target*."""
        return tuple(one for one in verdicts if not self._is_accepted(one, target))

    def _is_accepted(self, verdict: Verdict, target: str) -> bool:
        """
        Return whether an acceptance covers *verdict* on *target*.

        A file that was uploaded after the moment that ``as_of`` repeats was not there then: an acceptance lets it in only if
        it names versions.
        """
        found = acceptance_for(verdict, target, self.accepted)
        return found is not None and bool(found.version or not self.is_later(verdict))

    def is_later(self, verdict: Verdict) -> bool:
        """Return whether *verdict* is about the age of a file that was uploaded after the moment that ``as_of`` repeats."""
        return bool(self.until) and verdict.rule == MIN_AGE and verdict.since[:19] >= self.until[:19]


#: No rule.
ADMIT_ALL = Judge()


def judge_of(rules: IntakeRules, accepted: tuple[Acceptance, ...], others: Iterable[Rule] = ()) -> Judge:
    """
    Return the judge of a subset.

    :param others: further rules: about ages, about advisories.
    """
    found: list[Rule] = [Denied(rules.deny)] if rules.deny else []
    if rules.yanked == "refuse":
        found.append(Withdrawn())
    return Judge(rules=(*found, *others), accepted=accepted)


def candidates_judge(subset: Subset, prior: datetime | None = None, now: datetime | None = None) -> tuple[Judge, str]:
    """
    Return the judge of candidates, and the cut-off of upload times that it uses, ``""`` without one.

    :param prior: pip's ``uploaded-prior-to``.
    :param now: the moment that ages are counted from; ``None``: this one.
    :raises SubsetError: the database of advisories cannot be read, or is too old.
    """
    age = age_rule(subset, prior, now)
    others: list[Rule] = [age] if age.counts else []
    judge = judge_of(subset.rules, subset.accepted, [*others, *advisory_rules(subset.advisories)])
    licenses = Licenses(subset.rules) if subset.rules.allow_licenses else None
    return replace(judge, licenses=licenses, until=repeated(subset.rules)), age.cutoff


def age_rule(subset: Subset, prior: datetime | None = None, now: datetime | None = None) -> MinAge:
    """
    Return the rule about upload times; it may refuse nothing.

    :param prior: as in `candidates_judge`, and so *now*.
    """
    return MinAge(subset.rules, subset.sources, now or datetime.now(UTC), text_of(prior) if prior else "")


def advisory_rules(rules: AdvisoryRules | None) -> list[Rule]:
    """
    Return the rule about advisories, none without a database.

    :raises SubsetError: the database cannot be read, or is too old.
    """
    if rules is None:
        return []
    # Imported late: most subsets have no database.
    from pypi_subset.policy import advisories  # noqa: PLC0415

    return [advisories.AdvisoryRule(advisories.read(rules, today()), rules)]


def acceptance_for(verdict: Verdict, target: str, accepted: Iterable[Acceptance]) -> Acceptance | None:
    """
    Return the first of *accepted* that covers *verdict* on *target*, ``None`` if none does.

    None covers a malicious release.
    """
    if verdict.is_final:
        return None
    for one in accepted:
        if not one.covers((verdict.rule, verdict.project, target)):
            continue
        if not one.admits(str(verdict.version)):
            continue
        if one.id and not one.is_about(verdict.ids):
            continue
        return one
    return None
