"""METADATA, requirements and versions."""

from __future__ import annotations

import time

import pytest
from packaging.version import Version

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading.metadata import fields_of, normalized, plain_version, required_project

#: Bytes of hostile METADATA, and the seconds of one processor that they may take.
HOSTILE, SECONDS = 4_000_000, 8.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.0", "1", True),
        ("1.0.0", "v1", True),
        ("1.0-rc.1", "1rc1", True),
        ("1.0alpha", "1a0", True),
        ("1.0-1", "1.post1", True),
        ("1.0.REV", "1.post0", True),
        ("1-dev", "1.dev0", True),
        ("0!1.0+Ubuntu-1", "1+ubuntu.1", True),
        ("1!1", "1", False),
        ("1.0", "1.0.1", False),
        ("1.0", "1.0+cpu", False),
        ("1.0", "1.0.post0", False),
        ("1.0a0", "1.0", False),
        ("1.0.dev0", "1.0", False),
        ("1.0+1", "1.0+01", True),
        ("1.01", "1.1", True),
    ],
)
def test_versions_are_compared_as_packaging_does(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a table
    """Two spellings of one version are the same, and two versions are not."""
    assert (Version(one) == Version(other)) is same
    assert (plain_version(one) == plain_version(other)) is same


def test_text_that_is_no_version() -> None:
    """It is compared as it is."""
    assert plain_version("x") == "x"


def test_fields_of_metadata() -> None:
    """Fields have any case, may be folded, end with any line end, and are none in the description."""
    text = b"NAME: a\r\nRequires-Dist: x\r\n (>=1)\r\nrequires-dist : y\r\n\r\nRequires-Dist: z\r\n"
    assert fields_of(text, "a.whl") == {"name": ["a"], "requires-dist": ["x (>=1)", "y"]}


def test_other_fields_may_be_long() -> None:
    """A description in a field is passed over, however long it is."""
    text = b"Name: a\nDescription: x\n" + b" more\n" * 100_000 + b"Requires-Dist: z\n"
    assert fields_of(text, "a.whl") == {"name": ["a"], "requires-dist": ["z"]}


def test_a_lone_carriage_return_ends_a_line() -> None:
    """So pip's reader has it: a requirement behind one is none of a description."""
    assert fields_of(b"Name: a\rRequires-Dist: z\r\n", "a.whl") == {"name": ["a"], "requires-dist": ["z"]}


@pytest.mark.parametrize(
    "text",
    [
        b"Name: a\n" + b" \n" * (HOSTILE // 2),
        b"Name: a\n" + b" x" * (HOSTILE // 2),
        b"Name: " + b"a" * HOSTILE,
        b"a\n" * (HOSTILE // 2),
        b"Requires-Dist: a\n" * (HOSTILE // 17),
    ],
    ids=range(5),
)
def test_hostile_metadata_take_no_time(text: bytes) -> None:
    """METADATA with long or many fields are refused in a time that grows with their bytes."""
    begin = time.process_time()
    with pytest.raises(Refused, match="more or longer fields"):
        fields_of(text, "a.whl")
    assert time.process_time() - begin < SECONDS


@pytest.mark.parametrize("text", ["1" * HOSTILE, "1." * (HOSTILE // 2), "a" * HOSTILE, "a-" * (HOSTILE // 2) + "!"])
def test_long_names_and_versions_take_no_time(text: str) -> None:
    """A text of megabytes is no requirement and no version."""
    begin = time.process_time()
    assert plain_version(text) == text
    assert normalized(text)
    with pytest.raises(Refused):
        required_project(text, "it")
    assert time.process_time() - begin < SECONDS
