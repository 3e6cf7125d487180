"""The files that locks name: as a reading of the locks has them, and read once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.locks import lockfile
from pypi_subset.publishing import locked
from pypi_subset.publishing.locked import FILE, Named, named_by, named_in
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.locks import Lock
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


@pytest.fixture
def space(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return a workspace with a lock for each of two targets."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    workspace.write("base.txt", "app\n")
    mirror(workspace)
    return workspace


def named(space: Workspace) -> set[Named]:
    """Return what the locks of *space* name."""
    paths = space.paths
    return {*named_by(read_subset(paths.requirements), paths.locks, paths.packages)}


def test_each_file_of_each_lock(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, hash, project, version and target; the second time no lock is read."""
    whole = {*named_in(lockfile.read(path) for path in space.paths.locks.glob("pylock.*.toml"))}
    app = make_wheel("app", requires=["lib"])
    (found,) = (one for one in whole if (one.project, one.target) == ("app", "linux"))
    assert (found.filename, found.sha256, found.is_remote, found.version) == (app.filename, app.sha256, True, "1.0")
    assert len(whole) == 4
    assert named(space) == whole
    monkeypatch.setattr(lockfile, "decode", None)
    assert named(space) == whole


def test_a_lock_that_changed_is_read(space: Workspace, index: Index) -> None:
    """What was remembered counts for these bytes of a lock alone, and goes with them."""
    before = named(space)
    index.add(make_wheel("lib", "2.0"))
    mirror(space, update=True)
    assert {(one.project, one.version) for one in named(space)} == {("app", "1.0"), ("lib", "2.0")}
    assert named(space) != before
    assert len(json.loads((space.paths.packages / FILE).read_bytes())["locks"]) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"form": 0, "locks": {}}', '{"locks": {"a": [1]}}'])
def test_a_damaged_memory_is_none(space: Workspace, text: str) -> None:
    """The locks are read again."""
    whole = named(space)
    (space.paths.packages / FILE).write_text(text)
    assert named(space) == whole


def test_a_lock_that_cannot_be_read_names_nothing(space: Workspace) -> None:
    """As for publish, if no rule judges it."""
    lockfile.path_of(space.paths.locks, "base--linux").write_text("damaged")
    assert {one.target for one in named(space)} == {"windows"}


def test_what_is_remembered_has_a_form(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version that remembers something else reads the locks again."""
    whole = named(space)
    monkeypatch.setattr(locked, "_FORM", 99)
    monkeypatch.setattr(lockfile, "decode", None)
    with pytest.raises(TypeError):
        named(space)
    assert whole


def test_of_a_changed_lock_the_new_packages_are_read(
    space: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is named is that of a reading of the whole; a package that stands there as before is not parsed again."""
    named(space)
    index.add(make_wheel("lib", "2.0"))
    mirror(space, update=True)
    whole = {*named_in(lockfile.read(path) for path in space.paths.locks.glob("pylock.*.toml"))}
    read, decode = list[str](), lockfile.decode

    def counted(data: bytes, path: Path) -> Lock:
        lock = decode(data, path)
        read.extend(pin.distribution.project for pin in lock.pins)
        return lock

    monkeypatch.setattr(lockfile, "decode", counted)
    assert named(space) == whole
    assert read == ["lib", "lib"]


def test_a_changed_lock_without_a_new_package(space: Workspace) -> None:
    """A package less, or another table of the lock: the rest is named."""
    whole = named(space)
    path = lockfile.path_of(space.paths.locks, "base--linux")
    head, app, lib = path.read_text().split("\n[[packages]]\n")
    path.write_text(f"{head}\n[[packages]]\n{lib}")
    assert named(space) == {one for one in whole if (one.project, one.target) != ("app", "linux")}
    path.write_text("\n[[packages]]\n".join([head, app, lib.replace("schema = 1", "schema = 2")]))
    assert {one.target for one in named(space)} == {"windows"}


def test_a_package_counts_for_its_target_alone(space: Workspace) -> None:
    """The same text in the lock of another target names a file of that target."""
    linux, windows = (lockfile.path_of(space.paths.locks, f"base--{name}") for name in ("linux", "windows"))
    whole, text = named(space), windows.read_text()
    assert linux.read_text().split("\n[[packages]]\n")[1] == text.split("\n[[packages]]\n")[1]
    windows.unlink()
    (space.paths.packages / FILE).unlink()
    assert {one.target for one in named(space)} == {"linux"}
    windows.write_text(text)
    assert named(space) == whole


def test_a_lock_whose_text_does_not_show_its_packages_is_read_whole(space: Workspace) -> None:
    """TOML has more than one way to write a list of tables."""
    whole = named(space)
    path = lockfile.path_of(space.paths.locks, "base--linux")
    path.write_text(path.read_text().replace("[[packages]]", "[[ packages ]]"))
    assert named(space) == whole
    text = path.read_text()
    path.write_text(text.replace("[[ packages ]]", "[[packages]]", 1))
    assert named(space) == whole
