"""The tables of the report's page, as text before a browser reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pypi_subset.model.checks import Check
from pypi_subset.proof.report import tables
from tests.support.pages.page_check import elements

GREEN = Check(
    target="linux", set_name="base", request="aa", proof="installed", status="passed", way="simple", seconds=2
)
RED = replace(GREEN, status="failed", reason="it is gone")


def cells(text: str) -> list[str]:
    """Return the text of all cells of the body."""
    return [
        "".join(one.itertext())
        for one in elements(f'<!DOCTYPE html><meta charset="utf-8"><title>x</title>{text}', "td")
    ]


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
    assert tables.table([replace(GREEN, target="")], {}) == ""
    assert tables.details([]) == ""


def test_a_cell_leads_to_its_reason() -> None:
    """The number of a red result is the link of its cell."""
    assert 'href="#red-7"' in tables.table([RED], {RED: 7})
    assert "href" not in tables.table([GREEN], {})


@pytest.mark.parametrize(("count", "words"), [(1, "simple"), (2, "simple, w1"), (3, "3 ways"), (4, "4 ways")])
def test_many_ways_are_counted(count: int, words: str) -> None:
    """Up to two routes are named in a cell; of more, the cell gives the number and the details the names."""
    checks = [GREEN, *(replace(GREEN, way=f"w{number}") for number in range(1, count))]
    (cell,) = cells(tables.table(checks, {}))
    assert cell == f"passed installed · {words} · {2 * count}.0 s"
    assert ", ".join(check.way for check in checks) in tables.details(checks)


def test_what_was_proven_before_says_so() -> None:
    """A result of an earlier run is named as such, in the cell and in the details."""
    before = replace(GREEN, remembered=True)
    assert cells(tables.table([before], {}))[0].endswith(tables.BEFORE)
    assert tables.BEFORE in tables.details([before])


def test_words_about_a_result() -> None:
    """The whole set has words of its own; an interpreter is named without its path; seconds are added."""
    assert tables.request(replace(GREEN, request="")) == "all together"
    assert tables.request(replace(GREEN, request="a<b")) == "<code>a&lt;b</code>"
    assert tables.python(replace(GREEN, interpreter="CPython 3.12.1 (/usr/bin/python3)")) == "CPython 3.12.1"
    assert tables.seconds([GREEN, replace(GREEN, seconds=1.25)]) == "3.2 s"
