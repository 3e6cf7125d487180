"""What is shared once, within its bounds."""

from __future__ import annotations

import json

from packaging.utils import canonicalize_name

from pypi_subset.upstream.shared import Known, Shared, page_of, within


def test_a_page_is_json() -> None:
    """It has the name of its project and its files; without a file there is none."""
    found = page_of(canonicalize_name("app"), ['{"filename": "a"}', '{"filename": "b"}'])
    assert found is not None
    document = json.loads(found)
    assert (document["name"], document["files"]) == ("app", [{"filename": "a"}, {"filename": "b"}])
    assert page_of(canonicalize_name("app"), []) is None


def test_each_is_shared_once_while_there_is_room() -> None:
    """What was returned does not come again, and what has no room does not come at all."""
    shared = Shared(10)
    assert shared.more([("a", "123"), ("b", "12")]) == {"a": "123", "b": "12"}
    assert shared.more([("a", "123"), ("c", "12"), ("d", "")]) == {"c": "12"}
    assert shared.more([("d", "")]) == {}


def test_nothing_follows_what_has_no_room() -> None:
    """The order is kept: a small value does not take the room of a large one before it."""
    assert [*within(5, [("a", "1"), ("b", "12345"), ("c", "1")])] == [("a", "1")]


def test_a_wheel_for_one_target_of_several_is_not_shared() -> None:
    """A wheel for two targets is shared, and every wheel if there is one target."""
    known = Known()
    known.offer("two", "u2", [True, False, True])
    known.offer("own", "u1", [False, True, False])
    known.offer("only", "u0", [True])
    assert known.order([("page", "text")], [("metadata", "text")]) == {
        "pages": {"page": "text"},
        "metadata": {"metadata": "text"},
        "files": {"two": "u2", "only": "u0"},
    }
    assert known.order([("page", "text")], [("metadata", "text")]) == {
        "pages": {"page": "text"},
        "metadata": {},
        "files": {},
    }
