"""Markers that tell targets apart."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from pypi_subset.requirements.lockfiles.telling import Alike, telling
from pypi_subset.targets.markers import decided
from pypi_subset.targets.patch_levels import at_patch
from pypi_subset.targets.tag import parse

LINUX = parse("linux", "cp310-manylinux2014_x86_64")
ARM = parse("arm", "cp310-manylinux2014_aarch64")
NEW = parse("new", "cp312-manylinux2014_x86_64")
WINDOWS = parse("windows", "cp312-win_amd64")
EXACT = parse("exact", "cp310-manylinux2014_x86_64", "3.10.4")
GLIBC = parse("glibc", "cp310-manylinux_2_28_x86_64")
ALL = (LINUX, ARM, NEW, WINDOWS)


@pytest.mark.parametrize(
    ("names", "marker"),
    [
        ("linux arm new windows", None),
        ("windows", 'sys_platform == "win32"'),
        ("linux arm new", 'sys_platform == "linux"'),
        ("linux arm", 'python_version == "3.10"'),
        ("arm", 'platform_machine == "aarch64"'),
        ("new", 'sys_platform == "linux" and python_version == "3.12"'),
        ("arm windows", 'platform_machine != "x86_64"'),
        ("linux new windows", 'platform_machine != "aarch64"'),
    ],
)
def test_the_simplest_marker_is_found(names: str, marker: str | None) -> None:
    """One value is enough if it differs; otherwise two, or more."""
    found = telling(ALL, dict.fromkeys(names.split()))
    assert (found and str(found)) == marker


def test_pythons_may_be_the_first_choice() -> None:
    """Versions of one project that are locked for different Pythons are told apart by Python."""
    targets = (LINUX, WINDOWS)
    assert str(telling(targets, {"linux": None})) == 'sys_platform == "linux"'
    assert str(telling(targets, {"linux": None}, by_python=True)) == 'python_version == "3.10"'


def test_patch_levels_of_a_target_stay() -> None:
    """A marker of patch levels counts on its target alone; an exact target is named once."""
    early = Marker("python_full_version < '3.10.2'")
    found = telling((LINUX, NEW), {"linux": early})
    assert str(found) == 'python_version == "3.10" and python_full_version < "3.10.2"'
    late = Marker("python_full_version >= '3.10.2'")
    assert str(telling((LINUX, EXACT, NEW), {"linux": late, "exact": None})) == (
        'python_version == "3.10" and python_full_version >= "3.10.2"'
    )
    assert (
        str(telling((LINUX, EXACT, NEW), {"linux": early}))
        == 'python_version == "3.10" and python_full_version < "3.10.2"'
    )


def test_targets_that_no_marker_tells_apart_are_an_error() -> None:
    """Systems that differ in their C library alone have equal markers."""
    assert telling((LINUX, GLIBC), {"linux": None, "glibc": None}) is None
    with pytest.raises(Alike):
        telling((LINUX, GLIBC), {"linux": None})


MACHINES = [parse(f"t{n}", tag) for n, tag in enumerate(map("-".join, product(("cp310", "cp311", "cp312"), ("manylinux2014_x86_64", "manylinux2014_aarch64", "win_amd64", "macosx_14_0_arm64"))))]  # fmt: skip
LEVELS = st.sampled_from([None, None, "python_full_version >= '3.11.3'", "python_full_version < '3.10.7'"])


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(st.sampled_from(MACHINES), min_size=1, unique=True), st.data())
def test_a_marker_is_true_where_it_should_be(targets: list[object], data: st.DataObject) -> None:
    """For any targets and any part of them, the marker is true there and nowhere else, at each patch level."""
    own = [one for one in MACHINES if one in targets]
    chosen = data.draw(st.lists(st.sampled_from(own), min_size=1, unique=True))
    where = {}
    for one in chosen:
        text = data.draw(LEVELS)
        where[one.name] = Marker(text) if text and decided(Marker(text), at_patch(one, 5).environment) is True else None
    found = telling(own, where)
    for one in own:
        for level in (0, 2, 3, 6, 7, 11):
            environment = at_patch(one, level).environment
            expected = one.name in where and decided(where[one.name], environment) is True
            assert (decided(found, environment) is True) == expected, (one.tag, level, str(found))
