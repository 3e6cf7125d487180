"""A real interpreter, held to a target with an older C library."""

from __future__ import annotations

import runpy
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.machines import manylinux_policy
from pypi_subset.targets import tag as targets
from tests.support.sites.cases import cases, outcome
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.sites.cases import OLDER, on_linux, prove_first

pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.slow
@on_linux
def test_held_to_an_older_libc(tmp_path: Path, shared: Path) -> None:
    """The newer glibc of this machine does not stand in for the target's: a wheel for 2.28 is no wheel for 2.17."""
    tag = f"cp3{sys.version_info.minor}-cp3{sys.version_info.minor}"
    wheels = [make_wheel("aa", tag=f"{tag}-manylinux_2_28_x86_64")]
    check = prove_first(cases(tmp_path, OLDER, ["aa"], wheels, installed=shared)[0])
    assert check.proof == "installed"
    sentence = "aa (requested by base.txt:1 on older: aa) is in the subset, but not for this target"
    assert outcome(check) == ("failed", sentence)


def test_the_module_limits_pip(tmp_path: Path) -> None:
    """The module answers as PEP 600 has it: yes up to the target's glibc, no above."""
    manylinux_policy.hold(targets.parse("one", "cp310-manylinux2014_x86_64"), tmp_path)
    policy = runpy.run_path(str(tmp_path / "_manylinux.py"))["manylinux_compatible"]
    assert [policy(2, minor, "x86_64") for minor in (5, 17, 18, 28)] == [True, True, False, False]


@pytest.mark.parametrize("tag", ["cp310-win_amd64", "cp310-macosx_12_0_arm64", "cp310-musllinux_1_2_x86_64"])
def test_other_systems_are_not_held(tmp_path: Path, tag: str) -> None:
    """Where there is no glibc, nothing is written."""
    manylinux_policy.hold(targets.parse("one", tag), tmp_path)
    assert list(tmp_path.iterdir()) == []
