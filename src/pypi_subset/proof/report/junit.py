"""
``junit.xml``: the results in the form that build servers read.

No standard fixes it; the template keeps to the elements that the common readers have in common, and has no clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from pypi_subset.proof.report import tables
from pypi_subset.proof.report.verdict import part_of
from pypi_subset.support import templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.report import Report


#: Why nothing of an old report counts as passed.
STALE = "stale: the site was rebuilt to other bytes since"
#: The results of what was not tried.
_UNTRIED = ("skipped", "accepted")


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """
    A test case.

    :param status: ``failed``, ``skipped`` or ``passed``.
    :param message: why it is not green; `text` has every reason and command.
    :param output: notes and versions, ``None`` if there are none.
    """

    place: str
    name: str
    seconds: float
    status: str
    proof: str
    message: str
    text: str
    output: str | None


class Totals(NamedTuple):
    """Numbers of test cases, and the seconds of all."""

    cases: int
    failed: int
    skipped: int
    seconds: float


def render(report: Report) -> str:
    """
    Return *report* as XML: a suite for each target, in it a case for each result.

    A case's name depends on what is proven and how, and on no outcome, so that a build server can follow it. What has one
    name, such as all that the inventory finds, is one case. Of a stale report, red stays red and the rest is skipped. A
    report about a part says so in the name of the whole, and in each suite's properties.
    """
    part = part_of(report)
    facts = {
        "manifest_sha256": report.manifest_sha256,
        "isolation": report.isolation,
        "stale": str(report.stale).lower(),
    }
    facts |= {"part": part} if part else {}
    facts |= {"amber": str(report.totals.amber)} if report.totals.amber else {}
    facts |= {"accepted": str(report.totals.accepted)} if report.totals.accepted else {}
    suites = [
        (target or "site", _cases(target or "site", list(checks), stale=report.stale))
        for target, checks in groupby(report.checks, lambda one: one.target)
    ]
    # Loops of a template take ten times as long.
    every = totals_of([case for _, cases in suites for case in cases])
    counted = [(suite, cases, totals_of(cases)) for suite, cases in suites]
    return templates.render("junit", part=part, facts=facts, suites=counted, every=every)


def totals_of(cases: Sequence[Case]) -> Totals:
    """Return the totals of *cases*."""
    states = Counter(case.status for case in cases)
    return Totals(len(cases), states["failed"], states["skipped"], sum(case.seconds for case in cases))


def _cases(suite: str, checks: Sequence[Check], *, stale: bool) -> list[Case]:
    named = groupby(checks, lambda one: (one.set_name, _name(one)))
    return [_case(suite, name, list(group), stale=stale) for (_, name), group in named]


def _case(suite: str, name: str, checks: Sequence[Check], *, stale: bool) -> Case:
    first = checks[0]
    red = [check for check in checks if check.status == "failed"]
    skipped = [STALE] if stale else [check.reason or check.status for check in checks if check.status in _UNTRIED]
    said = [f"{check.status}: {check.reason}" for check in checks if check.findings]
    said += [line for check in checks for line in (*check.notes, *check.versions)]
    said += [tables.BEFORE] * first.remembered
    return Case(
        place=".".join(filter(None, ("pypi-subset", suite, first.set_name))),
        name=name,
        seconds=sum(check.seconds for check in checks),
        status="failed" if red else "skipped" if skipped else "passed",
        proof=(red or checks)[0].proof,
        message=red[0].reason if red else "".join(skipped[:1]),
        text="\n".join(filter(None, (line for check in red for line in (check.reason, check.command)))),
        output="\n".join(said) if said else None,
    )


def _name(check: Check) -> str:
    """Return e.g. ``pandas>=2 (installed, simple)``."""
    what = check.request or ("all together" if check.set_name else "all files")
    return f"{what} ({', '.join(filter(None, (check.proof, check.way)))})"
