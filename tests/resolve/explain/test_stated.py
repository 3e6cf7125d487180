"""What the user's lines and the projects of a lock ask for."""

from __future__ import annotations

from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Distribution
from pypi_subset.model.locks import Inputs, Lock, Pin, Reason
from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.resolve.explain.stated import lines_of, pinned_of, readable, rivals_of
from pypi_subset.targets.patch_levels import at_patch
from pypi_subset.targets.tag import parse

TARGET = parse("linux", "cp310-manylinux2014_x86_64")
APP, LIB, DEEP = (canonicalize_name(name) for name in ("app", "lib", "deep"))


def line(text: str, number: int) -> Request:
    """Return one line of ``base.txt``."""
    return Request(requirement=Requirement(text), path=Path("base.txt"), line=number)


def pin(name: str, *reasons: str, marker: str | None = None, version: str = "1.0") -> Pin:
    """Return a pin; each reason is ``project requirement``, or ``base.txt:1 requirement`` for a line."""
    found = []
    for reason in reasons:
        who, _, text = reason.partition(" ")
        place = {"origin": who} if ":" in who else {"by": who}
        found.append(Reason(requirement=Requirement(text), **place))
    one = Distribution(
        filename=f"{name}-{version}-py3-none-any.whl", project=canonicalize_name(name), version=Version(version)
    )
    return Pin(distribution=one, reasons=tuple(found), marker=Marker(marker) if marker else None)


def lock(*pins: Pin) -> Lock:
    """Return a lock."""
    inputs = Inputs(requirement_set="", target="", policy="", constraint="")
    return Lock(set_name="base", target_name="linux", inputs=inputs, pins=pins)


def test_lines_and_constraints_that_hold_are_found() -> None:
    """Each project has the lines that hold on the target; a marker that the target leaves open is passed over."""
    own = RequirementSet(
        name="base",
        path=Path("base.txt"),
        requests=(line("app", 1), line("app<3; sys_platform == 'win32'", 2), line("app<4; platform_release == '1'", 3)),
        constraints=(line("App<2", 4),),
        targets=("linux",),
    )
    found = lines_of(Job(requirement_set=own, target=TARGET), ["app<9 --hash=sha256:00", "./local"], TARGET)
    assert [(who, str(one)) for who, one in found[APP]] == [
        ("base.txt:1", "app"),
        ("base.txt:4", "App<2"),
        ("pip's setting 'constraint'", "app<9"),
    ]


def test_lines_that_are_no_requirement_are_passed_over() -> None:
    """pip knows constraints of other forms."""
    assert [str(one) for one in readable(["a<1", "-e .", "b"])] == ["a<1", "b"]


def test_what_a_project_brings_itself_is_no_rival() -> None:
    """The requirements of projects that are there for the project's own sake may go with another release of it."""
    made = lock(
        pin("app", "base.txt:1 app", "other app"),
        pin("lib", "app lib<2", "other lib<3"),
        pin("other", "base.txt:2 other"),
        pin("deep", "lib deep", "own deep<2"),
        pin("own", "app own"),
    )
    found = rivals_of(made, TARGET, APP)
    assert [(who, str(one)) for who, one in found[LIB]] == [("other 1.0", "lib<3")]
    assert [(who, str(one)) for who, one in found[DEEP]] == [("lib 1.0", "deep")]


def test_pins_of_the_patch_level_count() -> None:
    """Where patch levels have different files, those of the level at hand are what the lock holds."""
    early, late = "python_full_version < '3.10.2'", "python_full_version >= '3.10.2'"
    made = lock(pin("lib", marker=early), pin("lib", marker=late, version="2.0"), pin("app"))
    assert pinned_of(made, at_patch(TARGET, 3), APP) == {LIB: (Version("2.0"), frozenset())}
