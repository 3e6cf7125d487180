"""What the tables of the report's page hold: requests against targets, kinds of proof, and details of each result."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from packaging.utils import canonicalize_name

from pypi_subset.model.checks import GOOD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pypi_subset.model.checks import Check, Status


#: A reason, and the numbered red results that have it.
Finding: TypeAlias = "tuple[str, list[tuple[int, Check]]]"

#: What is said of a result that an earlier run proved, for the same bytes by the same means.
BEFORE = "proven before"

STATUSES = ("passed", "amber", "failed", "skipped", "differs", "accepted")

#: The name that a requirement begins with (PEP 508).
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")

#: From this number on a cell gives the number of the routes, not their names; the details name them all.
_MANY = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Results of one kind in a cell; `number` is that of the first one if they are red, else 0."""

    status: str
    proof: str
    how: str
    number: int


def findings(checks: Sequence[Check]) -> list[Finding]:
    """Return the red results by their reason, the most frequent one first; each result has a number of its own."""
    numbers = iter(range(1, len(checks) + 1))
    return [(reason, [(next(numbers), check) for check in red]) for reason, red in by_reason(checks, "failed")]


def by_reason(checks: Sequence[Check], status: Status) -> list[tuple[str, list[Check]]]:
    """Return the results of *status* by their reason, the most frequent one first."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        if check.status == status:
            found.setdefault(check.reason, []).append(check)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def choices(checks: Iterable[Check], attribute: str) -> list[str]:
    """Return the values that *attribute* has in *checks*, sorted; two that differ in their case alone are one."""
    found: dict[str, str] = {}
    for value in dict.fromkeys(getattr(check, attribute) for check in checks):
        if value:
            found.setdefault(value.lower(), value)
    return [found[key] for key in sorted(found)]


def targets(checks: Iterable[Check]) -> list[str]:
    """Return the names of the targets that have results; these are the columns."""
    return sorted({check.target for check in checks} - {""})


def matrix(
    checks: Sequence[Check], numbers: Mapping[Check, int]
) -> list[tuple[str, list[tuple[str, list[list[Line]]]]]]:
    """
    Return for each set the rows of its requests, each with the lines of one cell for each target.

    :param numbers: of the red results, for links to their reasons.
    """
    columns = targets(checks)
    placed: dict[str, dict[str, dict[str, list[Check]]]] = {}
    for check in checks:
        if check.target:
            row = placed.setdefault(check.set_name, {}).setdefault(check.request, {})
            row.setdefault(check.target, []).append(check)
    return [
        (
            set_name,
            [(request, [_cell(row.get(one, ()), numbers) for one in columns]) for request, row in sorted(rows.items())],
        )
        for set_name, rows in sorted(placed.items())
    ]


def kinds(checks: Sequence[Check]) -> list[tuple[str, str, str, list[str]]]:
    """Return target, kind of proof, Python and numbers of each way in which a target was proven."""

    def key(check: Check) -> tuple[str, str, str]:
        before = f", {BEFORE}" if check.remembered else ""
        return check.target, f"{check.proof}{before}", python(check)

    rows = []
    for (target, proof, interpreter), group in groupby(sorted(checks, key=key), key):
        those = list(group)
        counted = Counter[str](check.status for check in those)
        numbers = [*(str(counted[word]) for word in STATUSES), seconds(those)]
        rows.append((target or "all targets", proof, interpreter or "-", numbers))
    return rows


def details(checks: Sequence[Check]) -> list[tuple[str, list[tuple[Check, tuple[str, ...]]]]]:
    """Return for each target its results, those that differ in their route alone as one, each with the texts of its row."""
    return [
        (target or "all targets", [_detail(list(same)) for _, same in groupby(group, _alike)])
        for target, group in groupby(checks, lambda one: one.target)
    ]


def projects(checks: Iterable[Check]) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """
    Return for each project, by its normalized name, each status with its targets, what needs attention first.

    A case that passed counts for all that it installed, any other for the requested project alone.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for check in checks:
        names = {version.partition("==")[0] for version in check.versions} if check.status in GOOD else set()
        names |= {name[0] for name in [_NAME.match(check.request)] if name}
        for name in names if check.target and check.proof != "second opinion" else ():
            found.setdefault(canonicalize_name(name), {}).setdefault(check.status, set()).add(check.target)
    order = ("failed", "amber", "accepted", "passed", "skipped")
    return [
        (name, [(status, sorted(by[status])) for status in order if status in by]) for name, by in sorted(found.items())
    ]


def seconds(checks: Iterable[Check]) -> str:
    """Return how long they took together, e.g. ``3.2 s``."""
    return f"{sum(check.seconds for check in checks):.1f} s"


def python(check: Check) -> str:
    """Return the interpreter without its path, which other machines need not know: ``CPython 3.10.13``."""
    return check.interpreter.partition(" (")[0]


def _cell(checks: Sequence[Check], numbers: Mapping[Check, int]) -> list[Line]:
    """Return the lines of one cell; kinds of proof are never merged, and no green route hides a red one."""
    lines = []
    for (*_, proof, status), group in groupby(sorted(checks, key=_kind), _kind):
        those = list(group)
        ways = [check.way for check in those if check.way]
        by = f"{len(ways)} ways" if len(ways) >= _MANY else ", ".join(ways)
        how = " · ".join(filter(None, (proof, by, seconds(those), BEFORE * those[0].remembered)))
        number = numbers[those[0]] if status == "failed" else 0
        lines.append(Line(status=status, proof=proof, how=how, number=number))
    return lines


def _detail(checks: Sequence[Check]) -> tuple[Check, tuple[str, ...]]:
    first = checks[0]
    # The reason of a red, amber or accepted one is further up.
    reason = "" if first.status in {"failed", "amber", "accepted"} else first.reason
    notes = "; ".join(filter(None, (reason, *first.notes, BEFORE * first.remembered)))
    ways = ", ".join(check.way for check in checks if check.way)
    texts = (first.set_name, first.status, first.proof, ways, seconds(checks), notes, ", ".join(first.versions))
    return first, texts


def _kind(check: Check) -> tuple[bool, bool, bool, str, str]:
    """Return what stands in one line of a cell, in the order of the lines: red first, opinions last."""
    return (
        check.status not in {"failed", "amber"},
        check.proof == "second opinion",
        check.remembered,
        check.proof,
        check.status,
    )


def _alike(check: Check) -> tuple[object, ...]:
    those = (check.status, check.reason, check.notes, check.versions, check.remembered)
    return (check.set_name, check.request, check.proof, *those)
