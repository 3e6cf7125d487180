"""The way out of a gap: which other target would get something, as it is set, and what is said of the tags there are."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.resolve.explain.alternatives import way_out
from pypi_subset.resolve.explain.rejections import fits
from pypi_subset.targets import tag as targets
from tests.support.stages.values import BRISK

if TYPE_CHECKING:
    from pypi_subset.model.targets import Target
from tests.support.stages.candidates import OLD_PIP, candidates, machine

#: No wheel among these fits under two names: each is one machine.
PLATFORMS = (
    "manylinux_2_5_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_10_13_universal2",
    "macosx_14_0_arm64",
    "win_amd64",
    "win_arm64",
)


PYTHONS = ("cp39-cp39", "cp312-cp312", "cp313-cp313t", "cp38-abi3", "pp311-pypy311_pp73", "py3-none")


MACHINES = (
    "cp312-manylinux2014_x86_64",
    "cp313-cp313t-manylinux_2_28_aarch64",
    "cp39-musllinux_1_1_x86_64",
    "pp311-manylinux_2_34_x86_64",
    "cp312-macosx_11_0_arm64",
    "cp312-win_arm64",
)


@pytest.mark.parametrize(
    ("target", "files", "way"),
    [
        (
            "cp312-manylinux2014_x86_64",
            ["2.0-cp312-cp312-manylinux_2_31_x86_64", "1.0-cp312-cp312-manylinux_2_28_x86_64"],
            (
                "lowest glibc that works is 2.28 (rhel-8, debian-10): make the target cp312-manylinux_2_28_x86_64, "
                "which gets 1.0"
            ),
        ),
        (
            "cp312-macosx_11_0_x86_64",
            ["1.0-cp312-cp312-macosx_12_0_universal2", "1.0-cp312-cp312-macosx_13_0_arm64"],
            "lowest macOS that works is 12.0 (macos-12): make the target cp312-macosx_12_0_x86_64, which gets 1.0",
        ),
        (
            "cp313-android_21_arm64_v8a",
            ["1.0-cp313-cp313-android_24_arm64_v8a"],
            "lowest API level that works is 24: make the target cp313-android_24_arm64_v8a, which gets 1.0",
        ),
        (
            "cp313-cp313t-win_amd64",
            ["1.0-cp312-cp312-win_amd64", "2.0-cp313-cp313-win_amd64", "3.0-cp314-cp314t-win_amd64"],
            "nearest Python that works is 3.13, not free-threaded: make the target cp313-win_amd64, which gets 2.0",
        ),
        (
            "cp313-cp313t-win_amd64",
            ["3.0-cp314-cp314t-win_amd64"],
            "nearest Python that works is 3.14: make the target cp314-cp314t-win_amd64, which gets 3.0",
        ),
        (
            "cp313-win_amd64",
            ["1.0-cp314-cp314t-win_amd64", "1.0-pp39-pypy39_pp73-win_amd64"],
            "nearest Python that works is PyPy 3.9: make the target pp39-win_amd64, which gets 1.0",
        ),
        (
            "cp313-win_amd64",
            ["1.0-cp314-cp314t-win_amd64"],
            "nearest Python that works is 3.14, free-threaded: make the target cp314-cp314t-win_amd64, which gets 1.0",
        ),
        (
            "cp310-win_amd64",
            ["2.0-py3-none-any >=3.12", "1.0-cp38-abi3-win_amd64 >=3.11", "0.1-cp37-cp37m-win_amd64"],
            "nearest Python that works is 3.11: make the target cp311-win_amd64, which gets 1.0",
        ),
        (
            "cp39-manylinux2014_x86_64",
            ["1.0-cp310-cp310-manylinux_2_28_x86_64"],
            (
                "lowest glibc that works with Python 3.10 is 2.28 (rhel-8, debian-10): "
                "make the target cp310-manylinux_2_28_x86_64, which gets 1.0"
            ),
        ),
        (
            "pp311-win_amd64",
            ["1.0-cp311-cp311-win_amd64"],
            "nearest Python that works is CPython 3.11: make the target cp311-win_amd64, which gets 1.0",
        ),
        (
            "cp312-musllinux_1_2_x86_64",
            [f"1.0-cp312-cp312-{one}" for one in ("macosx_11_0_x86_64", "manylinux2014_aarch64", "manylinux1_x86_64")],
            (
                "nothing is for this system, so leave the project out for this target; "
                "nearest is cp312-manylinux1_x86_64, which gets 1.0"
            ),
        ),
        (
            "cp312-win_arm64",
            ["1.0-cp312-cp312-win_amd64", "1.0"],
            (
                "nothing is for this system, so leave the project out for this target, or build one there: BUILD; "
                "nearest is cp312-win_amd64, which gets 1.0"
            ),
        ),
        (
            "cp312-win_amd64",
            ["1.0-cp312-cp312-linux_x86_64", "1.0 <3"],
            "nothing is for this system, so leave the project out for this target",
        ),
        (
            "cp312-win_amd64",
            ["1.0-cp27-cp27m-win_amd64"],
            "ask for another version, or leave the project out for this target",
        ),
        (
            "cp312-win32",
            [f"1.0-cp312-cp312-{one}" for one in ("macosx_11_0_x86_64", "win_arm64", "win_amd64", "manylinux1_i686")],
            (
                "nothing is for this system, so leave the project out for this target; "
                "nearest is cp312-win_amd64, which gets 1.0"
            ),
        ),
        (
            "cp312-win_arm64",
            [f"1.0-cp312-cp312-{one}" for one in ("win32", "win_amd64", "macosx_11_0_arm64")],
            (
                "nothing is for this system, so leave the project out for this target; "
                "nearest is cp312-win_amd64, which gets 1.0"
            ),
        ),
        (
            "cp312-win_amd64",
            [
                f"1.0-cp312-cp312-{one}"
                for one in ("macosx_10_9_x86_64", "manylinux2014_x86_64", "musllinux_1_2_x86_64")
            ],
            (
                "nothing is for this system, so leave the project out for this target; "
                "nearest is cp312-manylinux2014_x86_64, which gets 1.0"
            ),
        ),
        (
            "cp311-manylinux_2_36_armv7l",
            [
                f"1.0-cp311-cp311-{one}"
                for one in ("manylinux1_x86_64", "musllinux_1_2_x86_64", "manylinux2014_aarch64")
            ],
            (
                "nothing is for this system, so leave the project out for this target; "
                "nearest is cp311-manylinux2014_aarch64, which gets 1.0"
            ),
        ),
        (
            "cp312-musllinux_1_2_x86_64",
            [
                "1.0-cp312-cp312-manylinux1_x86_64",
                *(f"2.0-cp312-cp312-{one}" for one in ("manylinux_2_28_x86_64", "manylinux_2_17_aarch64", "win_amd64")),
                "3.0-cp312-cp312-win_amd64",
            ],
            (
                "nothing is for this system, so leave the project out for this target; "
                "nearest is cp312-manylinux_2_28_x86_64, which gets 2.0, 1.0"
            ),
        ),
        *(
            (
                f"cp313-{one}",
                ["1.0-cp313-cp313-macosx_11_0_arm64", f"1.0-cp313-cp313-{other}"],
                "nothing is for this system, so leave the project out for this target",
            )
            for one, other in (
                ("android_24_arm64_v8a", "win_amd64"),
                ("pyemscripten_2026_0_wasm32", "android_24_x86_64"),
                ("ios_13_0_arm64_iphoneos", "manylinux1_x86_64"),
            )
        ),
        (
            "cp313-manylinux_2_28_x86_64",
            ["1.0-cp313-cp313-android_24_x86_64"],
            "nothing is for this system, so leave the project out for this target",
        ),
        (
            "cp311-win_amd64",
            ["2.0b1-cp311-cp311-win_arm64", "1.0-cp312-cp312-win_amd64"],
            "nearest Python that works is 3.12: make the target cp312-win_amd64, which gets 1.0",
        ),
    ],
)
def test_the_nearest_target(target: str, files: list[str], way: str) -> None:
    """The least change on the machine comes first; the target is written out as it is set, with what it gets."""
    assert way_out(candidates(*files), targets.parse("t", target), build="BUILD") == way


@pytest.mark.parametrize(
    ("files", "way"),
    [
        (["2.0-py3-none-win_amd64"], "nearest is cp313-win_amd64, which gets 2.0"),
        (
            ["2.0-py3-none-win_amd64", "2.0"],
            "build one there: BUILD; nearest is cp313-win_amd64, which gets 2.0",
        ),
        (["2.0-cp313-cp313-android_24_x86_64"], ""),
        (
            ["2.0-cp312-cp312-manylinux_2_28_x86_64"],
            "nearest Python that works is 3.12: make the target cp312-manylinux_2_28_x86_64, which gets 2.0",
        ),
    ],
)
def test_a_target_that_has_another_release(files: list[str], way: str) -> None:
    """The advice is about the newer release alone: the project stays."""
    target = targets.parse("t", "cp313-manylinux_2_28_x86_64")
    assert way_out(candidates(*files), target, build="BUILD", served=True) == way


@pytest.mark.parametrize(
    ("target", "files", "python"),
    [
        ("cp39-manylinux_2_28_x86_64", ["1.0-cp310-cp310-manylinux_2_28_x86_64"], "3.10"),
        ("cp312-win_amd64", ["1.0-cp314-cp314t-win_amd64"], "3.14t"),
        ("cp312-win_amd64", ["1.0-pp311-pypy311_pp73-win_amd64"], "pypy3.11"),
    ],
)
def test_the_nearest_python_of_a_system(target: str, files: list[str], python: str) -> None:
    """If the user named a system, the way out is the key beside it, not a tag."""
    named = replace(targets.parse("t", target), system="a-system")
    assert f'give the target python = "{python}", which gets 1.0' in way_out(candidates(*files), named)


def test_another_platform_of_a_system() -> None:
    """If the platform changes too, the way out is a tag."""
    named = replace(targets.parse("t", "cp39-manylinux2014_x86_64"), system="centos-7")
    way = way_out(candidates("1.0-cp310-cp310-manylinux_2_28_x86_64"), named)
    assert "make the target cp310-manylinux_2_28_x86_64, which gets 1.0" in way


@pytest.mark.parametrize(
    ("python", "bound", "nearest"), [("3.9.7", ">=3.8,!=3.9.7", "3.9.8"), ("3.9.0", ">=3.9.2", "3.9.2")]
)
def test_a_patch_level_that_is_shut_out(python: str, bound: str, nearest: str) -> None:
    """Where one patch level alone gets nothing, the nearest that does is named."""
    target = targets.parse("t", "cp39-win_amd64", python)
    text = f'nearest Python that works is {nearest}: give the target python = "{nearest}", which gets 1.0'
    assert way_out(candidates(f"1.0-py3-none-any {bound}"), target) == text


@pytest.mark.parametrize(
    ("target", "file", "way"),
    [
        (
            OLD_PIP,
            "1.0-cp39-cp39-manylinux_2_17_x86_64",
            "its pip is too old for a wheel that its system would take: update pip there, and describe lab again",
        ),
        (
            OLD_PIP,
            "1.0-cp39-cp39-manylinux_2_34_x86_64",
            (
                "lowest glibc that works is 2.34 (rhel-9, amazonlinux-2023, openeuler-22.03): "
                "install such a system there, and describe lab again"
            ),
        ),
        (
            OLD_PIP,
            "1.0-cp310-cp310-manylinux_2_17_x86_64",
            "nearest Python that works is 3.10: install it there, and describe lab again",
        ),
        (
            machine("cp39-win_amd64", "3.9.1"),
            "1.0-py3-none-any >=3.9.2",
            "nearest Python that works is 3.9.2: install it there, and describe lab again",
        ),
        (
            replace(targets.parse("here", "cp39-win_amd64", "3.9.1"), host=True),
            "1.0-py3-none-any >=3.9.2",
            "nearest Python that works is 3.9.2: run pypi-subset with it",
        ),
        (
            replace(targets.parse("here", "cp39-manylinux2014_x86_64", "3.9.1"), host=True),
            "1.0-cp310-cp310-manylinux_2_34_x86_64",
            (
                "lowest glibc that works with Python 3.10 is 2.34 (rhel-9, amazonlinux-2023, openeuler-22.03): "
                "run pypi-subset on such a system and Python"
            ),
        ),
    ],
)
def test_what_no_setting_changes(target: Target, file: str, way: str) -> None:
    """A machine that described itself is changed by hand and described again, its pip first; for the host another runs."""
    assert way_out(candidates(file), target) == f"{way}, which gets 1.0"


def test_a_minor_version_must_work_as_a_whole() -> None:
    """A Python of which some patch levels get nothing is not proposed."""
    text = way_out(candidates("1.0-py3-none-any >=3.9,!=3.10.1"), targets.parse("t", "cp38-win_amd64"))
    assert "make the target cp39-win_amd64" in text
    text = way_out(candidates("1.0-py3-none-any >=3.9.1"), targets.parse("t", "cp38-win_amd64"))
    assert "make the target cp310-win_amd64" in text


@pytest.mark.slow
@BRISK
@given(
    st.lists(st.tuples(st.sampled_from(PYTHONS), st.sampled_from(PLATFORMS)), min_size=1, max_size=6),
    st.sampled_from(MACHINES),
)
def test_what_is_proposed_works(tags: list[tuple[str, str]], machine: str) -> None:
    """A target that is named can be set as it stands there, and some wheel fits it; none is named for nothing."""
    files, target = candidates(*(f"1.0-{python}-{platform}" for python, platform in tags)), targets.parse("t", machine)
    if any(fits(one, target) for one in files):
        return
    text = way_out(files, target)
    match = re.search(r"(?:make the target|nearest is) (\S+), which gets 1\.0$", text)
    assert match, text
    assert any(fits(one, targets.parse("t", match[1])) for one in files)
