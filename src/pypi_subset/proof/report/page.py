"""``proof/index.html``: the report for people, one HTML5 document without external parts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pypi_subset.proof.report import tables
from pypi_subset.proof.report.verdict import unasked
from pypi_subset.support import templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.report import Report
    from pypi_subset.proof.report.verdict import Verdict


#: What the words on the page mean.
_WORDS = {
    "passed": "It installs there.",
    "failed": "It does not. The reason stands under “What is red”.",
    "skipped": "Not asked for there: a marker of the request says so.",
    "differs": "Only of a second opinion: another tool would take another version, which is as valid.",
    "inventory": "Every file that the locks name lies here, byte for byte, and nothing else does.",
    "installed": "By a real Python of that target, into an environment of its own: installed, checked, imported.",
    "unpacked": "No Python of that target was at hand: pip unpacked for it, and every requirement was followed up.",
    "second opinion": "Another tool, asked the same.",
    tables.BEFORE: "In an earlier run, for the same bytes by the same means; the time is that of then.",
    "emulated": "As installed, by a Python of that target that ran on an emulated processor.",
}


def render(report: Report, verdict: Verdict) -> str:
    """Return the page of *report*."""
    checks = report.checks
    red = tables.findings(checks)
    counted = Counter[str](check.status for check in checks)
    return _page(
        verdict,
        report=report,
        results=", ".join(f"{counted[word]} {word}" for word in tables.STATUSES if counted[word]) or "none",
        nowhere=unasked(report),
        findings=red,
        filters=_filters(checks),
        columns=tables.targets(checks),
        matrix=tables.matrix(checks, {check: number for _, places in red for number, check in places}),
        kinds=tables.kinds(checks),
        details=tables.details(checks),
        legend=_legend(checks),
        place=_place,
        how=_how,
    )


def placeholder(verdict: Verdict) -> str:
    """Return the page that stands there until there is a report."""
    return _page(verdict, report=None)


def _page(verdict: Verdict, **values: object) -> str:
    words = verdict.words[:1].upper() + verdict.words[1:]
    return templates.render("proof.html", verdict=verdict, words=words, **values)


def _place(check: Check) -> str:
    return ", ".join(filter(None, (check.target, check.set_name)))


def _how(check: Check) -> str:
    return " · ".join(filter(None, (check.proof, check.way, tables.python(check), tables.seconds([check]))))


def _filters(checks: Sequence[Check]) -> list[tuple[str, str, list[str]]]:
    """Return name, label and choices of each list of the form, which the script shows."""
    return [
        ("state", "Result", sorted({check.status for check in checks})),
        ("target", "Target", tables.targets(checks)),
        ("kind", "Kind of proof", sorted({check.proof for check in checks})),
    ]


def _legend(checks: Sequence[Check]) -> list[tuple[str, str]]:
    """Return the words that the page uses, and what they mean."""
    said: set[str] = {word for check in checks for word in (check.status, check.proof)}
    said |= {tables.BEFORE} if any(check.remembered for check in checks) else set()
    return [(word, meaning) for word, meaning in _WORDS.items() if word in said]
