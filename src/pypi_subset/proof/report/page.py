"""``proof/index.html``: the report for people, one HTML5 document with a style and a script beside it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pypi_subset.model.paths import REPORT_SCRIPT, REPORT_STYLE, project_page
from pypi_subset.proof.report import tables
from pypi_subset.proof.report.verdict import signers, unasked, weakness
from pypi_subset.support import templates
from pypi_subset.support.resources import shipped
from pypi_subset.support.text import href

if TYPE_CHECKING:
    from pypi_subset.model.report import Report
    from pypi_subset.proof.report.verdict import Verdict


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
        signers=signers(report),
        weak=weakness(report).removeprefix("isolation: "),
        findings=red,
        ambers=tables.by_reason(checks, "amber"),
        gaps=tables.by_reason(checks, "accepted"),
        matrix=tables.matrix(checks, {check: number for _, places in red for number, check in places}),
        tables=tables,
        page_of=lambda name: f"../{href(*project_page(name).split('/'))}",
        used={word for check in checks for word in (check.status, check.proof, tables.BEFORE * check.remembered)},
    )


def parts() -> dict[str, bytes]:
    """Return path below the site → bytes of what the page loads."""
    return {REPORT_STYLE: shipped("templates", "proof.css"), REPORT_SCRIPT: shipped("templates", "proof.js")}


def placeholder(verdict: Verdict) -> str:
    """Return the page that stands there until there is a report."""
    return _page(verdict, report=None)


def _page(verdict: Verdict, **values: object) -> str:
    words = verdict.words[:1].upper() + verdict.words[1:]
    return templates.render("proof.html", verdict=verdict, words=words, **values)
