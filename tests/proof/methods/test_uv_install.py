"""uv really installs what pip installed, and what it refuses is a note."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.methods import second_opinion, uv_install
from pypi_subset.proof.methods.pip_install import Installed
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.methods.uv_install import Installer
from tests.support.hostile.archives import NAME, described, entries
from tests.support.hostile.contents import hostile
from tests.support.sites.cases import WINDOWS, cases
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.methods.pip_install import Files

AA = make_wheel("aa", files={"aa-1.0.data/scripts/aa-tool": b"#!python\n"})
BAD = make_wheel("bad")


def case_of(root: Path, *wheels: Wheel) -> tuple[Case, Files]:
    """Return a case for Windows of a site with these wheels, and what pip found: all of them."""
    case = cases(root, WINDOWS, ["aa"], wheels)[0]
    names = [wheel.filename.partition("-")[0] for wheel in wheels]
    return case, tuple(
        Installed(project=canonicalize_name(name), version="1.0", path=f"simple/{name}/{wheel.filename}", sha256="")
        for name, wheel in zip(names, wheels, strict=True)
    )


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    """Return the uv of this environment, for Windows, which has installed nothing yet."""
    monkeypatch.setattr(uv_install, "_INSTALLED", {})
    program, name = second_opinion.uv()
    options = ("--python-version", "3.12", "--python-platform", "x86_64-pc-windows-msvc")
    return Installer(program=program, name=name, python=sys.executable, options=options, variables={})


def test_what_uv_installs_is_no_note(tmp_path: Path, installer: Installer) -> None:
    """Wheels that uv takes leave no note, and nothing on disk."""
    case, found = case_of(tmp_path, AA, BAD)
    (tmp_path / "own").mkdir()
    assert installer.notes(case, found, tmp_path / "own") == ()
    assert [*(tmp_path / "own").iterdir()] == []
    assert len(uv_install._INSTALLED) == 2  # noqa: SLF001 - what it remembers


def test_a_wheel_for_its_owner_alone(tmp_path: Path, installer: Installer) -> None:
    """A wheel that only its owner may read, as one that was fetched, is installed, and stays as it is."""
    case, found = case_of(tmp_path, AA)
    path = case.file(found[0].path)
    path.chmod(0o600)
    (tmp_path / "own").mkdir()
    assert installer.notes(case, found, tmp_path / "own") == ()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (entries("bad = bad:main\n"), "entry_points.txt` is invalid: expected a section header"),
        (hostile("another-size")[0], "Bad uncompressed size"),
        (hostile("bidi")[0], "unacceptable filename"),
    ],
)
def test_what_uv_refuses_is_a_note(tmp_path: Path, installer: Installer, data: bytes, said: str) -> None:
    """A wheel that pip takes and uv refuses is a note that names uv, its version, the wheel and the reason."""
    case, found = case_of(tmp_path, AA, replace(BAD, data=data))
    (tmp_path / "own").mkdir()
    (note,) = installer.notes(case, found, tmp_path / "own")
    assert note.startswith(f"{second_opinion.name_of_uv()} does not install {NAME}, which pip takes: ")
    assert said in note
    assert str(tmp_path) not in note
    assert len(note) < 500


def test_no_wheel_is_installed_twice(tmp_path: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What uv installed, or refused, is known for the next case; a wheel that changed is installed again."""
    case, found = case_of(tmp_path, AA, replace(BAD, data=entries("bad\n")))
    (tmp_path / "own").mkdir()
    first = installer.notes(case, found, tmp_path / "own")
    assert len(first) == 1
    asked: list[list[str]] = []

    def install(_: Installer, __: Case, wheels: list[Path], ___: Path) -> str:
        asked.append([wheel.name for wheel in wheels])
        return ""

    monkeypatch.setattr(Installer, "_install", install)
    assert installer.notes(case, found, tmp_path / "own") == first
    # Another process of the run has what the first one kept, if no code of packages could write it.
    monkeypatch.setattr(uv_install, "_INSTALLED", {})
    assert installer.notes(case, found, tmp_path / "own") == first
    assert asked == []
    monkeypatch.setattr(uv_install, "_INSTALLED", {})
    assert installer.notes(replace(case, isolated=False), found, tmp_path / "own") == ()
    assert asked.pop() == [AA.filename, NAME]
    case.file(found[1].path).write_bytes(described(b""))
    assert installer.notes(case, found, tmp_path / "own") == ()
    assert asked == [[NAME]]


def test_what_is_not_there(tmp_path: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be fetched from a site elsewhere is left to the case, which is red for it."""
    case, found = case_of(tmp_path, AA)

    def gone(*_: object) -> Path:
        raise ProofFailed("gone")  # noqa: EM101 - the error of another module

    monkeypatch.setattr(type(case), "file", gone)
    assert installer.notes(case, found, tmp_path) == ()


@pytest.mark.usefixtures("forked_pip", "installer")
@pytest.mark.slow
def test_a_second_opinion_has_the_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second opinion of a case installs, and its result has the note."""
    monkeypatch.setattr("pypi_subset.proof.methods.by_unpacking.readable.check", lambda *_: None)
    case, _ = case_of(
        tmp_path, replace(make_wheel("aa"), data=make_wheel("aa").data), replace(BAD, data=entries("x\n"))
    )
    case = replace(case, requests=cases(tmp_path / "2", WINDOWS, ["aa", "bad"], [AA, BAD])[0].requests)
    *_, check = prove(case)
    assert (check.proof, check.status) == ("second opinion", "passed")
    assert [note.partition(" does not")[0] for note in check.notes] == [second_opinion.name_of_uv()]
