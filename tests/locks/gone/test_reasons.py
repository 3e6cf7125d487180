"""Why releases of earlier locks cannot be had, in warnings about lower versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.stages.mirroring import LINUX, mirror
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")
#: A source with a lower version than the index has.
OWN = '[sources.own]\nwheels = "../own"\nprojects = ["lib"]\n'
MOVED = "2.0 is not from [sources.own], and lib comes from there alone now"


def lay(space: Workspace, *versions: str) -> None:
    """Write the directory of the source, with *versions* of lib alone."""
    folder = space.root / "own"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for version in versions:
        make_wheel("lib", version).save(folder)


def test_a_project_that_comes_from_a_source_now(workspace: Workspace, index: Index) -> None:
    """The index may still offer the version: it is not asked for the project any more."""
    index.add(make_wheel("lib", "2.0"))
    lay(workspace, "1.0")
    workspace.write("base.txt", "lib\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.requests.clear()
    workspace.toml({"linux": LINUX}, more=f'[sources]\nprivate = ["lib"]\n{OWN}')
    assert mirror(workspace)[0].warnings == (f"base--linux: lib 2.0 -> 1.0, a lower version: {MOVED}",)
    assert index.requests == []


def test_a_source_that_lost_a_version(workspace: Workspace) -> None:
    """What the source itself had is not offered any more."""
    lay(workspace, "2.0")
    workspace.write("base.txt", "lib\n")
    workspace.toml({"linux": LINUX}, more=OWN)
    mirror(workspace)
    lay(workspace, "1.0")
    (said,) = mirror(workspace, update=True)[0].warnings
    assert said == "base--linux: lib 2.0 -> 1.0, a lower version: 2.0 is not offered any more"


def test_a_target_that_takes_other_wheels(workspace: Workspace, index: Index) -> None:
    """The index has the release still: the pip of the target cannot see its wheel, or the target is another one."""
    index.add(make_wheel("lib", "2.0", tag="cp311-cp311-manylinux_2_28_x86_64"))
    index.add(make_wheel("lib", "1.0", tag="cp311-cp311-manylinux2014_x86_64"))
    workspace.write("base.txt", "lib\n")
    workspace.toml({"linux": "cp311-manylinux_2_28_x86_64"})
    mirror(workspace)
    workspace.toml({"linux": {"tag": "cp311-manylinux_2_28_x86_64", "pip": "20.2.4"}})
    lower = "base--linux: lib 2.0 -> 1.0, a lower version: 2.0"
    assert f"{lower} has no wheel that pip 20.2.4 sees" in mirror(workspace)[0].warnings
    workspace.toml({"linux": "cp311-manylinux_2_28_x86_64"})
    mirror(workspace, update=True)
    workspace.toml({"linux": "cp311-manylinux_2_17_x86_64"})
    said = f"{lower} has no wheel for cp311-cp311-manylinux_2_17_x86_64"
    assert said in mirror(workspace)[0].warnings


@pytest.mark.slow
def test_a_build_requirement_that_comes_from_a_source_now(workspace: Workspace, index: Index) -> None:
    """The same holds for what a build requires."""
    index.add(make_wheel("lib", "2.0"), make_buildable("app", build_requires=["lib"]))
    lay(workspace, "1.0")
    workspace.write("base.txt", "app\n")
    built = '[sdists]\nbuild = ["app"]\n'
    workspace.toml({"linux": LINUX}, more=built)
    mirror(workspace)
    workspace.toml({"linux": LINUX}, more=f"{built}{OWN}")
    (said,) = mirror(workspace)[0].warnings
    assert said == f"base--linux: lib 2.0 -> 1.0 to build app, a lower version: {MOVED}"
