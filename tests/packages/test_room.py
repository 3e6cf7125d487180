"""Room for the files of locks: mirror ends before the first file is fetched, with the numbers."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.packages.room import Room
from tests.support.programs.commands import run, subset
from tests.support.programs.mounts import small_disk, unshare
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: A wheel whose bytes are as many packed.
LARGE = make_wheel("large", files={"large/data": os.urandom(300_000)})


@pytest.fixture
def asking(workspace: Workspace, configured_index: Index) -> Workspace:
    """Return a workspace that asks for a large wheel on two targets, and for a small one."""
    configured_index.add(LARGE, make_wheel("small"))
    workspace.write("base.txt", "large\nsmall\n")
    workspace.toml({"linux": "cp312-manylinux_2_28_x86_64", "windows": "cp312-win_amd64"})
    for name in ("packages", "out"):
        (workspace.root / name).mkdir()
    return workspace


def mounted(workspace: Workspace, mounts: str, *arguments: str) -> CompletedProcess[str]:
    """Return how a command ended where *mounts* hold."""
    command = 'find packages out -name "*.whl" >left'
    script = f'({mounts} && cd {shlex.quote(str(workspace.root))} && "$0" "$@"; code=$?; {command}; exit $code)'
    return run([*unshare(), "sh", "-c", script, sys.executable, "-m", "pypi_subset", *arguments], workspace.root)


def fetched(index: Index) -> list[str]:
    """Return the wheels that were asked for as a whole."""
    return [one.path for one in index.hits(".whl") if "range" not in {name.lower() for name in one.headers}]


def test_too_little_room_for_packages(asking: Workspace, configured_index: Index) -> None:
    """Nothing is fetched or locked, and the line has what is needed and what is free."""
    done = mounted(asking, small_disk(asking.root / "packages", "200k"), "mirror")
    assert done.returncode == 3
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: there is not enough room: mirror, for 2 files, needs 30"), done.stderr
    assert "kB in packages, where" in line
    assert line.endswith("there, or name a directory on a larger disk; nothing was written")
    assert fetched(configured_index) == []
    assert not asking.paths.locks.exists()
    assert (asking.root / "left").read_text() == ""


def test_too_little_room_for_the_site(asking: Workspace, configured_index: Index) -> None:
    """A site on another file system holds copies: it is looked at before the first file too."""
    done = mounted(asking, small_disk(asking.root / "out", "200k"), "mirror", "--site", "out/site")
    assert done.returncode == 3
    assert "needs 30" in done.stderr
    assert "kB in out/site, where" in done.stderr
    assert fetched(configured_index) == []
    assert (asking.root / "left").read_text() == ""


def test_hard_links_need_no_room(asking: Workspace) -> None:
    """On one file system the site takes none but for its pages."""
    there = asking.root / "packages"
    done = mounted(asking, small_disk(there, "800k"), "mirror", "--packages", "packages/own", "--site", "packages/site")
    assert done.returncode == 0, done.stderr


def test_what_is_here_needs_no_room(asking: Workspace) -> None:
    """A second run fetches nothing, and begins on a disk that is full."""
    assert subset("mirror", cwd=asking.root).returncode == 0
    shutil.move(asking.paths.packages, asking.root / "before")
    (asking.root / "packages").mkdir()
    mounts = f"{small_disk(asking.root / 'packages', '400k')} && cp -a before/. packages/"
    done = mounted(asking, mounts, "mirror")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("part", "ample"), [(0, True), (0.01, True), (0.5, False)])
def test_files_ahead_are_a_small_part(workspace: Workspace, part: float, *, ample: bool) -> None:
    """What further locks need is not known yet."""
    workspace.root.mkdir(exist_ok=True)
    assert Room(paths=workspace.paths).is_ample(int(part * shutil.disk_usage(workspace.root).free)) is ample
