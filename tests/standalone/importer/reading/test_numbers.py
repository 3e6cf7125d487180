"""Lists of numbers."""

from __future__ import annotations

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading.numbers import listed, numbers_in


@pytest.mark.parametrize(
    ("text", "found"),
    [("", []), ("0", [0]), ("0-3,7", [0, 1, 2, 3, 7]), ("5,7,9", [5, 7, 9]), ("8-9", [8, 9])],
)
def test_lists_of_numbers(text: str, found: list[int]) -> None:
    """Runs are expanded."""
    assert numbers_in(text, 10, "it") == found
    assert listed(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "10",
        "0-10",
        "3-1",
        "1-1",
        "1,2",
        "0-1,2",
        "2,1",
        "1,1",
        "-1",
        "01",
        "1-",
        ",",
        "1,",
        " 1",
        "\u0661",
        "0-99999999999",
    ],
)
def test_damaged_lists(text: str) -> None:
    """A list has one form, and no number beyond what it counts."""
    with pytest.raises(Refused, match="it has a damaged list of numbers"):
        numbers_in(text, 10, "it")
