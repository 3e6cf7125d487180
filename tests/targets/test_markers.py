"""Markers for machines that are not this one, compared with `packaging` for any marker."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.markers import Marker

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.reference import markers as proof
from pypi_subset.targets.markers import UndefinedName, decided, holds, reads
from pypi_subset.targets.named_systems import systems, tag_of
from pypi_subset.targets.tag import parse

#: What markers in the wild compare with, and what comes near it.
VALUES = {
    "os_name": ["posix", "nt", "java"],
    "sys_platform": ["linux", "win32", "darwin", "cygwin", "android", "ios", "emscripten"],
    "platform_system": ["Linux", "Windows", "Darwin", "linux", "Java"],
    "platform_machine": ["x86_64", "AMD64", "amd64", "arm64", "aarch64", "ARM64", "i686"],
    "platform_python_implementation": ["CPython", "PyPy", "Jython"],
    "implementation_name": ["cpython", "pypy"],
    "python_version": ["2.7", "3", "3.9", "3.10", "3.11", "3.12", "4"],
    "python_full_version": ["3.9.7", "3.10.0", "3.11.3", "3.12.0rc1", "3.12"],
    "implementation_version": ["3.11.0", "3.12", "7.3"],
    "platform_release": ["5.14", "10"],
    "platform_version": ["#1 SMP", "10.0.22631"],
    "extra": ["fast", "all"],
}
VERSIONED = {"python_version", "python_full_version", "implementation_version"}
TAGS = (
    "cp39-manylinux2014_x86_64",
    "cp313-cp313t-win_arm64",
    "cp312-macosx_11_0_x86_64",
    "pp310-manylinux_2_28_x86_64",
    "cp314-android_24_arm64_v8a",
    "cp314-ios_17_0_arm64_iphoneos",
    "cp313-pyemscripten_2026_0_wasm32",
)
TARGETS = {one.name: parse(one.name, *tag_of(one.name, one.name, "3.11")) for one in systems()}
TARGETS |= {tag: parse(tag, tag) for tag in TAGS}
NAMES = st.sampled_from(sorted(TARGETS))


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    """A name compared with a value, either way round."""
    name = draw(st.sampled_from(sorted(VALUES)))
    operators = ["==", "!="] + ["<", "<=", ">", ">=", "~="] * (name in VERSIONED) + ["in", "not in"] * (name != "extra")
    operator = draw(st.sampled_from(operators))
    value = draw(st.sampled_from(VALUES[name]))
    if operator == "~=" and "." not in value:
        operator = ">="
    quoted = draw(st.sampled_from([f'"{value}"', f"'{value}'"]))
    swap = operator in {"==", "!="} and name not in VERSIONED and draw(st.booleans())
    return f"{quoted} {operator} {name}" if swap else f"{name} {operator} {quoted}"


#: Comparisons with `and`, `or` and parentheses.
MARKERS = st.recursive(
    comparisons(),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=5,
)


@given(MARKERS, NAMES, st.lists(st.sampled_from(VALUES["extra"]), unique=True))
def test_evaluation_is_that_of_packaging(text: str, name: str, extras: list[str]) -> None:
    """With every value known, both of our readers say what `packaging` says of the whole environment, for each extra."""
    full = {name: "unknown" for name in VALUES if name != "extra"} | {"implementation_version": "3.11.0"}
    full |= TARGETS[name].environment
    marker = Marker(text)
    wanted = any(marker.evaluate({**full, "extra": extra}) for extra in ("", *extras))
    assert holds(marker, full, extras) == wanted
    if not extras:
        assert proof.holds(marker, full) == wanted


EXTRAS = st.lists(st.sampled_from(VALUES["extra"]), unique=True)


@given(MARKERS, NAMES, EXTRAS)
@example("platform_system == 'Darwin' and 'arm' not in platform_version", "debian-12", [])
@example("sys_platform == 'linux' or platform_release >= '20'", "debian-12", [])
@example("platform_release >= '20' or extra == 'fast'", "debian-12", ["fast"])
@example("(platform_release >= '20' or os_name == 'nt') and sys_platform == 'win32'", "debian-12", [])
def test_a_decided_marker_has_one_truth_for_all_open_values(text: str, name: str, extras: list[str]) -> None:
    """`packaging` has the same answer whatever the open values are; otherwise only comparisons with these are left."""
    environment, marker = TARGETS[name].environment, Marker(text)
    found, absent = decided(marker, environment, extras), sorted(reads(marker) - environment.keys() - {"extra"})
    if isinstance(found, bool):
        for values in product(*(VALUES[one] for one in absent)):
            full = environment | dict(zip(absent, values, strict=True))
            assert any(marker.evaluate({**full, "extra": extra}) for extra in ("", *extras)) == found
    else:
        assert reads(found) <= {*absent}


@given(MARKERS, NAMES, EXTRAS)
def test_open_markers_are_errors_with_all_their_names(text: str, name: str, extras: list[str]) -> None:
    """`holds` raises for a marker that is not decided, and names each value that decides it."""
    environment, marker = TARGETS[name].environment, Marker(text)
    found = decided(marker, environment, extras)
    if isinstance(found, bool):
        assert holds(marker, environment, extras) == found
    else:
        with pytest.raises(UndefinedName) as caught:
            holds(marker, environment, extras)
        assert caught.value.names == tuple(sorted(reads(found)))
        assert str(caught.value) == " and ".join(sorted(reads(found)))


@given(MARKERS, NAMES, EXTRAS)
@example("sys_platform == 'linux' or platform_release >= '20'", "debian-12", [])
@example("sys_platform == 'win32' and platform_release >= '20'", "debian-12", [])
@example("platform_release >= '20' or extra == 'fast'", "debian-12", ["fast"])
def test_the_proof_decides_alike(text: str, name: str, extras: list[str]) -> None:
    """The proof fills open comparisons with false and with true; what is left of a marker is open there, and no more."""
    found = decided(Marker(text), TARGETS[name].environment, extras)
    assert proof.known(Marker(text), TARGETS[name].environment, extras) == (found if isinstance(found, bool) else None)


def test_the_proof_names_what_is_open() -> None:
    """Its error names the values, and not words within text."""
    marker = Marker("platform_release >= '20' or os_name == 'platform_version'")
    with pytest.raises(ProofFailed, match="depends on platform_release, which the target leaves open; state"):
        proof.holds(marker, TARGETS["debian-12"].environment)


@pytest.mark.parametrize(
    "tag",
    [
        "cp310-manylinux2014_x86_64",
        "cp313-cp313t-manylinux_2_20_aarch64",
        "cp312-musllinux_1_2_x86_64",
        "cp39-macosx_12_0_x86_64",
        "cp313-macosx_26_0_arm64",
        "pp311-manylinux_2_18_i686",
        "cp313-android_24_x86_64",
        "cp314-ios_14_0_arm64_iphonesimulator",
    ],
)
def test_tag_lists_are_ordered_unique_and_closed(tag: str) -> None:
    """No tag twice; what an older C library or system takes, a newer one takes too, in the same order."""
    target = parse("newer", tag)
    assert len({*target.tags}) == len(target.tags)
    versioned = re.compile(r"(manylinux_2|musllinux_1|macosx_(?:1[1-5]|26)|android|ios)_\d+_(?!universal|fat|intel)\w+")
    older = [platform for platform in target.platforms if versioned.fullmatch(platform)]
    assert len(older) > 1
    for platform in older:
        other = parse("older", f"{target.interpreter}-{target.abi}-{platform}")
        taken = {*other.tags}
        assert [one for one in target.tags if one in taken] == list(other.tags)
