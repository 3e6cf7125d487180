"""Whether a wheel may be for a target, read from the tag alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.reference.tags import may_fit
from pypi_subset.targets import tag as targets
from tests.support.sites.cases import LINUX, cases, outcome
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.slow
def test_a_wheel_for_other_machines(tmp_path: Path) -> None:
    """With a wrong list of tags, pip takes a wheel for a newer system; read from the user's own tag, it is red."""
    newer = targets.parse("linux", "cp310-manylinux_2_28_x86_64")
    wrong = replace(newer, platform=LINUX.platform)
    wheel = make_wheel("aa", tag="cp310-cp310-manylinux_2_28_x86_64")
    check = prove(cases(tmp_path, wrong, ["aa"], [wheel])[0])[0]
    words = "was installed, and is for no machine like linux (cp310-cp310-manylinux2014_x86_64)"
    assert outcome(check) == ("failed", f"{wheel.filename} {words}")


TAGS = (
    *(
        "cp312-win_amd64",
        "cp312-win32",
        "cp310-macosx_12_0_arm64",
        "cp310-macosx_10_9_x86_64",
        "cp311-macosx_14_0_x86_64",
    ),
    *("cp313-cp313t-manylinux_2_28_x86_64", "cp310-manylinux2014_aarch64", "cp311-musllinux_1_2_x86_64"),
    *(
        "cp311-manylinux_2_31_armv7l",
        "cp311-manylinux1_x86_64",
        "pp310-manylinux_2_28_x86_64",
        "cp38-manylinux2010_x86_64",
    ),
    *("cp313-ios_13_0_arm64_iphoneos", "cp313-android_24_arm64_v8a", "cp313-pyodide_2025_0_wasm32"),
)


@pytest.mark.slow
def test_tags_read_twice() -> None:
    """What the tool lists for a target, read from the tag alone, fits; what it lists for others only does not."""
    known = [targets.parse("one", tag) for tag in TAGS]
    everything = {tag for target in known for tag in target.tags}
    for target in known:
        assert {tag for tag in everything if may_fit(target, tag)} == everything & {*target.tags}, target.tag
