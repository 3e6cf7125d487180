"""What the tables of the report's page hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pypi_subset.model.checks import Check
from pypi_subset.proof.report import tables

GREEN = Check(
    target="linux", set_name="base", request="aa", proof="installed", status="passed", way="simple", seconds=2
)
RED = replace(GREEN, status="failed", reason="it is gone")
HOW = "installed · simple · 2.0 s"


def cell(checks: list[Check], numbers: dict[Check, int] | None = None) -> list[tables.Line]:
    """Return the lines of the only cell."""
    ((_, ((_, (lines,)),)),) = tables.matrix(checks, numbers or {})
    return lines


def test_findings_come_by_their_reason() -> None:
    """What is red most often comes first; each red result has a number of its own, a green one has none."""
    other = replace(RED, reason="another")
    found = tables.findings([other, GREEN, RED, replace(RED, target="windows")])
    assert found == [("it is gone", [(1, RED), (2, replace(RED, target="windows"))]), ("another", [(3, other)])]


def test_columns_are_targets() -> None:
    """Each target is one column; the inventory, which is about no target, is none."""
    checks = [GREEN, replace(GREEN, target=""), replace(GREEN, target="a"), GREEN]
    assert tables.targets(checks) == ["a", "linux"]


def test_nothing_has_no_table() -> None:
    """Without a target there is neither a matrix nor details."""
    assert tables.matrix([replace(GREEN, target="")], {}) == []
    assert tables.details([]) == []


def test_the_matrix_has_a_cell_for_each_target() -> None:
    """Rows are sorted by set and request; where a request is not asked for, its cell has no line."""
    other = replace(GREEN, target="mac", set_name="a", request="")
    ((one, one_rows), (two, two_rows)) = tables.matrix([GREEN, other], {})
    assert [(one, one_rows), (two, two_rows)] == [
        ("a", [("", [[], [tables.Line(status="passed", proof="installed", how=HOW, number=0)]])]),
        ("base", [("aa", [[tables.Line(status="passed", proof="installed", how=HOW, number=0)], []])]),
    ]


def test_a_cell_leads_to_its_reason() -> None:
    """The line of a red result has its number, red lines stand first, and no kind of proof hides another."""
    unpacked = replace(GREEN, proof="unpacked")
    assert [(line.status, line.proof, line.number) for line in cell([unpacked, GREEN, RED], {RED: 7})] == [
        ("failed", "installed", 7),
        ("passed", "installed", 0),
        ("passed", "unpacked", 0),
    ]


@pytest.mark.parametrize(("count", "words"), [(1, "simple"), (2, "simple, w1"), (3, "3 ways"), (4, "4 ways")])
def test_many_ways_are_counted(count: int, words: str) -> None:
    """Up to two routes are named in a cell; of more, the cell gives the number and the details the names."""
    checks = [GREEN, *(replace(GREEN, way=f"w{number}") for number in range(1, count))]
    (line,) = cell(checks)
    assert line.how == f"installed · {words} · {2 * count}.0 s"
    (_, rows), *_ = tables.details(checks)
    assert rows[0][1][3] == ", ".join(check.way for check in checks)


def test_what_was_proven_before_says_so() -> None:
    """A result of an earlier run is named as such, in the cell, in the details and among the kinds."""
    before = replace(GREEN, remembered=True)
    assert cell([before])[0].how.endswith(tables.BEFORE)
    assert tables.details([before]) == [
        ("linux", [(before, ("base", "passed", "installed", "simple", "2.0 s", tables.BEFORE, ""))])
    ]
    assert tables.kinds([before])[0][1] == "installed, proven before"


def test_details_keep_the_reason_of_what_is_not_red() -> None:
    """The reason of a red result stands with the findings; results that differ in their route alone are one row."""
    skipped = replace(GREEN, status="skipped", reason="not requested", notes=("a",), versions=("b==1", "c==2"))
    ((target, rows),) = tables.details([replace(skipped, target=""), replace(skipped, target="", way="w"), RED])[:1]
    assert target == "all targets"
    assert [texts[3:] for _, texts in rows] == [("simple, w", "4.0 s", "not requested; a", "b==1, c==2")]
    assert tables.details([RED])[0][1][0][1][5] == ""


def test_kinds_are_counted() -> None:
    """Each way in which a target was proven has its numbers and its time."""
    other = replace(RED, target="", proof="inventory", interpreter="CPython 3.12.1 (/usr/bin/python3)")
    assert tables.kinds([GREEN, RED, other]) == [
        ("all targets", "inventory", "CPython 3.12.1", ["0", "0", "1", "0", "0", "0", "2.0 s"]),
        ("linux", "installed", "-", ["1", "0", "1", "0", "0", "0", "4.0 s"]),
    ]


def test_words_about_a_result() -> None:
    """An interpreter is named without its path; seconds are added."""
    assert tables.python(replace(GREEN, interpreter="CPython 3.12.1 (/usr/bin/python3)")) == "CPython 3.12.1"
    assert tables.seconds([GREEN, replace(GREEN, seconds=1.25)]) == "3.2 s"


def test_each_project_has_its_results() -> None:
    """A green case counts for all that it installed, a red one for the requested project alone; opinions count for none."""
    both = replace(GREEN, request="AA.b[x]>=1", versions=("aa-b==1.0", "lib==2.0"))
    checks = [
        both,
        replace(both, target="windows", status="failed", reason="gone"),
        replace(both, target="mac", status="skipped", versions=()),
        replace(both, request="", target="windows"),
        replace(both, target="other", proof="second opinion"),
        replace(both, target="", request=""),
    ]
    assert tables.projects(checks) == [
        ("aa-b", [("failed", ["windows"]), ("passed", ["linux", "windows"]), ("skipped", ["mac"])]),
        ("lib", [("passed", ["linux", "windows"])]),
    ]
