"""The comparison: every case put to ours and to another resolver, and what is to be said about each difference."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tests.evidence.differential.rules import ALLOWING, FORBIDDING, Difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.evidence.differential.cases import Case
    from tests.evidence.differential.record import Source
    from tests.evidence.differential.resolvers import Answer, Without

#: A rule that covers fewer projects is an exception.
ENOUGH = 2
#: How often the other is asked, each time without what rules forbade before; each time it may come to other projects.
ROUNDS = 9

#: Of so many cases one may go without comparison, because the other says nothing within its time.
SILENCE = 100


class Rival(Protocol):
    """Another resolver."""

    def __call__(self, case: Case, without: Without) -> Answer:
        """Return what it says to a case, without some releases."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """
    What came of one case with one resolver.

    :param rules: rule → the projects in which it showed; empty if the answers are equal.
    :param unexplained: both answers, where they differ; empty if rules explain it.
    :param barren: whether both say that nothing will do.
    :param silent: whether the other said nothing within its time, so that nothing was compared.
    """

    case: Case
    rules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unexplained: str = ""
    barren: bool = False
    silent: bool = False


def judge(case: Case, mine: Answer, theirs: Answer, *, ask: Rival, source: Source) -> Verdict:
    """Return the verdict about one case; *theirs* is what *ask* said without any rule."""
    without: dict[str, tuple[str, ...]] = {}
    used: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    now = theirs
    for _ in range(ROUNDS):
        if now.gave_up:
            return Verdict(case=case, silent=True)
        if mine.chosen == now.chosen:
            return Verdict(case=case, rules=dict(used), barren=mine.chosen is None)
        if now.chosen is None:
            break
        difference = Difference(case=case, ours=mine.chosen or {}, theirs=now.chosen, source=source)
        forbidden = {rule.name: releases for rule in FORBIDDING if (releases := rule.forbidden(difference))}
        if not forbidden:
            allowed = {rule.name: found for rule in ALLOWING if (found := rule.allowed(difference))}
            if allowed:
                return Verdict(case=case, rules={**used, **allowed})
            break
        for name, releases in forbidden.items():
            used[name] |= releases.keys()
            without |= releases
        now = ask(case, without)
    # What is shown is the last of their answers: what rules explain is not in it any more.
    return Verdict(case=case, unexplained=_contrast(mine, now))


def exceptions(verdicts: Iterable[Verdict]) -> list[str]:
    """Return a sentence for each rule that showed in fewer than two projects."""
    shown: defaultdict[str, set[str]] = defaultdict(set)
    for verdict in verdicts:
        for rule, projects in verdict.rules.items():
            shown[rule] |= projects
    return [
        f"the rule {rule!r} covers {', '.join(sorted(projects))} only: that is an exception, not a rule"
        for rule, projects in sorted(shown.items())
        if len(projects) < ENOUGH
    ]


def complaints(rival: str, verdicts: Sequence[Verdict], *, whole: bool = True) -> list[str]:
    """
    Return what is wrong, a line each: differences without a rule, rules that are exceptions, too little compared.

    :param whole: whether each rule must show in two projects; a part of the table has few.
    """
    lines = [f"{rival}: {one.case.name}: {one.unexplained}" for one in verdicts if one.unexplained]
    silent = sum(one.silent for one in verdicts)
    if silent * SILENCE > len(verdicts):
        lines.append(f"{rival}: {silent} of {len(verdicts)} cases were not compared: it found no end")
    return [*lines, *(f"{rival}: {sentence}" for sentence in (exceptions(verdicts) if whole else ()))]


def summary(rival: str, verdicts: Sequence[Verdict]) -> list[str]:
    """Return the numbers: cases, equal ones, those that each rule explains, and the others."""
    rules: defaultdict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        for rule in verdict.rules:
            rules[rule].append(verdict)
    equal = [one for one in verdicts if not (one.rules or one.unexplained or one.silent)]
    barren, wrong = sum(one.barren for one in equal), sum(bool(one.unexplained) for one in verdicts)
    lines = [f"{rival}: {len(verdicts)} cases, {len(equal)} equal ({barren} without a solution), {wrong} unexplained"]
    if silent := [one.case.name for one in verdicts if one.silent]:
        lines.append(f"  {len(silent)} not compared, it found no end: {'; '.join(silent)}")
    for rule, those in sorted(rules.items()):
        projects = sorted({project for one in those for project in one.rules[rule]})
        requests = len({one.case.request for one in those})
        lines.append(f"  {rule}: {len(those)} cases of {requests} requests, in {', '.join(projects)}")
    return lines


def _contrast(mine: Answer, theirs: Answer) -> str:
    if mine.chosen is None or theirs.chosen is None:
        return f"ours {_outcome(mine)}; theirs {_outcome(theirs)}"
    ours, others = mine.chosen, theirs.chosen
    return ", ".join(
        f"{project} {ours.get(project, 'not')}, theirs {others.get(project, 'not')}"
        for project in sorted(ours.keys() | others.keys())
        if ours.get(project) != others.get(project)
    )


def _outcome(answer: Answer) -> str:
    return f"found {len(answer.chosen)} projects" if answer.chosen is not None else f"failed: {answer.reason[:400]}"
