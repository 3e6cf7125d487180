"""Two kinds of proof, one subset: what a real interpreter finds and what is found without it agree, green and red."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.machines.matching import fitting
from pypi_subset.proof.methods.prove import prove
from pypi_subset.targets import tag as targets
from tests.support.sites.cases import interpreters_here
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Check
    from pypi_subset.model.targets import Target
    from tests.support.wheels import Wheel

MINORS = [
    pytest.param(9, marks=pytest.mark.slow),
    *(pytest.param(minor, marks=pytest.mark.long) for minor in (10, 11, 12)),
    pytest.param(13, marks=pytest.mark.slow),
]


def target_of(minor: int) -> Target:
    """Return the CPython 3.*minor* that is here, on an older Linux."""
    tag = f"cp3{minor}-manylinux2014_x86_64"
    own = fitting(targets.parse("old", tag), interpreters_here())
    if own is None:
        pytest.skip(f"no CPython 3.{minor} for it is here")
    return targets.parse("old", tag, python=".".join(map(str, own.version)))


def locked(minor: int) -> list[Wheel]:
    """Return what the lock names: projects that are complete, and some that are not, each in another way."""
    own, linux = f"cp3{minor}-cp3{minor}", "manylinux2014_x86_64"
    return [
        make_wheel(
            "app",
            requires=[
                'older; python_version < "3.11"',
                'newer>=2; python_version >= "3.11"',
                f'exact; python_full_version >= "3.{minor}.2"',
                'windows-only; sys_platform == "win32"',
                "native[more]",
            ],
        ),
        make_wheel("older"),
        make_wheel("newer", "2.0"),
        make_wheel("exact"),
        make_wheel("native", tag=f"{own}-{linux}", requires=['extra-part; extra == "more"'], extras=["more"]),
        make_wheel("extra-part", tag=f"cp39-abi3-{linux}"),
        make_wheel("lacking", requires=[f'nowhere; python_version == "3.{minor}"', 'not-asked; python_version < "3"']),
        make_wheel("foreign", tag=f"{own}-win_amd64"),
        make_wheel("glibc", tag=f"{own}-manylinux_2_28_x86_64"),
        make_wheel("young", requires_python=f">=3.{minor + 1}"),
        make_wheel("clash", requires=["newer<2"]),
    ]


def strangers(minor: int) -> list[Wheel]:
    """Return what is there for another target."""
    return [
        make_wheel("newer", "1.0"),
        make_wheel("native", "2.0", tag=f"cp3{minor + 1}-cp3{minor + 1}-manylinux2014_x86_64"),
        make_wheel("lacking", "0.9", requires_python="<3"),
    ]


def proven(root: Path, minor: int, lines: Sequence[str], *, joint: bool) -> list[list[Check]]:
    """Return the results with the interpreter, then those without it, each case's one after the other."""
    target = target_of(minor)
    other = targets.parse("other", f"cp3{minor + 1}-manylinux2014_x86_64")
    pins = {"old": locked(minor), "other": strangers(minor)}
    subset = SubsetOnDisk(root, targets=[target, other], lines=lines, pins=pins).write()
    kinds = (interpreters_here(), ())
    made = [cases_of(subset.plan, subset.paths, kind, root / f"work-{len(kind)}") for kind in kinds]
    own = [[case for case in group if case.target == target and (joint or not case.joint)] for group in made]
    return [[check for case in group for check in prove(case)] for group in own]


def told(checks: Sequence[Check]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return what both kinds must agree on."""
    return [(one.request, one.way, one.status, one.versions) for one in checks if one.proof != "second opinion"]


@pytest.mark.parametrize("minor", MINORS)
def test_green_of_both_kinds(tmp_path: Path, minor: int) -> None:
    """What a real interpreter installs is what is unpacked without it: the same versions, by each way in."""
    installed, unpacked = proven(tmp_path, minor, ["app", "native"], joint=True)
    assert {one.proof for one in installed} == {"installed", "second opinion"}
    assert {one.proof for one in unpacked} == {"unpacked", "second opinion"}
    assert told(installed) == told(unpacked)
    assert {one.status for one in [*installed, *unpacked]} == {"passed"}
    choice = "newer==2.0" if minor > 10 else "older==1.0"
    exact = {"exact==1.0"} if target_of(minor).python[2] > 1 else set()
    assert {"app==1.0", choice, "extra-part==1.0", "native==1.0"} | exact == {*installed[0].versions}


@pytest.mark.parametrize("minor", MINORS)
def test_red_of_both_kinds(tmp_path: Path, minor: int) -> None:
    """What a real interpreter refuses is refused without it, in the same words."""
    lines = ["lacking", "foreign", "glibc", "young", "clash"]
    installed, unpacked = proven(tmp_path, minor, lines, joint=False)
    assert told(installed) == told(unpacked)
    red = [one for one in installed if one.status == "failed"]
    # Without the lock, what was mirrored for another target is an answer.
    assert [one.request for one in red if one.way == "find-links"] == lines
    assert {one.request for one in red if one.way == "simple"} == {*lines} - {"clash"}
    assert [one.reason for one in red] == [one.reason for one in unpacked if one.status == "failed"]
