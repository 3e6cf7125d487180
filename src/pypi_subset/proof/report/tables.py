"""The tables of the report's page: requests against targets, and below it all that is known of each."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from pypi_subset.support.html import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pypi_subset.model.checks import Check


#: A reason, and the numbered results that are red for it.
Finding: TypeAlias = "tuple[str, list[tuple[int, Check]]]"

#: What is said of a result that was proven in an earlier run, for the same bytes by the same means.
BEFORE = "proven before"

#: From so many on a cell gives the number of the ways to the files, not their names; the details name them all.
_MANY = 3


def findings(checks: Sequence[Check]) -> list[Finding]:
    """Return the red results by their reason, what is red most often first; each result has a number of its own."""
    by_reason: dict[str, list[Check]] = {}
    for check in checks:
        if check.status == "failed":
            by_reason.setdefault(check.reason, []).append(check)
    ordered = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    numbers = iter(range(1, len(checks) + 1))
    return [(reason, [(next(numbers), check) for check in red]) for reason, red in ordered]


def targets(checks: Iterable[Check]) -> list[str]:
    """Return the names of the targets that anything is told about; these are the columns."""
    return sorted({check.target for check in checks} - {""})


def table(checks: Sequence[Check], numbers: Mapping[Check, int]) -> str:
    """
    Return the matrix: a row for each set as a whole and for each request, a column for each target.

    :param numbers: of the red results, for links to their reasons.
    """
    columns = targets(checks)
    placed: dict[str, dict[str, dict[str, list[Check]]]] = {}
    for check in checks:
        if check.target:
            row = placed.setdefault(check.set_name, {}).setdefault(check.request, {})
            row.setdefault(check.target, []).append(check)
    if not columns:
        return ""
    heads = "".join(f'<th scope="col">{escape(target)}</th>' for target in columns)
    bodies = []
    for set_name, rows in sorted(placed.items()):
        group = f'<tr><th scope="rowgroup" colspan="{len(columns) + 1}">Set {escape(set_name)}</th></tr>\n'
        lines = (_row(cells, columns, numbers) for _, cells in sorted(rows.items()))
        bodies.append(f"<tbody>\n{group}{''.join(lines)}</tbody>\n")
    head = f'<thead><tr><th scope="col">Request</th>{heads}</tr></thead>\n'
    return wide("matrix", "Each request on each target", head + "".join(bodies))


def details(checks: Sequence[Check]) -> str:
    """Return, folded up for each target, one row for each result: the ways to the files, notes, installed versions."""
    told = "".join(
        _details(target, number, list(group))
        for number, (target, group) in enumerate(groupby(checks, lambda one: one.target), 1)
    )
    return f'<section id="details">\n<h2>Notes and installed versions</h2>\n{told}</section>' if told else ""


def wide(name: str, caption: str, rows: str) -> str:
    """Return a captioned table in a frame that scrolls by itself, by keyboard as well (WCAG 2.2, 2.1.1)."""
    frame = f'<div class="wide" role="region" aria-labelledby="{name}-caption" tabindex="0">'
    return f'{frame}\n<table id="{name}">\n<caption id="{name}-caption">{escape(caption)}</caption>\n{rows}</table>\n</div>'


def request(check: Check) -> str:
    """Return what was asked for, as HTML."""
    return f"<code>{escape(check.request)}</code>" if check.request else "all together"


def marks(check: Check) -> str:
    """Return the attributes by which the script finds a result."""
    return f'class="{escape(check.status)}" data-target="{escape(check.target)}" data-proof="{escape(check.proof)}"'


def seconds(checks: Iterable[Check]) -> str:
    """Return how long they took together, e.g. ``3.2 s``."""
    return f"{sum(check.seconds for check in checks):.1f} s"


def python(check: Check) -> str:
    """Return the interpreter without its path, which is nobody's business elsewhere: ``CPython 3.10.13``."""
    return check.interpreter.partition(" (")[0]


def _row(cells: Mapping[str, Sequence[Check]], columns: Sequence[str], numbers: Mapping[Check, int]) -> str:
    first = next(iter(cells.values()))[0]
    filled = "".join(_cell(cells.get(target, ()), numbers) for target in columns)
    return f'<tr><th scope="row">{request(first)}</th>{filled}</tr>\n'


def _cell(checks: Sequence[Check], numbers: Mapping[Check, int]) -> str:
    """Return one cell; kinds of proof are never merged, and what is red in one way is not hidden by the others."""
    if not checks:
        return '<td class="none">not asked for</td>'
    lines = []
    for (*_, proof, status), group in groupby(sorted(checks, key=_kind), _kind):
        told = list(group)
        ways = [check.way for check in told if check.way]
        by = f"{len(ways)} ways" if len(ways) >= _MANY else ", ".join(ways)
        shown = escape(status)
        word = f"<b>{shown}</b>"
        if status == "failed":
            word = f'<a href="#red-{numbers[told[0]]}">{word}</a>'
        before = BEFORE if told[0].remembered else ""
        how = escape(" · ".join(filter(None, (proof, by, seconds(told), before))))
        lines.append(f'<p class="{shown}" data-proof="{escape(proof)}">{word} {how}</p>')
    return f"<td>{''.join(lines)}</td>"


def _details(target: str, number: int, checks: Sequence[Check]) -> str:
    rows = "".join(_detail(list(group)) for _, group in groupby(checks, _alike))
    name = escape(target or "all targets")
    heads = "".join(
        f'<th scope="col">{head}</th>'
        for head in ("Request", "Set", "Result", "Kind of proof", "Ways to the files", "Time", "Notes", "Installed")
    )
    inside = f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n"
    framed = wide(f"details-{number}", f"{target or 'all targets'}: notes and installed versions", inside)
    return f"<details>\n<summary>{name}</summary>\n{framed}\n</details>\n"


def _detail(checks: Sequence[Check]) -> str:
    """Return the row of results that differ in their way to the files alone."""
    first = checks[0]
    what = request(first) if first.set_name else "all files"
    # The reason of a red one stands further up, with its command.
    before = BEFORE if first.remembered else ""
    notes = "; ".join(filter(None, ("" if first.status == "failed" else first.reason, *first.notes, before)))
    ways = ", ".join(check.way for check in checks if check.way)
    texts = (first.set_name, first.status, first.proof, ways, seconds(checks), notes, ", ".join(first.versions))
    cells = "".join(f"<td>{escape(text)}</td>" for text in texts)
    return f'<tr {marks(first)}><th scope="row">{what}</th>{cells}</tr>\n'


def _kind(check: Check) -> tuple[bool, bool, bool, str, str]:
    """Return what stands in one line of a cell, in the order of the lines: red first, opinions last."""
    return check.status != "failed", check.proof == "second opinion", check.remembered, check.proof, check.status


def _alike(check: Check) -> tuple[object, ...]:
    told = (check.status, check.reason, check.notes, check.versions, check.remembered)
    return (check.set_name, check.request, check.proof, *told)
