"""Patch levels: where metadata asks for them, and markers that tell them apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement

from pypi_subset.targets.patch_levels import at_patch, marker_of, of_bound, of_marker
from pypi_subset.targets.tag import parse

TARGET = parse("linux", "cp311-manylinux_2_28_x86_64")


@pytest.mark.parametrize(
    ("bound", "patches"),
    [
        (">=3.8", set()),
        (">=3.11", set()),
        (">3.11", {1}),
        ("<=3.11", {1}),
        ("==3.11.*", set()),
        ("~=3.11.4", {4}),
        (">=3.9,!=3.9.7", set()),
        (">=3.9,!=3.11.7", {7, 8}),
        (">3.11.1", {2}),
        ("<3.11.3", {3}),
        (">=3.11.0,!=3.11.0,!=3.11.1", {2}),
        ("nonsense", set()),
        ("", set()),
    ],
)
def test_where_a_bound_changes(bound: str, patches: set[int]) -> None:
    """Only where Requires-Python really begins or ceases to hold within the minor version."""
    assert of_bound(bound, *TARGET.python[:2]) == patches


@pytest.mark.parametrize(
    ("requirement", "patches"),
    [
        ("lib", set()),
        ("lib; python_version < '3.11.3'", set()),
        ("lib; python_full_version < '3.11.3'", {3}),
        ("lib; python_full_version <= '3.11.2'", {3}),
        ("lib; python_full_version < '3.11.3' and sys_platform == 'win32'", set()),
        ("lib; python_full_version < '3.11.3' and extra == 'fast'", {3}),
        ("lib; implementation_version >= '3.11.5'", {5}),
        ("lib; '3.11.3' <= python_full_version", {3}),
        ("lib; python_full_version == '3.11.4' or python_full_version < '3.11.2'", {2, 4, 5}),
        ("lib; python_full_version < '3.12.3'", set()),
        ("lib; python_full_version < '3.11.3' and platform_release == '5'", {3}),
        ("lib; python_full_version < '3.11.3' and sys_platform == 'win32' and platform_release == '5'", set()),
        ("lib; python_full_version >= '3.11.3' and platform_release == '5'", {3}),
    ],
)
def test_where_a_marker_changes(requirement: str, patches: set[int]) -> None:
    """The rest of the marker counts too; an extra is tried by itself."""
    assert of_marker(Requirement(requirement).marker, TARGET, ["fast", "slow"]) == patches


def test_tags_do_not_depend_on_the_patch_level() -> None:
    """Version and the markers that tell it are those of the patch level, all else stays."""
    at = at_patch(TARGET, 7)
    assert (at.tags, at.python) == (TARGET.tags, (3, 11, 7))
    assert dict(at.environment.items() - TARGET.environment.items()) == {
        "python_full_version": "3.11.7",
        "implementation_version": "3.11.7",
    }
    assert at_patch(TARGET, 0) == TARGET
    pypy = at_patch(parse("pypy", "pp311-win_amd64", given={"implementation_version": "7.3.17"}), 7)
    assert pypy.environment["implementation_version"] == "7.3.17"


@given(st.sets(st.integers(1, 30), max_size=5), st.data())
def test_markers_hold_on_their_spans_and_nowhere_else(later: set[int], data: st.DataObject) -> None:
    """For any spans, and any of them chosen, the marker holds at just those patch levels."""
    patches = sorted({0, *later})
    chosen = data.draw(st.sets(st.sampled_from(patches), min_size=1))
    marker = marker_of(patches, chosen, TARGET)
    for level in range(33):
        first = max(patch for patch in patches if patch <= level)
        holds = marker is None or marker.evaluate(dict(at_patch(TARGET, level).environment))
        assert holds == (first in chosen)


def test_a_marker_is_short() -> None:
    """Neighbouring spans are one, and the outer ends stay open: a pre-release belongs to the first."""
    assert marker_of([0, 3, 5], [0, 3, 5], TARGET) is None
    assert marker_of([0, 3, 5], [3, 5], TARGET) == Marker('python_full_version >= "3.11.3"')
    assert marker_of([0, 3, 5], [0, 5], TARGET) == Marker(
        'python_full_version < "3.11.3" or python_full_version >= "3.11.5"'
    )
