"""What the tool needs of this machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections import namedtuple
from typing import TYPE_CHECKING

from pypi_subset.doctor import machine
from pypi_subset.model.paths import Paths
from pypi_subset.proof.isolation import available
from pypi_subset.support.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.sites.workspace import Workspace

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil has it


def test_the_python_that_runs_the_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named; an older one than the tool runs on is an error."""
    assert machine.python().state == "ok"
    monkeypatch.setattr(machine, "OLDEST", (sys.version_info[0], sys.version_info[1] + 1))
    found = machine.python()
    assert (found.state, found.next_step) == ("error", f"use Python 3.{sys.version_info[1] + 1} or newer")


def test_the_versions_that_a_report_needs() -> None:
    """The finding names the tool and those that resolve and prove."""
    what = machine.tool().what
    assert what.startswith(f"pypi-subset {__version__} with pip ")
    assert ", uv " in what


def test_an_environment_is_made() -> None:
    """The Python of the tool makes one, and nothing of it stays."""
    assert machine.environments().what == "virtual environments can be made"


def test_a_python_without_venv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The last line of its error is the cause, and the step names the package of Debian."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho first >&2\necho 'No module named venv' >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    found = machine.environments()
    assert (found.state, found.what) == ("error", "no virtual environment can be made: No module named venv")
    assert "apt install python3-venv" in found.next_step
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    assert machine.environments().state == "error"


def test_room_is_counted_once_for_each_file_system(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories on one file system share its room; what is to be fetched must find some."""
    (found,) = machine.room(workspace.paths, 0)
    assert found.what.endswith(" free for packages and site and temporary files")
    for free, needed, state in ((5 << 30, 1 << 30, "ok"), (5 << 30, 45 << 27, "error"), (1 << 29, 0, "warning")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: Usage(free, 0, free))
        (found,) = machine.room(workspace.paths, needed)
        assert (found.name, found.state) == ("disk", state)


def test_a_directory_that_this_user_may_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error, for the directory that would be made below it too. The system is asked, for root as well."""
    closed = tmp_path / "closed"
    closed.mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: path != closed)
    paths = Paths(requirements=tmp_path, packages=closed / "new" / "packages", site=tmp_path / "site")
    (found,) = machine.rights(paths)
    assert found.what == f"{closed} cannot be written by this user, for packages"


def test_rights_of_a_new_directory(workspace: Workspace) -> None:
    """What may be written is no finding."""
    assert [*machine.rights(workspace.paths)] == []


def test_variables_of_python() -> None:
    """A variable that makes Python import other modules is a warning."""
    (found,) = machine.variables({"PYTHONPATH": "/x", "PYTHONHOME": ""})
    assert (found.state, found.next_step) == ("warning", "unset PYTHONPATH")


def test_isolation_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses, root is refused too, and a user is warned."""
    monkeypatch.setattr(available, "refusal", lambda: "")
    assert machine.isolation().what == "proofs run in namespaces"
    monkeypatch.setattr(available, "refusal", lambda: "unshare: EPERM")
    for uid, state in ((0, "error"), (1000, "warning")):
        monkeypatch.setattr(os, "geteuid", lambda uid=uid: uid)
        found = machine.isolation()
        assert (found.state, found.what) == (state, "no isolation here: unshare: EPERM")
        assert found.next_step
