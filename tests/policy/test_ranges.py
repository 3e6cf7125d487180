"""Which versions are affected: each trap by hand, and any events as the pseudo-code of the schema has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from pypi_subset.policy.osv import read_record
from pypi_subset.policy.ranges import Reach, reach_of
from tests.support.advisories import pseudo_code
from tests.support.advisories.records import affected, record

#: Versions that releases have.
RELEASES = (
    "0.dev0", "0", "0.9", "1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.0", "1.0+cpu", "1.0+cu128", "1.0.post1", "1.0.1",
    "1.1", "1.1+cpu", "1.9", "2.0.dev0", "2.0a1", "2.0", "2.0.1", "2.1", "3.0", "1!0.5",
)  # fmt: skip
#: What records name; the last are no versions.
NAMED = (*RELEASES, "v1.1", "1.0-1", " 2.0 ", "*", "2.x", "1.0-NA", "1.0-cu124", "1.0-alpha\\.33", "1!0.5-x", "foo", "")


def reach(*entries: Any) -> Reach:
    """Return which versions *entries* about one project affect."""
    return reach_of(read_record(json.dumps(record("X-1", *entries)).encode()).affected or ())


def within(*events: dict[str, str], versions: tuple[str, ...] = (), of: tuple[str, ...] = RELEASES) -> list[str]:
    """Return which of the versions *of* a range of *events* or a list affects."""
    found = reach(affected("demo", *events, versions=versions))
    return [text for text in of if found.covers(Version(text))]


FEW = ("0.9", "1.0", "1.0.1", "1.1", "1.9", "2.0", "2.1", "3.0")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("introduced 0", FEW),
        ("introduced 1.0, fixed 1.1", ("1.0", "1.0.1")),
        ("fixed 1.1, introduced 1.0", ("1.0", "1.0.1")),
        ("fixed 2.1, introduced 1.9, fixed 1.0.1, introduced 0", ("0.9", "1.0", "1.9", "2.0")),
        ("introduced 0, last_affected 1.1", ("0.9", "1.0", "1.0.1", "1.1")),
        ("last_affected 1.1, introduced 1.1", ("1.1",)),
        ("introduced 0, fixed 1.1, introduced 1.1, fixed 2.0", ("0.9", "1.0", "1.0.1", "1.1", "1.9")),
        ("introduced 0, last_affected 1.0, last_affected 1.9", ("0.9", "1.0")),
        ("introduced 1.0, limit 2.0", ("1.0", "1.0.1", "1.1", "1.9")),
        ("introduced 1.0, limit 1.1, limit 2.0", ("1.0", "1.0.1", "1.1", "1.9")),
        ("introduced 2.0, limit *", ("2.0", "2.1", "3.0")),
        ("introduced 2.0, limit 2.1, limit *", ("2.0", "2.1", "3.0")),
        ("introduced 10, fixed 9", ()),
        ("fixed 1.1", ("0.9", "1.0", "1.0.1")),
        ("introduced 1.0, fixed 1.0", FEW[1:]),
    ],
)
def test_events(events: str, expected: tuple[str, ...]) -> None:
    """Events count in the order of their versions, wherever they stand in the record."""
    pairs = [dict([one.split(" ")]) for one in events.split(", ")]
    assert within(*pairs, of=FEW) == [*expected]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("introduced 0, last_affected 1.0-cu124", ("0.9", "1.0", "1.0.1")),
        ("introduced 0, last_affected 1.x", ("0.9", "1.0", "1.0.1", "1.1", "1.9")),
        ("introduced 0, fixed 1.1-n653", ("0.9", "1.0", "1.0.1", "1.1")),
        ("introduced 0, fixed foo", FEW),
        ("introduced 0, last_affected foo", FEW),
        ("introduced 0, limit foo", FEW),
        ("introduced 1.1-foo", ("1.1", "1.9", "2.0", "2.1", "3.0")),
        ("introduced foo, fixed 1.0", ("0.9",)),
        (f"introduced 0, fixed {'1.' * 200}1", FEW),
        (f"introduced 0, fixed {'9' * 5000}", FEW),
    ],
)
def test_texts_that_are_no_version(events: str, expected: tuple[str, ...]) -> None:
    """Such a text counts as its whole release, or ends nothing: more versions are affected, never fewer."""
    pairs = [dict([one.split(" ")]) for one in events.split(", ")]
    assert within(*pairs, of=FEW) == [*expected]


def test_pre_releases_come_before_their_release() -> None:
    """The order is that of PEP 440; ``0`` comes before each version."""
    of = ("0.dev0", "1.0.dev1", "1.0a1", "1.0", "1.0.post1", "1!0.5")
    assert within({"introduced": "0"}, {"fixed": "1.0"}, of=of) == ["0.dev0", "1.0.dev1", "1.0a1"]
    assert within({"introduced": "0.0"}, {"last_affected": "1.0"}, of=of) == ["1.0.dev1", "1.0a1", "1.0"]


def test_versions_and_ranges() -> None:
    """A version is affected by a list or by any range, of any entry about the project."""
    first = affected("demo", {"introduced": "1.0"}, {"fixed": "1.0.1"}, versions=["3.0", "1.9.0", "0.9-foo"])
    found = reach(first, affected("demo", {"introduced": "2.1"}, {"last_affected": "2.1"}))
    assert [text for text in FEW if found.covers(Version(text))] == ["1.0", "1.9", "2.1", "3.0"]
    assert {*map(str, found.fixed)} == {"1.0.1"}


def test_other_orders_are_not_read() -> None:
    """Ranges of types SEMVER and GIT affect nothing."""
    ranges = [{"type": kind, "events": [{"introduced": "0"}]} for kind in ("SEMVER", "GIT")]
    assert not any(reach(affected("demo", ranges=ranges)).covers(Version(text)) for text in FEW)


def test_local_versions() -> None:
    """A local version is affected where its public version is; a record that names a local part means that part."""
    of = ("1.0", "1.0+cpu", "1.0+cu128")
    assert within(versions=("1.0",), of=of) == [*of]
    assert within(versions=("1.0+cpu",), of=of) == ["1.0+cpu"]
    assert within({"introduced": "0"}, {"last_affected": "1.0"}, of=of) == [*of]
    assert within({"introduced": "0"}, {"fixed": "1.0+cpu"}, of=of) == ["1.0"]


EVENTS = st.tuples(st.sampled_from(["introduced", "fixed", "last_affected", "limit"]), st.sampled_from(NAMED))
RANGES = st.lists(st.lists(EVENTS, min_size=1, max_size=5), max_size=2)


@settings(max_examples=200, deadline=None)
@given(RANGES, st.lists(st.sampled_from(NAMED), max_size=3))
@example([[("introduced", "1.0"), ("last_affected", "1.0"), ("fixed", "1.0")]], [])
@example([[("introduced", "foo"), ("limit", "1.0-NA"), ("fixed", "2.x")]], ["1.0+cpu"])
def test_equal_to_the_pseudo_code(ranges: list[list[tuple[str, str]]], versions: list[str]) -> None:
    """Whatever the events, a version is affected where the pseudo-code of the schema says so."""
    spans = [{"type": "ECOSYSTEM", "events": [{kind: text} for kind, text in one]} for one in ranges]
    document = record("X-1", affected("demo", ranges=spans, versions=versions))
    found = reach_of(read_record(json.dumps(document).encode()).affected or ())
    for text in RELEASES:
        assert found.covers(Version(text)) == pseudo_code.is_vulnerable("demo", text, document), text


@given(st.lists(st.sampled_from([*RELEASES, "v1.1", "1.0-1", "1.0.post2.dev1", "2.0a1.post3", "1.0+cpu.1"])))
def test_equal_order(texts: list[str]) -> None:
    """The order of versions in the pseudo-code is that of `packaging`."""
    keys = {text: pseudo_code.key_of(text) for text in texts}
    for one in texts:
        for other in texts:
            mine, theirs = keys[one], keys[other]
            assert mine is not None
            assert theirs is not None
            assert (mine < theirs, mine == theirs) == (Version(one) < Version(other), Version(one) == Version(other))
