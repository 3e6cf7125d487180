"""The errors of the joined files."""

from __future__ import annotations

from pypi_subset.standalone.errors import Hindered, ImporterError, Misused, Refused, plain, shown


def test_exit_codes() -> None:
    """Each error has the exit code that the manual names."""
    assert {one.exit_code for one in (Refused, Misused, Hindered)} == {1, 2, 3}
    assert all(issubclass(one, ImporterError) for one in (Refused, Misused, Hindered))


def test_foreign_text_is_shown_in_ascii() -> None:
    """Control sequences, line ends and other alphabets are escaped; a long text is cut."""
    assert shown("a\x1b[2J\n\u202e") == r"a\x1b[2J\n\u202e"
    assert shown("it's") == "it's"
    assert len(shown("x" * 1000)) == 163


def test_a_line_is_plain() -> None:
    """What moves a terminal's cursor, and half of a surrogate pair, are escaped; letters of all scripts stay."""
    assert plain("über\x1b[2J\n\ud800\u202e") == r"über\x1b[2J\n\ud800\u202e"
