"""Locks become verified files in ``packages/``."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError, HashMismatch
from pypi_subset.packages import download
from pypi_subset.pip.pool import Pips
from tests.support.sites.trees import tree
from tests.support.stages.values import WINDOWS, artifacts_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import THREE, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_the_lock_is_enough(workspace: Workspace, index: Index) -> None:
    """With a lock that matches, nothing is resolved: files alone are fetched, at the locked URLs, and no page."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib", "1.0"))
    workspace.write("base.txt", "app\n")
    workspace.toml(THREE)
    mirror(workspace)
    folders = (workspace.paths.requirements, workspace.paths.site)
    first = [tree(folder) for folder in folders]
    index.add(make_wheel("lib", "2.0"))
    index.requests.clear()
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.fetched) == (0, 2)
    assert set(index.counts()) == {"/files/app-1.0-py3-none-any.whl", "/files/lib-1.0-py3-none-any.whl"}
    assert [tree(folder) for folder in folders] == first


def test_what_pip_put_there_is_checked_again(tmp_path: Path) -> None:
    """A file that pip fetched itself, since it found another than the locked one, is held against the lock."""
    wheel = make_wheel("app")
    (artifact,) = artifacts_of([wheel], tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / wheel.filename).write_bytes(b"something else")
    with pytest.raises(HashMismatch, match=r"app-1\.0-py3-none-any\.whl has sha256 .* on arrival"):
        download._settle(artifact.distribution, artifact.path, tmp_path / "files", tmp_path / "packages", print)  # noqa: SLF001


def test_a_stage_that_was_removed_stays_so(tmp_path: Path) -> None:
    """A thread that comes after Ctrl-C finds its stage gone, and makes no directory of it again."""
    stage = tmp_path / "stage"
    with pytest.raises(FolderError):
        download._pip_download([], [], target=WINDOWS, view="", pips=Pips(tmp_path), work=stage / "download" / "base")  # noqa: SLF001
    assert not stage.exists()
