"""Cases to prove: small subsets for a machine that is not here, for this one, and for this one held to less."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.cases.case import Case, cases_of
from pypi_subset.proof.closure import Present
from pypi_subset.proof.isolation.box import Box
from pypi_subset.proof.machines import boxes, interpreters
from pypi_subset.proof.methods.prove import prove
from pypi_subset.targets import host, tag
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.targets import Target
    from pypi_subset.proof.access.routes import Way


def present(
    name: str,
    *files: str,
    requires: tuple[str, ...] = (),
    asked: frozenset[str] = frozenset(),
    extras: frozenset[str] = frozenset(),
) -> Present:
    """Return a distribution as its metadata describe it."""
    return Present(
        project=canonicalize_name(name),
        version="1.0",
        requires=tuple(map(Requirement, requires)),
        requires_python=SpecifierSet(),
        files=files,
        asked=asked,
        extras=extras,
    )


WINDOWS = tag.parse("windows", "cp312-win_amd64")
LINUX = tag.parse("linux", "cp310-manylinux2014_x86_64")
HERE = host.describe_host("here")
#: The running Python on an older Linux, as far as this machine is one.
OLDER = tag.parse("older", f"cp3{sys.version_info.minor}-manylinux2014_x86_64")
OWN = interpreters.find([Path(sys.executable)])

CLICK = make_wheel("click", "8.1.7", requires=['colorama; platform_system == "Windows"'])
COLORAMA = make_wheel("colorama", "0.4.6")
SIX = make_wheel("six", "1.17.0")

on_linux = pytest.mark.skipif(OWN[0].kind != "linux_x86_64", reason="needs glibc on x86_64")


def cases(
    root: Path,
    target: Target,
    lines: Sequence[str],
    wheels: Sequence[Wheel],
    *,
    installed: Path | None = None,
    hashes: Mapping[str, str] | None = None,
) -> tuple[Case, ...]:
    """
    Return the cases of one set on one target: the set jointly, then line by line.

    :param installed: a directory to work in with the running interpreter; without one, the target is a foreign one.
    """
    subset = SubsetOnDisk(root, targets=[target], lines=lines, pins={target.name: wheels}, hashes=hashes or {}).write()
    return cases_of(subset.plan, subset.paths, OWN if installed else (), installed or root / "work")


def box_of(folder: Path, *shown: Path) -> Box:
    """Return a box for the running interpreter, which sees *shown* besides."""
    return Box(shown=(*map(str, shown), *boxes.of(OWN[0])), folder=folder)


def outcome(check: Check) -> tuple[str, str]:
    """Return status and reason."""
    return check.status, check.reason


def prove_first(case: Case) -> Check:
    """Return the result of *case* by the first route, from find-links.html; the other routes are not tried."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pypi_subset.proof.methods.prove.opened", _first_route)
        return prove(case)[0]


@contextlib.contextmanager
def _first_route(*arguments: Any) -> Iterator[tuple[Way, ...]]:
    """Yield the first of the routes that the proof opens."""
    with opened(*arguments) as ways:
        yield ways[:1]


@functools.cache
def interpreters_here() -> tuple[interpreters.Interpreter, ...]:
    """Return the interpreters of this machine: those on PATH, and pyenv's in the home of the user who runs the tests."""
    home = pwd.getpwuid(os.getuid()).pw_dir
    root = interpreters.pyenv_root({**os.environ, "HOME": home})
    return interpreters.find(interpreters.candidates(os.environ.get("PATH", ""), root))


def click_and_six(root: Path) -> SubsetOnDisk:
    """Return a subset of two requests for Windows that have nothing in common."""
    pins = {"windows": [CLICK, COLORAMA, SIX]}
    return SubsetOnDisk(root, targets=[WINDOWS], lines=["click", "six"], pins=pins).write()


def click_alone(subset: SubsetOnDisk) -> Case:
    """Return the case of click alone, of a subset whose first line it is."""
    return cases_of(subset.plan, subset.paths, (), subset.root / "work")[1]


def eight_cases(root: Path) -> SubsetOnDisk:
    """Return a subset of the lines aa, bb and cc for macOS and Windows: eight cases."""
    mac = tag.parse("mac", "cp312-macosx_14_0_arm64")
    lines = ["aa", "bb", "cc"]
    wheels = [make_wheel(name) for name in lines]
    return SubsetOnDisk(root, targets=[mac, WINDOWS], lines=lines, pins={"mac": wheels, "windows": wheels}).write()
