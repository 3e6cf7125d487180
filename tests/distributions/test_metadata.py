"""METADATA is compared with the file name of its wheel."""

from __future__ import annotations

import email
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pypi_subset.distributions import metadata as wheelfile_metadata
from pypi_subset.distributions.metadata import check_metadata, dependencies_of, requires_python_of
from pypi_subset.errors import BadDistribution
from pypi_subset.support import bounds
from tests.support.programs.ending import ending
from tests.support.stages.bad_wheels import NAME, true
from tests.support.stages.values import BRISK

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.mark.parametrize(
    ("filename", "text"),
    [
        ("bad-1.0-py3-none-any.whl", true().replace("2.1", "2.7")),
        ("bad-1.0-py3-none-any.whl", true().replace("2.1", "2.99")),
        ("bad-1.0-py3-none-any.whl", true().replace("2.1", "1.0")),
        ("bad-1.0-py3-none-any.whl", true().partition("\n")[2]),
        ("bad-1.0-py3-none-any.whl", true().replace("\n", "\r\n")),
        ("bad-1.0-py3-none-any.whl", f"{true()}\nName: of another in its description\n"),
        ("bad-1.0-py3-none-any.whl", "Version: 1.0\nname:bad\nMetadata-Version: 2.1\n"),
        ("bad-1.0-py3-none-any.whl", true().replace("1.0", "1")),
        ("bad-1.0-py3-none-any.whl", true().replace("1.0", "v1.0.0")),
        ("bad-1.0.post1-py3-none-any.whl", true().replace("1.0", "1.0-1")),
        ("bad-1.0rc1-py3-none-any.whl", true().replace("1.0", "1.0.RC-1")),
        ("bad-1.0+cpu.1-py3-none-any.whl", true().replace("1.0", "1.0+CPU-1")),
        ("Bad_One.Two-1.0-1build-py3-none-any.whl", true().replace("bad", "bad.one-TWO")),
    ],
)
def test_what_real_wheels_say(filename: str, text: str) -> None:
    """A later minor version, no version at all, and every spelling of the same name and version are accepted."""
    check_metadata(text.encode(), filename)


LINES = st.sampled_from(
    [" bad", "\t1.0", "", "garbage", "Name: good", "name:bad", "Name : bad", "VERSION: 1.1", "Version:", "X: Name: x"]
)


@BRISK
@given(st.lists(LINES, max_size=3), st.integers(0, 3), st.sampled_from(["\n", "\r\n", "\r"]))
@example([" bad"], 3, "\n")
@example(["Name: good"], 3, "\r\n")
@example(["garbage"], 0, "\n")
def test_the_quick_reader_reads_as_the_slow_one(lines: list[str], place: int, end: str) -> None:
    """Whatever stands around them, name and version are what the parser of mail headers, which pip uses, finds."""
    own = true().splitlines()
    text = end.join([*own[:place], *lines, *own[place:], "", ""])

    def verdict() -> bool:
        try:
            check_metadata(text.encode(), NAME)
        except BadDistribution:
            return False
        return True

    with pytest.MonkeyPatch.context() as patch:
        quick = verdict()
        patch.setattr(wheelfile_metadata, "_USUAL", re.compile(rb"(?!)"))
        assert verdict() == quick


ENDS = st.sampled_from(["\n", "\r\n", "\r"])
FIELDS = st.sampled_from(
    [
        "Requires-Python: >=3.9",
        "requires-python:>=3",
        "Name: x",
        " folded",
        "",
        "garbage",
        ":",
        "From me",
        "A B: c",
        "\t",
        "X : y",
    ]
)


@BRISK
@given(st.lists(st.tuples(FIELDS, ENDS), max_size=6), ENDS)
@example([("Name: x", "\r\n"), ("", "\r\n"), ("Requires-Python: >=3.9", "\r\n")], "\r\n")
@example([("Name: x", "\r"), ("", "\n"), ("Requires-Python: >=3.9", "\n")], "\n")
@example([("garbage", "\n"), ("Requires-Python: >=3.9", "\n")], "\n")
@example([("Requires-Python: >=3.9", "\n"), (" folded", "\n")], "\n")
def test_fields_end_where_pip_sees_their_end(lines: list[tuple[str, str]], end: str) -> None:
    """Both readers of Requires-Python take it from the fields, as the parser of pip does, and never from the description."""
    text = "".join(f"{line}{own}" for line, own in [*lines, ("", end), ("Requires-Python: <3", end)])
    value = email.message_from_string(text)["Requires-Python"]
    stated = " ".join(value.split()) if value is not None else None
    for found in (requires_python_of(text.encode()), dependencies_of(text.encode()).requires_python or None):
        assert (" ".join(found.split()) if found else None) == (stated or None)


def test_fields_are_counted() -> None:
    """METADATA with more fields than any has is refused; folded lines and a description do not count."""
    begin = "Metadata-Version: 2.1\nName: app\nVersion: 1.0\n"
    many = "".join(f"X{number}: a\n" for number in range(bounds.MOST_FIELDS - 2))
    with pytest.raises(BadDistribution, match="its METADATA has more than 10000 fields"):
        check_metadata(f"{begin}{many}\n".encode(), "app-1.0-py3-none-any.whl")
    folded = many.replace("X", " X")
    for text in (f"{begin}Description: a\n{folded}\n", f"{begin}\n{many}"):
        check_metadata(text.encode(), "app-1.0-py3-none-any.whl")


def test_fields_of_many_names_are_read_once() -> None:
    """The time to read METADATA grows with its length, whatever the names of its fields."""
    begin = b"Metadata-Version: 2.1\nName: app\nVersion: 1.0\nRequires-Dist: bb\n"
    many = b"".join(b"X%d: a\n" % number for number in range(200_000))
    with ending():
        assert dependencies_of(begin + many).requires == ("bb",)


@pytest.mark.parametrize("field", ["Requires-Dist: x==", "Requires-Python: >=3."])
def test_long_numbers_are_refused(field: str) -> None:
    """`int` refuses a number of very many digits, wherever a version is read; in the description it means nothing."""
    head = "Metadata-Version: 2.1\nName: app\nVersion: 1.0\n"
    with pytest.raises(BadDistribution, match="a number of more than 300 digits"):
        check_metadata(f"{head}{field}{'9' * 301}\n\n".encode(), "app-1.0-py3-none-any.whl")
    check_metadata(f"{head}{field}{'9' * 300}\n\n{'9' * 301}".encode(), "app-1.0-py3-none-any.whl")


def test_brackets_of_a_requirement_are_counted() -> None:
    """Parsers of markers call themselves for each bracket: METADATA with very many is refused."""
    for count in (50, 51):
        metadata = f"Metadata-Version: 2.1\nName: app\nVersion: 1.0\nRequires-Dist: x; {'(' * count}os_name == 'a'{')' * count}\n\n"
        if count > bounds.DEEPEST:
            with pytest.raises(BadDistribution, match="more than 50 brackets within each other"):
                check_metadata(metadata.encode(), "app-1.0-py3-none-any.whl")
        else:
            check_metadata(metadata.encode(), "app-1.0-py3-none-any.whl")
    text = f"Metadata-Version: 2.1\nName: app\nVersion: 1.0\n\n{'(' * 1000}"
    check_metadata(text.encode(), "app-1.0-py3-none-any.whl")
