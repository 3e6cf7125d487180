"""Which projects have variants, and the sentence about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.intake.variants import Held, notice, variants_locked, variants_of
from tests.support.stages.values import LINUX, WINDOWS, artifacts_of, lock_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

CASES: dict[str, tuple[dict[str, list[str]], bool]] = {
    "the local part alone": ({"a": ["2.13.0+cpu"], "b": ["2.13.0+cu128"]}, True),
    "with and without": ({"a": ["1.0+cpu"], "b": ["1.0"]}, True),
    "of different releases": ({"a": ["1.0+cpu"], "b": ["1.1+cu128"]}, True),
    "an older release without": ({"a": ["2.13.0+cpu"], "b": ["2.13.0"], "c": ["2.12.0"]}, True),
    "two on one target": ({"a": ["1.0+cpu"], "b": ["1.0+cpu", "1.0"]}, True),
    "no local part": ({"a": ["1.0"], "b": ["2.0"]}, False),
    "one local part": ({"a": ["1.0+cpu"], "b": ["2.0+cpu"]}, False),
    "one target": ({"a": ["1.0+cpu", "1.0"]}, False),
    "the same two on each target": ({"a": ["1.0+cpu", "1.0"], "b": ["1.0", "1.1+cpu"]}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_which_projects_have_variants(case: str) -> None:
    """Two targets with different local parts make variants; versions alone do not, nor sets of one target."""
    held, has = CASES[case]
    found = variants_of(
        Held("torch", target, version, f"torch-{version}-py3-none-any.whl", "")
        for target, versions in held.items()
        for version in versions
    )
    assert found == ({"torch": {target: tuple(sorted(held[target])) for target in held}} if has else {})


#: Source and file of each of two targets, and whether the union index leaves the project out.
SOURCES: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]], bool]] = {
    "a build tag": ([("cu", "torch-1.0-1-py3-none-any.whl")], [("cpu", "torch-1.0-py3-none-any.whl")], True),
    "a more specific wheel": (
        [("cu", "torch-1.0-cp311-cp311-manylinux_2_28_x86_64.whl")],
        [("", "torch-1.0-py3-none-any.whl")],
        True,
    ),
    "another release": ([("cu", "torch-2.0-py3-none-any.whl")], [("cpu", "torch-1.0-py3-none-any.whl")], True),
    "wheels of one system": (
        [("cu", "torch-1.0-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl")],
        [("cpu", "torch-1.0-cp312-cp312-linux_x86_64.whl")],
        True,
    ),
    "an sdist": ([("cu", "torch-1.0.tar.gz")], [("cpu", "torch-1.0-cp312-cp312-win_amd64.whl")], True),
    "wheels of two systems": (
        [("cu", "torch-1.0-cp312-cp312-win_amd64.whl")],
        [("cpu", "torch-1.0-cp312-cp312-manylinux1_x86_64.whl")],
        False,
    ),
    "wheels of two other systems": (
        [("cu", "torch-1.0-cp312-cp312-win32.whl")],
        [("cpu", "torch-1.0-cp312-cp312-macosx_11_0_arm64.whl")],
        False,
    ),
    "the same file": ([("cu", "torch-1.0-py3-none-any.whl")], [("cpu", "torch-1.0-py3-none-any.whl")], False),
    "one source": ([("cu", "torch-1.0-1-py3-none-any.whl")], [("cu", "torch-1.0-py3-none-any.whl")], False),
    "two sources on each target": (
        [("", "torch-2.0-py3-none-any.whl"), ("own", "torch-1.0-py3-none-any.whl")],
        [("own", "torch-1.1-py3-none-any.whl"), ("", "torch-1.0-1-py3-none-any.whl")],
        False,
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_files_of_a_source_that_does_not_serve_a_target(case: str) -> None:
    """They make variants if the target could take them, whatever their versions are."""
    one, two, has = SOURCES[case]
    for a, b in ((one, two), (two, one)):
        held = (
            Held("torch", target, filename.split("-")[1].removesuffix(".tar.gz"), filename, source)
            for target, files in (("a", a), ("b", b))
            for source, filename in files
        )
        assert bool(variants_of(held)) is has


def test_variants_of_locks(tmp_path: Path) -> None:
    """Versions come from the pins, targets from the locks."""
    wheels = make_wheel("torch", "1.0+cpu"), make_wheel("torch", "1.0")
    cpu, plain = artifacts_of(wheels, tmp_path)
    one, two = plan_of(["torch"], [LINUX, WINDOWS]).jobs
    locks = lock_of(one, [cpu], wheels), lock_of(two, [plain], wheels)
    assert variants_locked(locks) == {"torch": {"linux": ("1.0+cpu",), "windows": ("1.0",)}}
    assert variants_locked(locks[:1]) == {}


def test_the_sentence_names_versions_and_targets() -> None:
    """It says what the union lacks, and which index has it; without variants it is empty."""
    assert notice({"torch": {"a": ("1.0+cpu",), "b": ("1.0",)}}) == (
        "the union index simple/ leaves out torch (1.0+cpu on a, 1.0 on b), as the build differs by target: "
        "use the index targets/TARGET/simple/"
    )
    assert notice({}) == ""
