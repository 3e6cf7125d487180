"""The lock, requirements and constraints files that a site publishes."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.pylock import Pylock

from pypi_subset.locks.exports import published
from tests.support.programs.installers import install
from tests.support.stages.values import WINDOWS as DESK
from tests.support.stages.values import artifacts_of, lock_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.pip.pool import Pips
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, mirror
from tests.support.stages.values import LINUX as SERVER

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


VERSIONS = ("1.0", "1.0+cpu", "1.0+cu128")


def lines_of(folder: Path, version: str) -> dict[str, bytes]:
    """Return what is published of two locks: one has torch in *version*, the other in another variant of it."""
    wheels = [make_wheel("torch", one, requires=["lib"]) for one in VERSIONS]
    lib = make_wheel("lib")
    *found, needed = artifacts_of([*wheels, lib], folder)
    own = next(one for one in found if str(one.distribution.version) == version)
    other = next(one for one in found if one is not own)
    one, two = plan_of(["torch"], [SERVER, DESK]).jobs
    locks = lock_of(one, [own, needed], [*wheels, lib]), lock_of(two, [other, needed], [*wheels, lib])
    return published(locks, {"linux": SERVER, "windows": DESK})


def test_a_project_with_variants_is_pinned_with_its_local_part(tmp_path: Path) -> None:
    """``===`` in constraints and requirements; a project without variants has ``==``."""
    found = lines_of(tmp_path, "1.0")
    constraints = found["locks/base--linux.constraints.txt"].decode().splitlines()[1:]
    assert constraints == ["# torch: in the index targets/linux/simple/ alone", "lib==1.0", "torch===1.0"]
    assert b"\ntorch===1.0+cpu\n" in found["locks/base--windows.constraints.txt"]
    assert b"\ntorch===1.0 --hash=sha256:" in found["locks/base--linux.requirements.txt"]


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pip install --no-index", "uv pip install --no-index"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["-c {}.constraints.txt torch", "--require-hashes -r {}.requirements.txt"])
def test_clients_obey_the_pin_where_all_variants_are(
    tmp_path: Path, own_pips: Pips, tool: str, version: str, kind: str
) -> None:
    """Among all three variants, pip and uv take the locked one."""
    found = lines_of(tmp_path / "wheels", version)
    for name, data in found.items():
        (tmp_path / name.rpartition("/")[2]).write_bytes(data)
    lines = kind.format(tmp_path / "base--linux")
    code, said, into = install(own_pips, f"{tool} --find-links {tmp_path / 'wheels'} {lines}", tmp_path / "run")
    assert code == 0, said
    assert [path.name for path in into.glob("torch-*")] == [f"torch-{version}.dist-info"]
