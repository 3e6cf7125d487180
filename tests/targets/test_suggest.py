"""What is wrong with a tag, and the nearest valid ones."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pypi_subset.errors import TargetError
from pypi_subset.targets.suggest import EXAMPLES
from pypi_subset.targets.tag import parse
from tests.support.stages.tags import TAGS


@pytest.mark.parametrize(
    ("tag", "nearest"),
    [
        ("cp310-macosx_12_arm64", ["cp310-macosx_12_0_arm64"]),
        ("cp310-macosx_12", ["cp310-macosx_12_0_arm64", "cp310-macosx_12_0_x86_64"]),
        ("cp310-macos_12_0_arm64", ["cp310-macosx_12_0_arm64"]),
        ("cp310-macosx_12_0_aarch64", ["cp310-macosx_12_0_arm64"]),
        ("cp310-macosx_10_9_arm64", ["cp310-macosx_11_0_arm64"]),
        ("cp310-macosx_20_0_arm64", ["cp310-macosx_15_0_arm64"]),
        ("cp310-macosx_12_0_universal2", ["cp310-macosx_12_0_arm64", "cp310-macosx_12_0_x86_64"]),
        ("cp310-darwin", ["cp310-macosx_14_0_arm64", "cp310-macosx_14_0_x86_64"]),
        ("cp310-manylinux_2_28_amd64", ["cp310-manylinux_2_28_x86_64"]),
        ("cp310-manylinux_2_28_arm64", ["cp310-manylinux_2_28_aarch64"]),
        ("cp310-manylinux_2_28", ["cp310-manylinux_2_28_x86_64", "cp310-manylinux_2_28_aarch64"]),
        ("cp310-manylinux_2_28-x86_64", ["cp310-manylinux_2_28_x86_64"]),
        ("cp310-manylinux2_28_x86_64", ["cp310-manylinux_2_28_x86_64"]),
        ("cp310-manylinux_2014_x86_64", ["cp310-manylinux2014_x86_64"]),
        ("cp310-manylinux_2_12_aarch64", ["cp310-manylinux2014_aarch64"]),
        ("cp310-manylinux2010_aarch64", ["cp310-manylinux2014_aarch64"]),
        ("cp310-linux_x86_64", ["cp310-manylinux_2_28_x86_64", "cp310-musllinux_1_2_x86_64"]),
        ("cp310-MANYLINUX2014_X86_64", ["cp310-manylinux2014_x86_64"]),
        ("cp310-win64", ["cp310-win_amd64"]),
        ("cp310-win_x86_64", ["cp310-win_amd64"]),
        ("cp310-windows_arm64", ["cp310-win_arm64"]),
        ("cp3.10-win_amd64", ["cp310-win_amd64"]),
        ("python3.10-win_amd64", ["cp310-win_amd64"]),
        ("3.10-win_amd64", ["cp310-win_amd64"]),
        ("pypy311-win_amd64", ["pp311-win_amd64"]),
        ("cp313t-win_amd64", ["cp313-cp313t-win_amd64"]),
        ("cp312-cp312t-win_amd64", ["cp312-win_amd64"]),
        ("cp312-cp311-win_amd64", ["cp312-win_amd64"]),
        ("cp39-abi3-win_amd64", ["cp39-win_amd64"]),
        ("cp310-win-amd64", ["cp310-win_amd64"]),
        ("cp312-macosx-14-arm64", ["cp312-macosx_14_0_arm64"]),
        ("cp312-manylinux-2.28-x86_64", ["cp312-manylinux_2_28_x86_64"]),
        ("win_amd64", ["cp312-win_amd64"]),
        (
            "cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64",
            ["cp310-cp310-manylinux_2_17_x86_64", "cp310-cp310-manylinux2014_x86_64"],
        ),
        ("cp310-manylinx2014_x86_64", ["cp310-manylinux2014_x86_64", "cp310-manylinux2014_i686"]),
        ("py3-none-any", list(EXAMPLES)),
        ("", list(EXAMPLES)),
    ],
)
def test_unknown_tag_names_the_nearest(tag: str, nearest: list[str]) -> None:
    """What people write instead of a tag is met with the tag that they mean."""
    with pytest.raises(TargetError) as caught:
        parse("box", tag)
    assert (list(caught.value.nearest), caught.value.target) == (nearest, "box")
    assert repr(tag) in caught.value.what


def mangled(tag: str, at: int, what: str) -> str:
    """Return *tag* with the character at a place replaced."""
    return tag[: at % len(tag)] + what + tag[at % len(tag) + 1 :]


@settings(max_examples=150, deadline=None, database=None)
@given(st.one_of(st.text(), st.builds(mangled, st.sampled_from(TAGS), st.integers(0), st.text(max_size=2))))
@example("-")
@example("--")
@example("cp310-macosx_")
@example("cp310-t-cp313t-win_amd64")
def test_any_text_is_a_target_or_met_with_valid_tags(tag: str) -> None:
    """Whatever is written, the answer is a target or a `TargetError` whose suggestions are targets."""
    try:
        target = parse("t", tag)
    except TargetError as error:
        nearest = error.nearest
    else:
        assert len(target.tags) == len({*target.tags})
        nearest = (target.tag,)
    assert 1 <= len(nearest) <= 3
    for one in nearest:
        assert parse("t", one)
