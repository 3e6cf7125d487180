"""A directory for a virtual environment: made without ensurepip, removed if a run fails, never taken from others."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Hindered, Misused
from pypi_subset.standalone.installer.environment import UNFINISHED, Environment, quoted
from tests.support.gap.installs import answer

if TYPE_CHECKING:
    from pathlib import Path


def test_made_and_finished(tmp_path: Path) -> None:
    """It has a Python of its own and no pip; a second run uses it as it is."""
    folder = tmp_path / "new" / "lab"
    made = Environment(str(folder))
    assert made.is_new
    assert made.interpreter().version == sys.version_info[:3]
    made.make()
    assert Environment(str(folder)).is_unfinished
    made.finish()
    assert answer(folder, "import sys; print(sys.prefix)") == str(folder)
    assert not list(folder.rglob("pip*"))
    again = Environment(str(folder))
    assert (again.is_new, again.interpreter().is_virtual) == (False, True)
    again.remove()
    assert folder.is_dir()


def test_needs_no_ensurepip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian leaves that module out."""
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    made = Environment(str(tmp_path / "lab"))
    made.make()
    assert made.interpreter().version == sys.version_info[:3]


def test_python_without_venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and no directory."""
    monkeypatch.setitem(sys.modules, "venv", None)
    with pytest.raises(Hindered, match=r"this Python has no module venv; run install.py with another Python"):
        Environment(str(tmp_path / "lab")).make()
    assert not (tmp_path / "lab").exists()


def test_removed(tmp_path: Path) -> None:
    """An unfinished one goes; a directory that was there stays, empty."""
    for name, is_there in (("one", False), ("two", True)):
        folder = tmp_path / name
        if is_there:
            folder.mkdir()
        made = Environment(str(folder))
        made.make()
        made.remove()
        assert folder.exists() is is_there
        assert not is_there or not list(folder.iterdir())


def test_removal_can_be_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark goes last, so that what a stopped removal leaves is known to be unfinished."""
    made = Environment(str(tmp_path / "lab"))
    made.make()
    monkeypatch.setattr("os.remove", _refuse)
    with pytest.raises(PermissionError):
        made.remove()
    monkeypatch.undo()
    assert (tmp_path / "lab" / UNFINISHED).is_file()
    again = Environment(str(tmp_path / "lab"))
    assert again.is_new
    again.make()
    again.finish()
    assert not Environment(str(tmp_path / "lab")).is_new


def _refuse(path: str) -> None:
    raise PermissionError(path)


def test_other_directories_are_left_alone(tmp_path: Path) -> None:
    """A file, a directory with files and the Python of the system are refused."""
    (tmp_path / "file").write_text("")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("")
    with pytest.raises(Misused, match="is no directory; name another one"):
        Environment(str(tmp_path / "file"))
    with pytest.raises(Misused, match="has files, and is no virtual environment; name another directory"):
        Environment(str(tmp_path / "mine"))
    system = tmp_path / "system"
    Environment(str(system)).make()
    Environment(str(system)).finish()
    (system / "bin/python").unlink()
    (system / "bin/python").write_text(f'#!/bin/sh\nexec {getattr(sys, "_base_executable", "")} "$@"\n')
    (system / "bin/python").chmod(0o755)
    with pytest.raises(Misused, match="is not a virtual environment"):
        Environment(str(system)).interpreter()


def test_commands(tmp_path: Path) -> None:
    """Paths are quoted as a shell needs it."""
    made = Environment(str(tmp_path / "my lab"))
    assert made.usage() == f". '{tmp_path}/my lab/bin/activate'"
    assert made.removal() == f"rm -r '{tmp_path}/my lab'"
    assert quoted("/srv/lab") == "/srv/lab"
