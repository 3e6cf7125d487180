"""The lock, requirements and constraints files that a site publishes."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.pylock import Pylock

from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_the_site_has_locks_of_its_own(workspace: Workspace, index: Index) -> None:
    """Each lock stands in the site with ways to the site's files, and as requirements with hashes and as constraints."""
    app, lib = make_wheel("app", requires=["lib"]), make_wheel("lib")
    index.add(app, lib)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    folder = workspace.paths.site / "locks"
    assert {path.name for path in folder.iterdir()} == {
        *("pylock.base--linux.toml", "base--linux.requirements.txt", "base--linux.constraints.txt"),
    }
    lock_of_site = Pylock.from_dict(tomllib.loads((folder / "pylock.base--linux.toml").read_text()))
    for package in lock_of_site.packages:
        (wheel,) = package.wheels or ()
        assert wheel.url is None
        assert (folder / str(wheel.path)).resolve().is_file()
    head = "# base on linux: cp310-cp310-manylinux2014_x86_64, Python 3.10\n"
    hashed = f"app==1.0 --hash=sha256:{app.sha256}\nlib==1.0 --hash=sha256:{lib.sha256}\n"
    assert (folder / "base--linux.requirements.txt").read_text() == head + hashed
    assert (folder / "base--linux.constraints.txt").read_text() == f"{head}app==1.0\nlib==1.0\n"
