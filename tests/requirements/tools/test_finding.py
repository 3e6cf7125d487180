"""What a document asks for on its targets, and how findings are worded."""

from __future__ import annotations

import pytest

from pypi_subset.requirements.tools.finding import listed, may_hold, quoted, table_at, tables_in
from pypi_subset.targets.tag import parse

LINUX = parse("linux", "cp310-manylinux2014_x86_64")


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        (None, True),
        ("sys_platform == 'linux'", True),
        ("sys_platform == 'win32'", False),
        ("python_version < '3.10'", False),
        ("platform_release == '6'", True),
        ("python_full_version >= '3.10.9'", True),
        ("what is this", True),
        (1, True),
    ],
)
def test_a_marker_that_cannot_be_decided_may_hold(marker: object, holds: bool) -> None:  # noqa: FBT001 - a table's value
    """An open value, an open patch level and what is no marker at all count as true: refusing is safe."""
    assert may_hold(marker, LINUX) is holds


def test_phrases_are_joined() -> None:
    """Eight of them in full, equal ones once."""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "a"]) == "a and b"
    assert listed("abcdefghijk") == "a, b, c, d, e, f, g, h and 3 more"


def test_tables_in_whatever_there_is() -> None:
    """What is no table is none, at any depth."""
    assert table_at({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert table_at({"a": [1]}, "a", "b") == {}
    assert tables_in([{"a": 1}, 2]) == [{"a": 1}]
    assert tables_in("a") == []


def test_a_value_is_shown_if_it_is_short_text() -> None:
    """A URL may hold a password, and so may whatever is nested."""
    assert [quoted(one) for one in ("allow", True, "https://u:p@h", "x" * 61, ["a"], 1)] == [
        "'allow'",
        "True",
        *["another value"] * 4,
    ]
