"""Which interpreter can stand for a target."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.targets import tag as targets
from tests.support.sites.cases import interpreters_here

if TYPE_CHECKING:
    from pathlib import Path
import dataclasses
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypi_subset.proof.machines import matching
from pypi_subset.proof.machines.interpreters import Interpreter
from pypi_subset.targets import host as targets_host


@pytest.fixture
def here() -> tuple[Interpreter, ...]:
    """Return the interpreters of this machine."""
    return interpreters_here()


def an_interpreter(*, stage: str = "", **changes: Any) -> Interpreter:
    """Return CPython 3.10.13 on x86_64 Linux with glibc 2.36, with *changes*; *stage* is that of a pre-release."""
    plain = Interpreter(
        path=Path("/usr/bin/python3.10"),
        implementation="cp",
        version=(3, 10, 13),
        abi="cp310",
        kind="linux_x86_64",
        glibc=36,
        macos=None,
        markers=(),
    )
    one = dataclasses.replace(plain, **changes)
    full = ".".join(map(str, one.version)) + stage
    return dataclasses.replace(one, markers=(("python_full_version", full),))


#: CPython 3.15.0, whatever its stage.
RC = {"version": (3, 15, 0), "abi": "cp315"}


@pytest.mark.parametrize(
    ("tag", "python", "changes", "fits"),
    [
        ("cp310-manylinux2014_x86_64", None, {}, True),
        ("cp310-manylinux_2_39_x86_64", None, {}, False),
        ("cp310-manylinux2014_x86_64", None, {"glibc": None}, False),
        ("cp310-musllinux_1_2_x86_64", None, {}, False),
        ("cp310-manylinux2014_aarch64", None, {}, False),
        ("cp311-manylinux2014_x86_64", None, {}, False),
        ("cp310-manylinux2014_x86_64", "3.10.13", {}, True),
        ("cp310-manylinux2014_x86_64", "3.10.4", {}, False),
        ("cp310-manylinux2014_x86_64", "3.10.0", {}, False),
        ("pp310-manylinux2014_x86_64", None, {}, False),
        ("cp313-manylinux2014_x86_64", None, {"version": (3, 13, 0), "abi": "cp313t"}, False),
        ("cp313-cp313t-manylinux2014_x86_64", None, {"version": (3, 13, 0), "abi": "cp313t"}, True),
        ("cp310-macosx_12_0_arm64", None, {"kind": "macos_arm64", "glibc": None, "macos": (12, 6)}, True),
        ("cp310-macosx_12_0_arm64", None, {"kind": "macos_arm64", "glibc": None, "macos": (14, 1)}, False),
        ("cp310-macosx_10_9_x86_64", None, {"kind": "macos_x86_64", "glibc": None, "macos": (10, 15)}, False),
        ("cp310-win_amd64", None, {"kind": "win_amd64", "glibc": None}, True),
        ("cp315-manylinux2014_x86_64", "3.15.0rc1", {**RC, "stage": "rc1"}, True),
        ("cp315-manylinux2014_x86_64", "3.15.0rc1", {**RC, "stage": "rc2"}, False),
        ("cp315-manylinux2014_x86_64", "3.15.0rc1", RC, False),
        ("cp315-manylinux2014_x86_64", "3.15.0", {**RC, "stage": "rc1"}, False),
        ("cp315-manylinux2014_x86_64", None, {**RC, "stage": "rc1"}, False),
        ("cp315-manylinux2014_x86_64", None, {**RC, "stage": "+"}, True),
    ],
)
def test_who_can_stand_for_a_target(tag: str, python: str | None, changes: dict[str, Any], *, fits: bool) -> None:
    """Same implementation, minor, ABI, machine, named patch level, and a system that is equal or can be held to it."""
    assert matching.fits(targets.parse("one", tag, python), an_interpreter(**changes)) is fits


@pytest.mark.parametrize(
    ("tag", "python", "said"),
    [
        ("cp310-manylinux_2_39_x86_64", None, "glibc 2.36 here, 2.39 there"),
        ("cp310-musllinux_1_2_x86_64", None, "musllinux_1_2_x86_64 is another system than this one"),
        ("cp310-manylinux2014_aarch64", None, "this machine is linux_x86_64, the target is linux_aarch64"),
        ("cp312-win_amd64", None, "this machine is linux_x86_64, the target is win_amd64"),
        ("cp311-manylinux2014_x86_64", None, "there is no Python 3.11"),
        ("cp310-manylinux2014_x86_64", "3.10.4", "there is no Python 3.10.4"),
        ("pp310-manylinux2014_x86_64", None, "none is of the kind pp"),
        ("cp313-cp313t-manylinux2014_x86_64", None, "no Python 3.13 has the ABI cp313t"),
        ("cp315-manylinux2014_x86_64", "3.15.0rc2", "there is no Python 3.15.0rc2"),
    ],
)
def test_what_differs(tag: str, python: str | None, said: str) -> None:
    """The fact is that of the most similar interpreter, whatever the order."""
    others = [
        an_interpreter(),
        an_interpreter(version=(3, 13, 0), abi="cp313"),
        an_interpreter(**RC, stage="rc1"),
    ]
    target = targets.parse("one", tag, python)
    assert {matching.difference(target, each) for each in (others, others[::-1])} == {said}
    assert matching.difference(target, []) == "none was found"


@pytest.mark.slow
def test_host_is_this_interpreter_alone(here: tuple[Interpreter, ...]) -> None:
    """The host is proven by the interpreter that runs the tool, even if another has its version."""
    chosen = matching.fitting(targets_host.describe_host("here"), here)
    assert chosen is not None
    assert chosen.path == Path(os.path.realpath(sys.executable))
    assert not matching.fits(
        targets_host.describe_host("here"), dataclasses.replace(chosen, path=Path("/usr/bin/python3"))
    )
    assert pickle.loads(pickle.dumps(chosen)) == chosen  # noqa: S301 - our own bytes


pytestmark = pytest.mark.usefixtures("forked_pip")
