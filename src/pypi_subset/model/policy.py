"""What the user accepts although a check is against it: one form for every rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from packaging.specifiers import SpecifierSet

from pypi_subset.model.intake.rules import DENY, GONE, LICENSE, MIN_AGE, YANKED
from pypi_subset.model.intake.verdicts import ADVISORY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

#: Rule, project and target of something that a check found.
Found: TypeAlias = "tuple[str, str, str]"

#: A module or a console script of a requested project that does not import.
IMPORT = "import"
#: An import that lacks what no metadata declares; an acceptance of `IMPORT` covers it as well.
UNDECLARED = "undeclared"
#: The rules that the proof judges by.
PROVEN = (IMPORT, UNDECLARED)
#: The rules that judge what may come in.
INTAKE = (MIN_AGE, DENY, YANKED, ADVISORY, LICENSE, GONE)
#: A request that has no solution on a target.
GAP = "gap"
#: The rules that an acceptance may name.
RULES = (*PROVEN, *INTAKE, GAP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """
    One ``[[policy.accept]]`` of ``subset.toml``.

    :param rule: one of `RULES`.
    :param project: normalized project name.
    :param reason: why the user accepts it, one line.
    :param until: the last day on which it holds, ``YYYY-MM-DD`` in UTC.
    :param targets: names of the targets where it holds, sorted; none for all.
    :param version: the versions that it holds for (PEP 440), ``""`` for all.
    :param id: the advisory that it is about, ``""`` for all.
    :param origin: file and line, for messages.
    """

    rule: str
    project: str
    reason: str
    until: str
    targets: tuple[str, ...] = ()
    version: str = ""
    id: str = ""
    origin: str = ""

    def covers(self, found: Found) -> bool:
        """Whether it accepts *found*."""
        rule, project, target = found
        rules = {rule, IMPORT} if rule == UNDECLARED else {rule}
        return self.rule in rules and self.project == project and (not self.targets or target in self.targets)

    def admits(self, version: str) -> bool:
        """Whether it holds for a release of that version."""
        return not self.version or SpecifierSet(self.version).contains(version, prereleases=True)

    def is_about(self, ids: Iterable[str]) -> bool:
        """Whether it names one of *ids*, of an advisory and its aliases: databases differ in upper and lower case."""
        return self.id.upper() in map(str.upper, ids)


def today() -> str:
    """Return the date in UTC, as `Acceptance.until` has it."""
    return datetime.now(UTC).date().isoformat()


def has_expired(until: str, day: str) -> bool:
    """Whether an acceptance until the day *until* no longer holds on *day*."""
    return until < day


def acceptance_of(accepted: Iterable[Acceptance], found: Found) -> Acceptance | None:
    """Return the first of *accepted* that covers *found*, ``None`` if none does."""
    return next((one for one in accepted if one.covers(found)), None)


def accepted_on(target: str, accepted: Iterable[Acceptance]) -> tuple[Acceptance, ...]:
    """Return those of *accepted* about rules of the proof that hold on *target*."""
    return tuple(one for one in accepted if one.rule in PROVEN and (not one.targets or target in one.targets))


def unneeded(
    accepted: Iterable[Acceptance], found: Sequence[Found], tried: Collection[str], red: Collection[str]
) -> list[str]:
    """
    Return a sentence for each of *accepted* that covers nothing in *found*, though its rule was tried where it holds.

    :param tried: names of the targets on which the rules were tried.
    :param red: names of the targets that have a red check. Such a check can hide the failure that an entry accepts.
    """
    said = []
    for one in accepted:
        own = {name for name in tried if not one.targets or name in one.targets}
        if one.rule in PROVEN and own and own.isdisjoint(red) and not any(map(one.covers, found)):
            said.append(f"{_no_longer(one)}, remove it")
        elif one.rule == GAP:
            said += unneeded_gap(
                one, {target for rule, project, target in found if one.covers((rule, project, target))}
            )
    return said


def unneeded_gap(one: Acceptance, used: Collection[str]) -> list[str]:
    """
    Return a sentence about an acceptance of a gap if nothing is left out on one of its targets, else nothing.

    :param used: names of the targets on which a request of its project is left out.
    """
    idle = [name for name in one.targets if name not in used]
    if not idle:
        return []
    what = ", remove it" if len(idle) == len(one.targets) else f" on {', '.join(idle)}, remove the name"
    return [f"{_no_longer(one)}{what}"]


def _no_longer(one: Acceptance) -> str:
    return f"{one.origin}: [[policy.accept]] of {one.rule} for {one.project} is no longer needed"
