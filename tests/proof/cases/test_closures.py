"""Edges of the manifest, held against METADATA: one that is missing or false is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.cases.closures import fault_of
from pypi_subset.proof.methods.prove import prove
from pypi_subset.targets import tag
from tests.support.sites.cases import HERE, LINUX, OWN, WINDOWS, outcome
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.targets import Target
    from pypi_subset.proof.cases.case import Case
    from tests.support.wheels import Wheel

AA = make_wheel("aa", requires=["bb", "cc; extra == 'x'", "win; sys_platform == 'win32'"], extras=["x"])
BB, CC, WIN = make_wheel("bb", requires=["cc>=1"]), make_wheel("cc"), make_wheel("win")
#: What is true on each target.
LINES = ["aa[x]"]
PINS = {"linux": [AA, BB, CC], "windows": [AA, BB, CC, WIN]}
COMMON = [("", "", "aa"), ("aa", "", "bb"), ("aa", "x", "cc"), ("bb", "", "cc")]
EDGES = {"linux": COMMON, "windows": [*COMMON, ("aa", "", "win")]}
EACH = [(target, edge) for target, edges in EDGES.items() for edge in edges]


def stated(
    root: Path,
    edges: Mapping[str, Sequence[tuple[str, str, str]]] = EDGES,
    pins: Mapping[str, Sequence[Wheel]] = PINS,
    *,
    lines: Sequence[str] = LINES,
    targets: Sequence[Target] = (LINUX, WINDOWS),
) -> dict[str, Case]:
    """Return the case of the whole set on each target, of a site whose manifest states *edges*."""
    subset = SubsetOnDisk(root, targets=targets, lines=lines, pins=pins, edges=edges).write()
    cases = cases_of(subset.plan, subset.paths, (), root / "work")
    return {case.target.name: case for case in cases if case.joint}


def one(
    root: Path, target: Target, lines: Sequence[str], wheels: Sequence[Wheel], *edges: tuple[str, str, str]
) -> Case:
    """Return the case of the whole set on the only target."""
    name = target.name
    return stated(root, {name: edges}, {name: wheels}, lines=lines, targets=(target,))[name]


def test_a_closure_that_is_true_has_no_fault(tmp_path: Path) -> None:
    """On each target by its own markers; a request alone is not judged."""
    cases = stated(tmp_path)
    assert {name: fault_of(case) for name, case in cases.items()} == {"linux": "", "windows": ""}
    assert fault_of(replace(cases["linux"], closure=None)) == ""


@pytest.mark.parametrize(("target", "edge"), EACH, ids=str)
def test_each_edge_that_is_missing_is_named(tmp_path: Path, target: str, edge: tuple[str, str, str]) -> None:
    """The other target, which has it, has no fault."""
    edges = {**EDGES, target: [each for each in EDGES[target] if each != edge]}
    faults = {name: fault_of(case) for name, case in stated(tmp_path, edges).items()}
    by, extra, to = edge
    words = f"{by or 'the set'}{f'[{extra}]' if extra else ''} -> {to}"
    assert faults.pop(target) == (
        f"the closure of base is another: the manifest lacks the edge {words}: run `pypi-subset mirror`"
    )
    assert set(faults.values()) == {""}


@pytest.mark.parametrize(
    "edge", [("", "", "bb"), ("bb", "", "aa"), ("aa", "", "cc"), ("bb", "x", "cc"), ("aa", "", "win")], ids=str
)
def test_each_edge_that_is_false_is_named(tmp_path: Path, edge: tuple[str, str, str]) -> None:
    """No request and no METADATA gives it, not with that extra, or not on that target."""
    wheels = {**PINS, "linux": [*PINS["linux"], WIN]}
    fault = fault_of(stated(tmp_path, {**EDGES, "linux": [*COMMON, edge]}, wheels)["linux"])
    assert f"no METADATA gives the edge {edge[0] or 'the set'}" in fault


@pytest.mark.parametrize("lost", [AA, BB, CC], ids=["aa", "bb", "cc"])
def test_each_pin_that_is_missing_is_named(tmp_path: Path, lost: Wheel) -> None:
    """Though lock, pages and manifest agree with each other about it."""
    pins = {name: [wheel for wheel in wheels if wheel is not lost] for name, wheels in PINS.items()}
    name = lost.filename.partition("-")[0]
    edges = {target: [each for each in own if name not in each] for target, own in EDGES.items()}
    if lost is AA:
        edges = {target: [("", "", "bb"), ("bb", "", "cc")] for target in EDGES}
    fault = fault_of(stated(tmp_path, edges, pins)["linux"])
    assert f"no pin answers this: {name} (" in fault


def test_a_pin_of_another_version_is_named(tmp_path: Path) -> None:
    """One that does not satisfy what requires it."""
    old = make_wheel("cc", "0.9")
    fault = fault_of(one(tmp_path, LINUX, LINES, [AA, BB, old], *COMMON))
    assert "no pin answers this: cc (needed by bb 1.0 on linux: cc>=1) is there as 0.9" in fault


def test_a_missing_edge_is_red(tmp_path: Path, forked_pip: None) -> None:
    """The whole set, which installs by each route, has one red result besides."""
    del forked_pip
    case = one(tmp_path, LINUX, LINES, PINS["linux"], *COMMON[:-1])
    assert [outcome(check) for check in prove(case) if check.status != "passed"][-1] == (
        "failed",
        "the closure of base is another: the manifest lacks the edge bb -> cc: run `pypi-subset mirror`",
    )


def test_each_patch_level_counts(tmp_path: Path) -> None:
    """A requirement that begins within the minor version is an edge, in METADATA as well as in the set."""
    late = make_wheel("late", requires=['dd; python_full_version >= "3.10.4"'])
    lines = ["late", 'ee; python_full_version > "3.10.6"']
    edges = [("", "", "ee"), ("", "", "late"), ("late", "", "dd")]
    wheels = [late, make_wheel("dd"), make_wheel("ee")]
    assert fault_of(one(tmp_path / "all", LINUX, lines, wheels, *edges)) == ""
    assert "lacks the edge late -> dd" in fault_of(one(tmp_path / "less", LINUX, lines, wheels, *edges[:2]))
    exact = tag.parse("linux", "cp310-manylinux2014_x86_64", "3.10.2")
    fault = fault_of(one(tmp_path / "exact", exact, lines, wheels, *edges))
    assert "no METADATA gives the edge the set -> ee, late -> dd" in fault


def test_markers_are_those_of_the_interpreter(tmp_path: Path) -> None:
    """Where one represents the target, no recording is asked."""
    here = make_wheel("here", requires=["dd"])
    subset = SubsetOnDisk(
        tmp_path,
        targets=[HERE],
        lines=["here"],
        pins={"here": [here, make_wheel("dd")]},
        edges={"here": [("", "", "here")]},
    ).write()
    joint = cases_of(subset.plan, subset.paths, OWN, tmp_path / "work")[0]
    assert joint.interpreter == OWN[0]
    assert "lacks the edge here -> dd" in fault_of(joint)


def test_what_an_interpreter_brings_needs_no_edge(tmp_path: Path) -> None:
    """PyPy includes cffi: a requirement that it satisfies leads to no pin."""
    pypy = tag.parse("pypy", "pp310-manylinux_2_28_x86_64")
    assert "cffi" in dict(pypy.brought)
    case = one(tmp_path, pypy, ["app"], [make_wheel("app", requires=["cffi"])], ("", "", "app"))
    assert fault_of(case) == ""


def test_metadata_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A requirement that is none, and a wheel without METADATA."""
    odd = make_wheel("odd", requires=[">>"])
    case = one(tmp_path, LINUX, ["odd"], [odd], ("", "", "odd"))
    with pytest.raises(ProofFailed, match=r"the METADATA of odd-1\.0-py3-none-any\.whl cannot be read"):
        fault_of(case)
