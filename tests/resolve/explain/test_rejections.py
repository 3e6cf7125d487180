"""Why pip passes over a release for a target."""

from __future__ import annotations

import pytest

from pypi_subset.resolve.explain.rejections import obstacle, tag_list
from pypi_subset.targets import tag as targets
from tests.support.stages.candidates import OLD_PIP, candidates


def test_a_pip_that_is_too_old_is_the_obstacle() -> None:
    """The system of a described machine may take what its pip does not know: then the pip is named, not the system."""
    files = candidates("1-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64", "1-cp39-cp39-manylinux_2_34_x86_64")
    assert obstacle(files, OLD_PIP) == "its pip is too old for manylinux_2_17_x86_64"
    assert obstacle(files[1:], OLD_PIP) == "wheels start at manylinux_2_34, the target stops at 2_28"
    assert obstacle(candidates("1-cp310-cp310-manylinux_2_17_x86_64"), OLD_PIP) == "wheels for cp310, not for cp39-cp39"


@pytest.mark.parametrize(
    ("target", "files", "reason"),
    [
        ("cp313-cp313t-manylinux_2_28_x86_64", ["1-cp313-cp313-win_amd64"], "wheels for win_amd64"),
        (
            "cp313-cp313t-manylinux_2_28_x86_64",
            ["1-cp312-cp312-win_amd64", "1-cp312-cp312-manylinux1_x86_64", "1-cp38-abi3-manylinux1_x86_64"],
            "wheels for cp38-abi3, cp312, not for cp313-cp313t",
        ),
        (
            "cp313-android_21_x86_64",
            ["1-cp313-cp313-android_24_x86_64"],
            "wheels start at android_24, the target stops at 21",
        ),
        ("cp312-win_amd64", ["1-cp312-cp312-any"], "wheels for cp312, not for cp312-cp312"),
    ],
)
def test_why_a_release_is_passed_over(target: str, files: list[str], reason: str) -> None:
    """Another system is not told as another Python, nor the Pythons that there are for another system."""
    assert obstacle(candidates(*files), targets.parse("t", target)) == reason


def test_all_tags_are_listed() -> None:
    """None is left out, platforms like the target's come first, and what has the same Pythons stands together."""
    pythons = [f"cp3{minor}" for minor in range(8, 16)]
    files = candidates(
        *(f"1.0-{one}-{one}-{platform}" for one in pythons for platform in ("win_amd64", "musllinux_1_2_x86_64")),
        "1.0-cp313-cp313t-win_amd64",
        "1.0-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64",
    )
    expected = f"cp39 for manylinux_2_17_x86_64; {', '.join(pythons)} for musllinux_1_2_x86_64; "
    expected += f"{', '.join(pythons[:6])}, cp313-cp313t, {', '.join(pythons[6:])} for win_amd64"
    target = targets.parse("t", "cp312-manylinux1_x86_64")
    assert tag_list(files, target) == expected
    assert tag_list(files, target, here=True) == "cp39 for manylinux_2_17_x86_64"
