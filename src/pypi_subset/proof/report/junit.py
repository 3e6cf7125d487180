"""
``junit.xml``: the results in the form that build servers read.

No standard fixes it; this keeps to what the common readers have in common: ``testsuites``, ``testsuite``, ``properties``,
``testcase``, ``failure``, ``skipped``, ``system-out``, and no clock.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from pypi_subset.proof.report import tables
from pypi_subset.proof.report.verdict import part_of
from pypi_subset.support.html import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.report import Report


#: Why nothing of an old report counts as passed.
STALE = "stale: the site was rebuilt to other bytes since"


def render(report: Report) -> str:
    """
    Return *report* as XML: a suite for each target, in it a case for each result.

    A case's name depends on what is proven and how, and on no outcome, so that a build server can follow it. What has one
    name, such as all that the inventory finds, is one case. Of a stale report, red stays red and the rest is skipped. A
    report about a part says so in the name of the whole, and in each suite's properties.
    """
    suites = [(target, list(group)) for target, group in groupby(report.checks, lambda one: one.target)]
    facts = {"manifest_sha256": report.manifest_sha256, "seal": report.seal, "stale": str(report.stale).lower()}
    part = part_of(report)
    facts |= {"part": part} if part else {}
    properties = "".join(f"<property{_attributes(name=name, value=value)}/>\n" for name, value in facts.items())
    written = [_suite(target or "site", checks, properties, stale=report.stale) for target, checks in suites]
    counted: Counter[str] = sum((count for count, _ in written), Counter())
    head = _attributes(
        name="pypi-subset" + f", {part}" * bool(part),
        **_counts(counted, (check for _, checks in suites for check in checks)),
    )
    body = "".join(text for _, text in written)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{head}>\n{body}</testsuites>\n'


def _suite(name: str, checks: Sequence[Check], properties: str, *, stale: bool) -> tuple[Counter[str], str]:
    """Return how the cases of a suite went, and its XML."""
    cases = [list(group) for _, group in groupby(checks, lambda one: (one.set_name, _name(one)))]
    outcomes = [_outcome(case, stale=stale) for case in cases]
    counted = Counter(kind for kind, _ in outcomes)
    body = "".join(_case(name, case, text) for case, (_, text) in zip(cases, outcomes, strict=True))
    head = _attributes(name=name, **_counts(counted, checks))
    return counted, f"<testsuite{head}>\n<properties>\n{properties}</properties>\n{body}</testsuite>\n"


def _case(suite: str, checks: Sequence[Check], outcome: str) -> str:
    first = checks[0]
    place = ".".join(filter(None, ("pypi-subset", suite, first.set_name)))
    head = _attributes(classname=place, name=_name(first), time=_seconds(checks))
    told = [line for check in checks for line in (*check.notes, *check.versions)]
    told += [tables.BEFORE] if first.remembered else []
    out = f"<system-out>{escape(chr(10).join(told))}</system-out>\n" if told else ""
    return f"<testcase{head}>\n{outcome}{out}</testcase>\n"


def _outcome(checks: Sequence[Check], *, stale: bool) -> tuple[str, str]:
    """Return ``failed``, ``skipped`` or ``passed`` of one case, and the element that says so."""
    red = [check for check in checks if check.status == "failed"]
    if red:
        said = "\n".join(filter(None, (line for check in red for line in (check.reason, check.command))))
        message = _attributes(message=red[0].reason, type=red[0].proof)
        return "failed", f"<failure{message}>{escape(said)}</failure>\n"
    reasons = [STALE] if stale else [check.reason or check.status for check in checks if check.status == "skipped"]
    if reasons:
        return "skipped", f"<skipped{_attributes(message=reasons[0])}/>\n"
    return "passed", ""


def _name(check: Check) -> str:
    """Return e.g. ``pandas>=2 (installed, simple)``."""
    what = check.request or ("all together" if check.set_name else "all files")
    return f"{what} ({', '.join(filter(None, (check.proof, check.way)))})"


def _counts(counted: Mapping[str, int], checks: Iterable[Check]) -> dict[str, str]:
    """Return the attributes that sum up a suite, or all."""
    numbers = {
        "tests": sum(counted.values()),
        "failures": counted["failed"],
        "errors": 0,
        "skipped": counted["skipped"],
    }
    return {**{name: str(number) for name, number in numbers.items()}, "time": _seconds(checks)}


def _seconds(checks: Iterable[Check]) -> str:
    return f"{sum(check.seconds for check in checks):.2f}"


def _attributes(**values: str) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items())
