"""Entries of locks, and their markers."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.requirements.lockfiles import entries
from pypi_subset.requirements.lockfiles.entries import (
    Conditions,
    Entry,
    Grouped,
    Malformed,
    Open,
    Row,
    hashes_of,
    specifiers_of,
    version_of,
)

SHA = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "active", "expected"),
    [
        ("sys_platform == 'linux'", (), True),
        ("extra == 'a'", ("a",), True),
        ("extra == 'a'", ("b",), False),
        ("extra == 'a' and extra == 'b'", ("a", "b"), True),
        ("extra == 'a' and extra != 'b'", ("a", "b"), False),
        ("extra != 'b' and sys_platform == 'win32'", ("a",), False),
        ("'a' == extra or platform_release > '5'", ("a",), True),
        ("sys_platform == 'win32' and platform_release > '5'", (), False),
    ],
)
def test_extras_count_all_at_once(text: str, active: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001
    """Each comparison with ``extra`` is true if that extra is active; values that do not matter may be open."""
    conditions = Conditions()
    conditions.add(text, 3)
    truths = conditions.on({"sys_platform": "linux"}, frozenset(active))
    assert truths.holds(text) is expected
    assert truths.holds(text) is expected
    assert truths.holds(None)


def test_an_open_value_is_named() -> None:
    """A marker that an open value decides raises its name and the line."""
    conditions = Conditions()
    conditions.add("extra == 'a' or platform_release > '5'", 3)
    with pytest.raises(Open) as caught:
        conditions.on({"sys_platform": "linux"}).holds("extra == 'a' or platform_release > '5'", 3)
    assert (caught.value.names, caught.value.line) == (("platform_release",), 3)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x", "not a marker: 'x'"),
        ("(" * 60 + "os_name == 'nt'" + ")" * 60, "a marker is too long or too deep"),
        ("os_name == '" + "a" * 70_000 + "'", "a marker is too long or too deep"),
        ("python_version < '" + "9" * 400 + "'", "a marker is too long or too deep"),
        ("\x1b[31m", "not a marker: '\\\\x1b[31m'"),
    ],
)
def test_a_text_that_is_no_marker_is_refused(text: str, what: str) -> None:
    """It is shown without what a terminal obeys, and names its line."""
    with pytest.raises(Malformed) as caught:
        Conditions().add(text, 7)
    assert (caught.value.what, caught.value.line) == (what, 7)


def test_many_different_markers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same marker may be there any number of times."""
    monkeypatch.setattr(entries, "_MOST_MARKERS", 2)
    conditions = Conditions()
    for text in ("os_name == 'a'", "os_name == 'b'", "os_name == 'a'"):
        conditions.add(text, 1)
    with pytest.raises(Malformed, match="more than 2 different markers"):
        conditions.add("os_name == 'c'", 1)


def test_hashes_and_versions_are_checked() -> None:
    """What is no hash, or no version, names the project and the line."""
    assert hashes_of([SHA.upper().replace("SHA", "sha"), None, SHA], "a", 4) == (SHA,)
    assert version_of("1.0-RC1", "a", 4) == "1.0rc1"
    for function, values in (
        (hashes_of, (["sha256:0"], "a", 4)),
        (version_of, ("x", "a", 4)),
        (version_of, ("9" * 400, "a", 4)),
    ):
        with pytest.raises(Malformed) as caught:
            function(*values)
        assert caught.value.what.startswith("a has ")
        assert caught.value.line == 4
    assert specifiers_of("x") is None
    assert str(specifiers_of(">=1")) == ">=1"


def row(name: str, extras: str = "", **groups: str | None) -> Row:
    """Return a row with the marker of each group."""
    entry = Entry(name=name, version="1", line=1, hashes=())
    stated = {canonicalize_name(group): marker for group, marker in groups.items()}
    return Row(entry=entry, groups=stated, extras=frozenset(extras.split()))


def test_one_chosen_group_is_enough() -> None:
    """A row counts if the marker of any chosen group is true; rows of one entry join their extras."""
    rows = [
        row("a", main=None),
        row("a", "x y", dev="os_name == 'nt'"),
        row("b", main="os_name == 'posix'", dev=None),
        row("c", docs=None),
        row("d", main="extra == 'x'"),
    ]

    def chosen(groups: str, os_name: str, *extras: str) -> dict[str, list[str]]:
        lock = Grouped(rows=rows, groups=frozenset(groups.split()), extras=frozenset(extras))
        return {entry.name: sorted(found) for entry, found in lock.chosen({"os_name": os_name}).items()}

    assert chosen("main", "nt") == {"a": []}
    assert chosen("main dev", "nt") == {"a": ["x", "y"], "b": []}
    assert chosen("main", "posix", "x") == {"a": [], "b": [], "d": []}
    assert chosen("docs", "nt") == {"c": []}
