"""Durations: words, ISO 8601, and what is neither."""

from __future__ import annotations

import pytest

from pypi_subset.requirements.intake.durations import in_words, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7 days", 604800),
        ("1 day", 86400),
        ("36hours", 129600),
        (" 2 Weeks ", 1209600),
        ("0 days", 0),
        ("P7D", 604800),
        ("P1W2DT3H4M", 604800 + 2 * 86400 + 3 * 3600 + 240),
        ("pt90m", 5400),
    ],
)
def test_a_duration(text: str, seconds: int) -> None:
    """Words and ISO 8601 mean the same seconds."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "days", "7", "-1 days", "P", "PT", "P7", "P1Y", "P1M", "1.5 days", "999999 days", 7]
)
def test_what_is_no_duration(text: object) -> None:
    """Months and years have no fixed length; a number alone has no unit."""
    assert seconds_of(text) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(604800, "7 days"), (86400, "1 day"), (5400, "90 minutes"), (3600, "1 hour"), (61, "61 seconds")],
)
def test_in_words(seconds: int, words: str) -> None:
    """The largest unit without a remainder."""
    assert in_words(seconds) == words
