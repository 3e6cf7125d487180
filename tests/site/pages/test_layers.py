"""The layout of dependency pictures: from left to right, without overlaps, and the same for the same graph."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.site.pages.layers import APART, BOX, Picture, picture_of
from tests.support.stages.values import BRISK

NAMES = st.sampled_from("abcdefgh")


def drawn(root: str, edges: set[tuple[str, str]]) -> Picture:
    """Return the picture of boxes of 40 pixels."""
    return picture_of(root, dict.fromkeys({root, *(name for edge in edges for name in edge)}, 40), edges)


def test_what_requires_is_left_of_what_it_requires() -> None:
    """Each box is behind all that lead to it, also over a longer way; an edge over a layer passes between its boxes."""
    edges = {("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("a", "c")}
    picture = drawn("a", edges)
    lefts = {name: left for name, (left, _, _) in picture.boxes.items()}
    assert lefts["a"] < lefts["b"] < lefts["c"] < lefts["d"]
    assert len(picture.lines["a", "d"]) == 6
    assert len(picture.lines["a", "b"]) == 2


def test_a_circle_is_drawn() -> None:
    """The edge that closes it has a line as well, and one box in a circle with itself none."""
    picture = drawn("a", {("a", "b"), ("b", "a"), ("b", "b")})
    assert set(picture.lines) == {("a", "b"), ("b", "a")}
    assert picture.boxes["a"][0] < picture.boxes["b"][0]


def test_crossings_are_undone() -> None:
    """Two pairs whose order by name would cross."""
    picture = drawn("a", {("a", "b"), ("a", "c"), ("b", "y"), ("c", "x")})
    tops = {name: top for name, (_, top, _) in picture.boxes.items()}
    assert (tops["b"] < tops["c"]) == (tops["y"] < tops["x"])


def test_a_box_alone() -> None:
    """A project without requirements."""
    picture = drawn("a", set())
    assert picture.boxes == {"a": (4, 4, 40)}
    assert not picture.lines


@BRISK
@given(pairs=st.sets(st.tuples(NAMES, NAMES), max_size=16))
def test_no_box_covers_another(pairs: set[tuple[str, str]]) -> None:
    """Whatever the graph: boxes are apart, lines begin and end at boxes, all is inside, and the order of edges is nothing."""
    picture = drawn("a", pairs)
    boxes = sorted(picture.boxes.values())
    for (left, top, width), (other, below, _) in pairwise(boxes):
        assert left + width < other or (left == other and below - top >= BOX + APART - 1)
    for (first, second), points in picture.lines.items():
        ends = {picture.boxes[first][0], picture.boxes[second][0]}
        assert {points[0][0] - 40, points[-1][0]} == ends
        assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in points)
    assert all(
        left > 0 and top > 0 and left + 40 < picture.width and top + BOX < picture.height for left, top, _ in boxes
    )
    assert drawn("a", {*sorted(pairs, reverse=True)}) == picture


@pytest.mark.parametrize("size", [60])
def test_a_dense_graph_ends(size: int) -> None:
    """The largest that is drawn, each box with an edge to each later one."""
    names = [f"{number:02d}" for number in range(size)]
    edges = {(one, other) for one, other in product(names, names) if one < other}
    assert len(drawn("00", edges).lines) == size * (size - 1) // 2
