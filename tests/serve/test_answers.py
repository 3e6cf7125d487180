"""Ranges, and addresses behind a proxy."""

from __future__ import annotations

import pytest

from pypi_subset.serve.answers import is_range, with_slash


@pytest.mark.parametrize("value", [b"bytes=0-0", b"bytes=5-", b"bytes=-5", b"Bytes = 1-2", b"bytes=3-3"])
def test_one_range(value: bytes) -> None:
    """From a position, to another, and the last bytes."""
    assert is_range(value)


@pytest.mark.parametrize("value", [b"", b"bytes=-", b"bytes=2-1", b"bytes=0-1,3-4", b"lines=1-2", b"bytes=1-2x"])
def test_no_range(value: bytes) -> None:
    """Several ranges are none: no installer reads an answer in parts."""
    assert not is_range(value)


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/simple", b"", "./simple/"),
        ("/a b/c:d", b"", "./c%3Ad/"),
        ("/simple/six", b"x=1", "./six/?x=1"),
    ],
)
def test_the_address_with_a_slash(path: str, query: bytes, expected: str) -> None:
    """It is relative, so that a prefix of a proxy stays; a colon in a name is no scheme."""
    assert with_slash({"path": path, "query_string": query}) == expected
