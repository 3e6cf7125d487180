"""The grammar of a target's tag."""

from __future__ import annotations

import pytest

from pypi_subset.errors import TargetError
from pypi_subset.targets.tag import parse


@pytest.mark.parametrize(
    ("tag", "full"),
    [
        ("cp310-win_amd64", "cp310-cp310-win_amd64"),
        ("cp313-cp313t-manylinux_2_28_x86_64", "cp313-cp313t-manylinux_2_28_x86_64"),
        ("cp37-win32", "cp37-cp37m-win32"),
        ("pp311-win_amd64", "pp311-pypy311_pp73-win_amd64"),
        ("pp311-pypy311_pp80-win_amd64", "pp311-pypy311_pp80-win_amd64"),
    ],
)
def test_abi_of_an_ordinary_build_may_be_left_out(tag: str, full: str) -> None:
    """A target knows its tag in full, and the two spellings are one target."""
    target = parse("t", tag)
    assert target == parse("t", full)
    assert target.tag == full
    assert (target.interpreter, target.abi, target.platform) == tuple(full.split("-"))
    assert target.abis == (target.abi,)
    assert str(target.tags[0]) == full.replace("manylinux_2_28", "linux")


@pytest.mark.parametrize(
    "tag",
    [
        "cp27-win32", "cp35-win32", "cp331-win32", "cp3-win32", "cp310-win32-x", "cp310--win32", "cp310-win32 ",
        "cp310-manylinux_2_4_x86_64", "cp310-manylinux_2_16_aarch64", "cp310-manylinux_2_51_x86_64",
        "cp310-manylinux_2_028_x86_64", "cp310-manylinux_3_0_x86_64", "cp310-manylinux2014_ppc", "cp310-manylinux5_x86_64",
        "cp310-musllinux_2_0_x86_64", "cp310-musllinux_1_10_x86_64", "cp310-macosx_10_17_x86_64", "cp310-macosx_10_3_x86_64",
        "cp310-macosx_40_0_arm64", "cp310-macosx_12_0_ppc", "cp313-cp313td-win32", "pp311-cp311-win32", "cp311-pypy311_pp73-win32",
        "cp310-manylinux_2_٢_x86_64",
    ],
)  # fmt: skip
def test_tag_of_no_machine_is_refused(tag: str) -> None:
    """Only what some machine with some release of Python has is taken; a slip never becomes a target."""
    with pytest.raises(TargetError):
        parse("box", tag)


@pytest.mark.parametrize(
    ("tag", "first"),
    [
        ("cp37-macosx_11_0_arm64", "cp38-macosx_11_0_arm64"),
        ("cp312-ios_13_0_arm64_iphoneos", "cp313-ios_13_0_arm64_iphoneos"),
        ("cp312-android_24_x86_64", "cp313-android_24_x86_64"),
    ],
)
def test_a_machine_that_never_was(tag: str, first: str) -> None:
    """A system for which that CPython was never made is refused, with the first that was."""
    with pytest.raises(TargetError, match="there is no CPython 3") as caught:
        parse("t", tag)
    assert caught.value.nearest == (first,)
    assert parse("t", first).tag.startswith(first[:5])
