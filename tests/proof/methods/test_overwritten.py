"""Two wheels that install one path: red if it is a module or a program that was asked for, else a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.methods import overwritten
from pypi_subset.proof.methods.pip_install import Installed
from tests.support.sites.cases import HERE, LINUX, WINDOWS, cases, outcome, prove_first
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pypi_subset.model.targets import Target

POINTS = "1.0.dist-info/entry_points.txt"


def notes(
    root: Path, one: Mapping[str, bytes], other: Mapping[str, bytes], *, target: Target = LINUX, asked: str = "aa"
) -> tuple[str, ...]:
    """Return the notes on the projects aa and bb that hold these files, of which *asked* is requested."""
    wheels = [make_wheel("aa", files=one), make_wheel("bb", files=other)]
    case = cases(root, target, [asked or "aa"], wheels)[0]
    found = tuple(
        Installed(project=canonicalize_name(name), version="1.0", path=f"simple/{name}/{wheel.filename}", sha256="")
        for name, wheel in zip(("aa", "bb"), wheels, strict=True)
    )
    return overwritten.validate(case, found, case.requests if asked else ())


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        ({}, {"aa.py": b"other"}, "aa.py"),
        ({"aa/__init__.py": b"", "aa/x.txt": b"1"}, {"aa/x.txt": b"2"}, "aa/x.txt"),
        ({}, {"bb-1.0.data/purelib/aa.py": b"other"}, "aa.py"),
        ({"aa-1.0.data/platlib/ab.py": b""}, {"ab.py": b"other"}, "ab.py"),
        ({"aa-1.0.data/scripts/tool": b"1"}, {"bb-1.0.data/scripts/tool": b"2"}, "bin/tool"),
        ({"aa-1.0.data/scripts/tool": b"1"}, {"bb-1.0.data/data/bin/tool": b"2"}, "bin/tool"),
        (
            {f"aa-{POINTS}": b"[console_scripts]\ntool = aa:main\n"},
            {f"bb-{POINTS}": b"[console_scripts]\ntool = bb:main\n"},
            "bin/tool",
        ),
        ({f"aa-{POINTS}": b"[gui_scripts]\ntool = aa:main\n"}, {"bb-1.0.data/scripts/tool": b""}, "bin/tool"),
        *(
            ({}, {f"bb-1.0.data/data/{folder}/aa.py": b"other"}, "aa.py")
            for folder in ("lib/python3.12/site-packages", "Lib/site-packages", "lib64/python3/dist-packages")
        ),
    ],
)
def test_what_is_red(tmp_path: Path, one: dict[str, bytes], other: dict[str, bytes], place: str) -> None:
    """A module or a program of a requested project that another wheel overwrites is red, with both names."""
    with pytest.raises(ProofFailed) as caught:
        notes(tmp_path, one, other)
    words = f"aa-1.0-py3-none-any.whl and bb-1.0-py3-none-any.whl both install {place}, with other bytes"
    assert str(caught.value) == f"{words}; aa was asked for"


@pytest.mark.parametrize(
    ("point", "other"),
    [
        ("tool", "bb-1.0.data/scripts/tool.exe"),
        ("tool", "bb-1.0.data/scripts/TOOL.com"),
        ("tool", "bb-1.0.data/data/Scripts/tool.bat"),
        ("tool.py", "bb-1.0.data/scripts/tool.exe"),
    ],
)
def test_a_program_on_windows(tmp_path: Path, point: str, other: str) -> None:
    """Windows starts a program by its name without the suffix: a file with another suffix comes before it, or replaces it."""
    mine = {f"aa-{POINTS}": f"[console_scripts]\n{point} = aa:main\n".encode()}
    with pytest.raises(ProofFailed, match=r"both install bin/(?i:tool).*, with other bytes; aa was asked for"):
        notes(tmp_path / "windows", mine, {other: b"other"}, target=WINDOWS)
    assert notes(tmp_path / "linux", mine, {other: b"other"}) == ()


def test_headers_have_a_directory_for_each_project(tmp_path: Path) -> None:
    """Two headers of one name are two files; one that is written into the directory of another project is a note."""
    mine = {"aa-1.0.data/headers/x.h": b"1"}
    assert notes(tmp_path / "own", mine, {"bb-1.0.data/headers/x.h": b"2"}) == ()
    (note,) = notes(tmp_path / "other", mine, {"bb-1.0.data/data/include/site/python3.12/aa/x.h": b"2"})
    assert "both install headers/aa/x.h, with other bytes" in note


def test_each_two_are_compared(tmp_path: Path) -> None:
    """A wheel with the same bytes as the requested one does not hide a third one with others."""
    wheels = [
        make_wheel("ab", files={"aa.py": b"same"}),
        make_wheel("aa", files={"aa.py": b"same"}),
        make_wheel("bb", files={"aa.py": b"other"}),
    ]
    case = cases(tmp_path, LINUX, ["aa"], wheels)[0]
    found = tuple(
        Installed(project=canonicalize_name(name), version="1.0", path=f"simple/{name}/{wheel.filename}", sha256="")
        for name, wheel in zip(("ab", "aa", "bb"), wheels, strict=True)
    )
    with pytest.raises(ProofFailed, match=r"aa-1.0-py3-none-any.whl and bb.* both install aa\.py, .* aa was asked for"):
        overwritten.validate(case, found, case.requests)


def test_a_later_request_is_red(tmp_path: Path) -> None:
    """It does not matter which of the two comes first."""
    with pytest.raises(ProofFailed, match="bb was asked for"):
        notes(tmp_path, {"bb.py": b"other"}, {}, asked="bb")


def test_what_is_a_note(tmp_path: Path) -> None:
    """A file that belongs to no module, and the module of a project that nobody asked for, are a note."""
    words = "aa-1.0-py3-none-any.whl and bb-1.0-py3-none-any.whl both install LICENSE, with other bytes"
    assert notes(tmp_path / "one", {"LICENSE": b"1"}, {"LICENSE": b"2"}) == (words,)
    more = {"LICENSE": b"2", "tests/test_a.py": b"2"}
    assert notes(tmp_path / "two", {"LICENSE": b"1", "tests/test_a.py": b"1"}, more) == (
        words.replace(",", " and 1 more,"),
    )
    one, other = {"common.py": b"1", "aa/__init__.py": b""}, {"common.py": b"2"}
    assert notes(tmp_path / "three", one, other, asked="") == (words.replace("LICENSE", "common.py"),)


def test_what_is_nothing(tmp_path: Path) -> None:
    """The same bytes, a directory in common, and names in another case where case counts overwrite nothing."""
    same = {"common/__init__.py": b"", "LICENSE": b"1"}
    assert notes(tmp_path / "one", same, same) == ()
    assert notes(tmp_path / "two", {"common/aa.py": b"1"}, {"common/bb.py": b"2"}) == ()
    assert notes(tmp_path / "three", {}, {"AA.py": b"other"}) == ()


def test_case_does_not_count_everywhere(tmp_path: Path) -> None:
    """On Windows and macOS a module in another case is overwritten."""
    with pytest.raises(ProofFailed, match=r"both install AA\.py"):
        notes(tmp_path, {}, {"AA.py": b"other"}, target=WINDOWS)


@pytest.mark.slow
@pytest.mark.parametrize("installed", [False, True])
@pytest.mark.usefixtures("forked_pip")
def test_a_case_is_red(tmp_path: Path, installed: bool) -> None:  # noqa: FBT001 - a parameter
    """A set in which a dependency overwrites what was asked for is red, wherever it is proven."""
    wheels = [make_wheel("aa", requires=["bb"]), make_wheel("bb", files={"aa.py": b"other = 1\n"})]
    target, place = (HERE, tmp_path / "here") if installed else (WINDOWS, None)
    check = prove_first(cases(tmp_path, target, ["aa"], wheels, installed=place)[0])
    words = "aa-1.0-py3-none-any.whl and bb-1.0-py3-none-any.whl both install aa.py, with other bytes"
    assert outcome(check) == ("failed", f"{words}; aa was asked for")
