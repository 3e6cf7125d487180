"""JSON with one reading."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading.strict_json import Fields, digests_in, moment_text, parse_json


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": 1, "a": 2}', "has a key twice"),
        (b'{"a": {"b": 1, "b": 1}}', "has a key twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "Infinity is not JSON"),
        (b'{"a": 111111111111111111111}', "a number is too long"),
        (b'{"a": 1.11111111111111111111}', "a number is too long"),
        (b"[" * 100_000, "is damaged|values"),
        (b"[]", "is no JSON object"),
        (b'{"a": "\xff"}', "is damaged"),
        (b"\xef\xbb\xbf{}", "is damaged"),
        (b"", "is damaged"),
        (b"{} {}", "is damaged"),
        (b'{"a": [1,2,3,4,5,6,7,8,9,10,11,12]}', "more than 10 values"),
        (b'{"a": "\x1b[2J', r"^the text is damaged: [ -~]*$"),
    ],
)
def test_what_is_refused(data: bytes, message: str) -> None:
    """Text that two readers could read in two ways, or that is large without need, is refused."""
    with pytest.raises(Refused, match=message):
        parse_json(data, "the text", 10 if len(data) < 1000 else 1_000_000)


def test_long_numbers_take_no_time() -> None:
    """A number of a million digits is refused before it is read."""
    started = time.process_time()
    with pytest.raises(Refused):
        parse_json(b'{"a": ' + b"9" * 1_000_000 + b"}", "the text", 10)
    assert time.process_time() - started < 1


def test_values_are_read() -> None:
    """Values are those of JSON."""
    assert parse_json(b'{"a": [1, 2.5, null, true, "\\u00e9"]}', "x", 10) == {"a": [1, 2.5, None, True, "\u00e9"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", True),
        ("number", "1"),
        ("number", -1),
        ("number", 11),
        ("number", 1.0),
        ("digest", "A" * 64),
        ("digest", "a" * 63),
        ("digest", "a" * 64 + "\n"),
        ("digest", None),
        ("moment", "2026-01-01"),
        ("moment", "2026-13-01T00:00:00Z"),
        ("moment", "2026-01-01T00:00:00+01:00"),
        ("moment", "2026-01-01T00:00:00Z\n"),
        ("moment", "\u0662026-01-01T00:00:00Z"),
    ],
)
def test_kinds(name: str, value: Any) -> None:
    """A value of another kind is refused, and named."""
    fields = Fields({name: value}, "the text")
    with pytest.raises(Refused, match=f"the text: {name}"):
        fields.number(name, 0, 10) if name == "number" else getattr(fields, name)(name)


def test_missing_and_unknown_keys() -> None:
    """A missing value is none of its kind, and a key that has no meaning is refused."""
    fields = Fields({"a": None, "\x1b": 1}, "the text")
    assert fields.get("a", type(None)) is None
    assert fields.digest_or_none("a") == ""
    with pytest.raises(Refused, match="b is missing"):
        fields.get("b", type(None))
    with pytest.raises(Refused, match=r"unknown key \\x1b"):
        fields.only("a")
    with pytest.raises(Refused, match="is no object"):
        Fields([], "the text")
    with pytest.raises(Refused, match=r"paths: a/\\x1b is no SHA-256"):
        digests_in({"a/\x1b": "0"}, "paths")


def test_times_are_in_utc() -> None:
    """A time is read and written in UTC; fractions of a second do not count."""
    assert Fields({"a": "2026-01-02T03:04:05.999999Z"}, "x").moment("a") == 1767323045
    assert moment_text(1767323045.9) == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    "values", [["0" * 63, "0" * 65], ["0" * 64, "A" * 64], ["0" * 64, 3], ["0" * 64, ["0" * 64]], ["0" * 63 + "\n"]]
)
def test_hashes_are_looked_at_one_by_one(values: list[Any]) -> None:
    """Lengths that fit together alone, other letters and other kinds are refused, with the name of the first."""
    found = dict(zip(["a", "b"], values, strict=False))
    wrong = next(name for name, value in found.items() if value != "0" * 64)
    with pytest.raises(Refused, match=f"^files: {wrong} is no SHA-256"):
        digests_in(found, "files")


def test_right_hashes() -> None:
    """None, one and several come back."""
    for count in range(3):
        found = {f"{number}": f"{number:x}" * 64 for number in range(count)}
        assert digests_in(found, "files") == found
