"""``proof/index.html``: the report for people, one HTML5 document without external parts."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from itertools import groupby
from string import Template
from typing import TYPE_CHECKING

from pypi_subset.proof.report import tables
from pypi_subset.proof.report.verdict import unasked
from pypi_subset.support.html import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    parts = (
        _facts(report),
        _findings(red),
        _filter(checks),
        tables.table(checks, {place: number for _, places in red for number, place in places}),
        _kinds(checks),
        tables.details(checks),
        _legend(checks),
    )
    return _page(verdict, "\n".join(filter(None, parts)))


def placeholder(verdict: Verdict) -> str:
    """Return the page that stands there until there is a report."""
    return _page(verdict, "")


def _page(verdict: Verdict, content: str) -> str:
    template = resources.files("pypi_subset").joinpath("templates", "proof.html").read_text(encoding="utf-8")
    words = escape(verdict.words[:1].upper() + verdict.words[1:])
    return Template(template).substitute(
        state=verdict.state, words=words, meaning=escape(verdict.meaning), content=content
    )


def _facts(report: Report) -> str:
    counted = Counter(check.status for check in report.checks)
    told = ", ".join(f"{counted[word]} {word}" for word in ("passed", "failed", "skipped", "differs") if counted[word])
    facts = {
        "Results": escape(told or "none"),
        "Seal": escape(report.seal),
        "About": f"the site whose manifest.json has the SHA-256 <code>{escape(report.manifest_sha256)}</code>",
        "For programs": '<a href="report.json">report.json</a>, <a href="junit.xml">junit.xml</a>,'
        ' <a href="badge.svg">badge.svg</a>',
    }
    if nowhere := unasked(report):
        facts["Asked for nowhere"] = "<br>".join(map(escape, nowhere))
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{value}</dd>' for name, value in facts.items())}</dl>"


def _findings(red: Sequence[tables.Finding]) -> str:
    """Return each reason once, with all that is red for it, and the commands that failed."""
    if not red:
        return ""
    told = "".join(
        f"<article>\n<h3>{escape(reason)}</h3>\n<ul>\n"
        f"{''.join(_place(*place, folded=place != places[0]) for place in places)}</ul>\n</article>\n"
        for reason, places in red
    )
    return f'<section id="red" aria-labelledby="red-head">\n<h2 id="red-head">What is red</h2>\n{told}</section>'


def _place(number: int, check: Check, *, folded: bool) -> str:
    """Return one result that is red; *folded* hides its command behind a word, where one much like it stands above."""
    where = escape(", ".join(filter(None, (check.target, check.set_name))) or "all targets")
    what = tables.request(check) if check.set_name else "all files"
    how = escape(" · ".join(filter(None, (check.proof, check.way, tables.python(check), tables.seconds([check])))))
    command = f"<pre>{escape(check.command)}</pre>" if check.command else ""
    if folded and command:
        command = f"<details><summary>command</summary>{command}</details>"
    return f'<li id="red-{number}" {tables.marks(check)}>{where}: {what} <small>{how}</small>{command}</li>\n'


def _filter(checks: Sequence[Check]) -> str:
    """Return the form that the script shows; without a script there is none to see."""
    choices = {
        "state": ("Result", _unique(check.status for check in checks)),
        "target": ("Target", tables.targets(checks)),
        "kind": ("Kind of proof", _unique(check.proof for check in checks)),
    }
    fields = "".join(
        f'<label>{label} <select name="{name}"><option value="">all</option>'
        f"{''.join(f'<option>{escape(one)}</option>' for one in values)}</select></label>\n"
        for name, (label, values) in choices.items()
    )
    return (
        '<form role="search" aria-label="Filter the results" hidden>\n'
        '<label>Search <input type="search" name="words" autocomplete="off"></label>\n'
        f'{fields}<button type="reset">Show all</button>\n<output></output>\n</form>'
    )


def _kinds(checks: Sequence[Check]) -> str:
    """Return how each target was proven, and by which Python."""

    def key(check: Check) -> tuple[str, str, str]:
        before = f", {tables.BEFORE}" if check.remembered else ""
        return check.target, f"{check.proof}{before}", tables.python(check)

    rows = []
    for (target, proof, python), group in groupby(sorted(checks, key=key), key):
        told = list(group)
        counted = Counter(check.status for check in told)
        numbers = [str(counted[word]) for word in ("passed", "failed", "skipped", "differs")]
        cells = "".join(f'<td class="number">{cell}</td>' for cell in (*numbers, tables.seconds(told)))
        name = f'<th scope="row">{escape(target or "all targets")}</th>'
        rows.append(f"<tr>{name}<td>{escape(proof)}</td><td>{escape(python or '-')}</td>{cells}</tr>\n")
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Target", "Kind of proof", "Python"))
    heads += "".join(
        f'<th scope="col" class="number">{head}</th>' for head in ("Passed", "Failed", "Skipped", "Differs", "Time")
    )
    table = f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody>"
    return tables.wide("kinds", "How each target was proven", table)


def _legend(checks: Sequence[Check]) -> str:
    said: set[str] = {word for check in checks for word in (check.status, check.proof)}
    said |= {tables.BEFORE} if any(check.remembered for check in checks) else set()
    told = "".join(f"<dt>{word}</dt><dd>{meaning}</dd>\n" for word, meaning in _WORDS.items() if word in said)
    return f"<details>\n<summary>What the words mean</summary>\n<dl>\n{told}</dl>\n</details>" if told else ""


def _unique(words: Iterable[str]) -> list[str]:
    return sorted(set(words))
