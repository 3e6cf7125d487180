"""The result of a case: which results a document may hold."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pypi_subset.model.checks import LONGEST, Check, bounded

ONE: dict[str, Any] = {
    "target": "linux",
    "set_name": "base",
    "request": "app",
    "proof": "installed",
    "status": "passed",
    "seconds": 0.5,
    "notes": ["one"],
    "way": "find-links",
    "versions": ["app==1.0"],
}


def test_a_check_survives_json() -> None:
    """What was written is read again, lists as tuples; what is left out has its default."""
    check = msgspec.convert(ONE, Check)
    assert (check.notes, check.versions, check.reason, check.remembered) == (("one",), ("app==1.0",), "", False)
    assert msgspec.json.decode(msgspec.json.encode(check), type=Check) == check


@pytest.mark.parametrize(
    "change",
    [
        {"proof": "guessed"},
        {"status": "green"},
        {"status": "differs"},
        {"seconds": -1},
        {"seconds": 1e9},
        {"way": "nowhere"},
        {"target": None},
    ],
)
def test_what_is_no_result(change: dict[str, Any]) -> None:
    """Another kind, status, duration or route is refused; only a second opinion may differ."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(ONE | change, Check)


def test_only_a_second_opinion_differs() -> None:
    """Another valid version is a result of the second opinion alone."""
    assert msgspec.convert(ONE | {"proof": "second opinion", "status": "differs"}, Check).status == "differs"


def test_a_text_of_a_package_is_for_readers() -> None:
    """Codes for a terminal and characters that turn the direction are escapes; line ends and endless length are gone."""
    assert bounded("naïve 漢字 - 5 €") == "naïve 漢字 - 5 €"
    assert bounded("a\x1b[2J\x07\x9b1m\0\u202e\udc80b\nc\td") == r"a\x1b[2J\x07\x9b1m\x00\u202e\udc80b c d"
    assert bounded("x" * (LONGEST + 5)) == "x" * LONGEST + " …"
