"""Records of advisories: what is read of one, and what makes one unreadable."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from pypi_subset.policy.osv import read_record
from pypi_subset.policy.ranges import reach_of
from tests.support.advisories.records import affected, record


def read(document: object) -> Any:
    """Return the record that *document* is."""
    return read_record(json.dumps(document).encode())


@pytest.mark.parametrize("ecosystem", ["PyPI", "PyPI:https://index.example", "pypi"])
def test_entries_about_pypi(ecosystem: str) -> None:
    """Entries about PyPI are kept, with a normalized name; the ecosystem may have a suffix."""
    npm = {"package": {"ecosystem": "npm", "name": "demo"}, "versions": ["1.0"]}
    about = affected(package={"ecosystem": ecosystem, "name": "Demo_Project"})
    found = read(record("X-1", npm, {"ranges": [{"type": "GIT", "events": []}]}, about))
    assert [one.project for one in found.affected] == ["demo-project"]


def test_unknown_fields_and_nulls() -> None:
    """Fields of later versions of the schema are ignored; a list may be null, as the schema allows."""
    entry = affected("demo", purl="pkg:pypi/demo") | {"ranges": None, "versions": None, "severity": None}
    found = read(record("X-1", entry, aliases=None, severity=None, upstream=["CVE-1"], later={"a": [1]}))
    assert found.names == ("X-1",)
    assert found.affected[0].versions is None


def test_times() -> None:
    """A time may have nanoseconds; its day is that of the record."""
    assert read(record("X-1", modified="2026-09-04T00:47:46.156672516Z")).day == "2026-09-04"


@pytest.mark.parametrize(
    ("kinds", "is_judged"),
    [(("ECOSYSTEM",), True), (("GIT",), False), (("SEMVER",), False), (("GIT", "ECOSYSTEM"), True), ((), False)],
)
def test_what_can_be_judged(kinds: tuple[str, ...], is_judged: bool) -> None:  # noqa: FBT001
    """A range in another order than PyPI's is not judged; an entry without any other says so."""
    ranges = [{"type": kind, "events": [{"introduced": "0"}]} for kind in kinds]
    (entry,) = read(record("X-1", affected("demo", ranges=ranges))).affected
    assert entry.is_judged == is_judged


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": ""}, "'' is no id"),
        ({"id": "X 1"}, "'X 1' is no id"),
        ({"id": "\x1b[2J"}, "is no id"),
        ({"id": 1}, "Expected `str`, got `int`"),
        ({"aliases": "CVE-1"}, "Expected `array | null`, got `str`"),
        ({"aliases": ["CVE\n1"]}, "is no id"),
        ({"modified": "2026-11-20"}, "'2026-11-20' is no time in UTC"),
        ({"modified": "2026-11-20T10:00:00+02:00"}, "is no time in UTC"),
        ({"modified": "2026-02-30T10:00:00Z"}, "is no time in UTC"),
        ({"modified": None}, "Expected `str`, got `null`"),
        ({"withdrawn": ""}, "'' is no time in UTC"),
        ({"withdrawn": True}, "got `bool`"),
        ({"affected": [affected("demo", {})]}, "an event is not exactly one of"),
        ({"affected": [affected("demo", {"introduced": "0", "fixed": "1"})]}, "an event is not exactly one of"),
        ({"affected": [affected("demo", {"absorbed": "1"})]}, "an event is not exactly one of"),
        ({"affected": [affected("demo", ranges=[{"type": "ECOSYSTEM", "events": []}])]}, "a range has no events"),
        ({"affected": [affected("demo", ranges=[{"type": "ECOSYSTEM"}])]}, "a range has no events"),
        ({"affected": [affected("demo", ranges=[{"events": [{"introduced": "0"}]}])]}, "missing required field `type`"),
        ({"affected": [affected("demo") | {"versions": [1.0]}]}, "Expected `str`, got `float`"),
        ({"affected": [affected("no name")]}, "name is invalid"),
        ({"affected": [affected(package={"ecosystem": "PyPI"})]}, "missing required field `name`"),
        ({"affected": [affected(package={"name": "demo"})]}, "missing required field `ecosystem`"),
        ({"severity": [{"type": "CVSS_V3"}]}, "missing required field `score`"),
    ],
)
def test_a_damaged_record(change: dict[str, object], message: str) -> None:
    """A record that is not as the schema has it is refused, in one line that a terminal can show."""
    with pytest.raises(ValueError, match=r".") as caught:
        read(record("X-1") | change)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe\xfa",
        b'{"id": "X-1", "id": "X-2", "modified": "2026-11-20T10:00:00Z"}',
        b'{"id": "X-1", "modified": "2026-11-20T10:00:00Z", "database_specific": NaN}',
        b'{"id": "X-1", "modified": "2026-11-20T10:00:00Z", "later": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"id": "X-1", "modified": "2026-11-20T10:00:00Z", "later": ' + b"9" * 10_000 + b"}",
    ],
    ids=["empty", "cut", "list", "no text", "key twice", "NaN", "deep", "long number"],
)
def test_no_record(data: bytes) -> None:
    """Bytes that are no JSON object, or that readers take differently, are refused as any damaged record."""
    with pytest.raises(ValueError, match=r"."):
        read_record(data)


#: Values that a field may have, right and wrong ones.
VALUES = st.recursive(
    st.sampled_from(
        [None, True, 0, "", "0", "1.0", "X-1", "PyPI", "demo", "ECOSYSTEM", "\ud800", "2026-11-20T10:00:00Z"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["package", "ecosystem", "name", "ranges", "type", "events", "introduced", "fixed", "versions"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from(["affected", "aliases", "severity", "database_specific", "id", "withdrawn"]), VALUES)
def test_any_value_is_read_or_refused(field: str, value: object) -> None:
    """Whatever a field holds, the record can be judged, or is refused in one line."""
    message = ""
    try:
        reach_of(read(record("X-1") | {field: value}).affected).covers(Version("1!1.0+x"))
    except ValueError as error:
        message = str(error)
    assert message.isprintable()
