"""Lists of numbers: written one way, and nothing else is read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.model.closures.numbers import listed, numbers_in
from pypi_subset.model.manifest import NUMBERS
from tests.support.stages.values import BRISK


@BRISK
@given(st.sets(st.integers(0, 300)))
def test_what_is_listed_is_read_again(numbers: set[int]) -> None:
    """Sorted, each once, and in a form that the schema allows."""
    text = listed(numbers)
    assert re.match(NUMBERS, text)
    assert [*numbers_in(text, 301)] == sorted(numbers)


def test_runs_are_joined() -> None:
    """Neighbours are one run, and no number is an empty text."""
    assert listed([7, 0, 1, 2, 1, 3, 9, 10]) == "0-3,7,9-10"
    assert listed([]) == ""
    assert [*numbers_in("", 0)] == []


@pytest.mark.parametrize("text", ["4", "0-4", "2,1", "1,1", "0-2,1", "0,1", "3-3", "2-1", "0-99999999", "0-1,2"])
def test_other_lists_are_refused(text: str) -> None:
    """A number that is too large, a run backwards, runs that touch or overlap: each list has one spelling."""
    assert re.match(NUMBERS, text)
    with pytest.raises(ValueError, match="is none of numbers from 0 to 3 in ascending runs"):
        list(numbers_in(text, 4))


@pytest.mark.parametrize("text", ["a", "-1", "0-", "01", "0,", " 0", "0-1-2", "0\n", "123456789"])
def test_the_schema_refuses_what_is_no_list(text: str) -> None:
    """No sign, no space, no leading zero, no ninth digit."""
    assert not re.match(NUMBERS, text)
