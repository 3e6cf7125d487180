"""What a run recalls: bytes under a name that was locked, versions, and files that no hash vouched for."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from pypi_subset import api
from pypi_subset.errors import HashMismatch, LockError, LowerVersions
from pypi_subset.locks import lockfile, memory
from pypi_subset.model.door import read_manifest
from tests.support.programs.commands import complaints, subset
from tests.support.servers.index import Index
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror, versions
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

OLD, NEW = make_wheel("app"), make_wheel("app", files={"app.py": b"evil = 1"})


@pytest.fixture
def locked(workspace: Workspace, index: Index) -> Workspace:
    """Return a workspace in which ``app`` was mirrored; the index has other bytes under its name now."""
    index.add(OLD, make_wheel("lib"))
    workspace.write("base.txt", "app\nlib\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.projects["app"] = [NEW]
    return workspace


def test_update_stops_at_other_bytes(locked: Workspace) -> None:
    """The error names both hashes; locks, site and memory stay as they were; plan says the same."""
    before = {path: path.read_bytes() for path in locked.root.rglob("*") if path.is_file() and path.suffix != ".json"}
    for run in (lambda: mirror(locked, update=True), lambda: api.plan(locked.paths, update=True)):
        with pytest.raises(HashMismatch, match=f"sha256 {NEW.sha256} now, {OLD.sha256} then.*--forget {OLD.filename}"):
            run()
    assert {path: path.read_bytes() for path in before} == before


def test_mirror_stops_at_other_bytes(locked: Workspace) -> None:
    """A mirror that resolves again, since a line changed, stops as well."""
    locked.write("base.txt", "app>=1\nlib\n")
    with pytest.raises(HashMismatch, match="has other bytes than when it was locked"):
        mirror(locked)


def test_the_memory_outlives_the_lock(locked: Workspace, index: Index) -> None:
    """A file that left all locks is still known when it comes back; so is one of a set that went."""
    locked.write("base.txt", "lib\n")
    mirror(locked)
    assert OLD.filename not in lockfile.path_of(locked.paths.locks, "base--linux").read_text()
    locked.write("other.txt", "app\n")
    with pytest.raises(HashMismatch, match="has other bytes"):
        mirror(locked)
    index.projects["app"] = [OLD]
    mirror(locked)
    (locked.paths.requirements / "other.txt").unlink()
    mirror(locked)
    assert memory.read(locked.paths.locks)[OLD.filename] == OLD.sha256


def test_locks_of_before_are_recalled_too(locked: Workspace) -> None:
    """Where there is no list yet, since an older version locked, the locks say what is known."""
    (locked.paths.locks / memory.FILE).unlink()
    with pytest.raises(HashMismatch, match="has other bytes"):
        mirror(locked, update=True)
    locked.write("base.txt", "lib\n")
    mirror(locked)
    assert memory.read(locked.paths.locks)[OLD.filename] == OLD.sha256


def test_a_lock_that_somebody_changed_is_no_way_around(locked: Workspace) -> None:
    """Another hash in a lock than in the list stops a mirror that resolves nothing."""
    path = lockfile.path_of(locked.paths.locks, "base--linux")
    path.write_text(path.read_text().replace(OLD.sha256, NEW.sha256))
    with pytest.raises(HashMismatch, match=f"sha256 {NEW.sha256} now, {OLD.sha256} then"):
        mirror(locked)


def test_forget_accepts_other_bytes_and_says_both_hashes(locked: Workspace, index: Index) -> None:
    """The named file alone is forgotten; what is not there any more is forgotten too; an unknown name is an error."""
    with pytest.raises(LockError, match=r"no file 'app-1\.0\.whl' was locked here; did you mean"):
        mirror(locked, update=True, forget=["app-1.0.whl"])
    summary, _ = mirror(locked, update=True, forget=[OLD.filename])
    assert summary.changes[0] == f"{OLD.filename}: forgotten sha256 {OLD.sha256}; now sha256 {NEW.sha256}"
    assert memory.read(locked.paths.locks)[OLD.filename] == NEW.sha256
    assert (locked.paths.packages / OLD.filename).read_bytes() == NEW.data
    assert (locked.paths.site / "simple" / "app" / OLD.filename).read_bytes() == NEW.data
    index.projects["app"] = [OLD]
    with pytest.raises(HashMismatch, match="has other bytes"):
        mirror(locked, update=True)
    locked.write("base.txt", "lib\n")
    summary, _ = mirror(locked, update=True, forget=[OLD.filename])
    assert summary.changes[0] == f"{OLD.filename}: forgotten sha256 {NEW.sha256}; not locked now"
    assert OLD.filename not in memory.read(locked.paths.locks)


@pytest.mark.slow
def test_the_flags_of_the_command(locked: Workspace) -> None:
    """``update --forget`` prints both hashes; without it the command ends with one line."""
    done = subset("update", cwd=locked.root)
    assert (done.returncode, complaints(done).count("\n")) == (1, 1)
    assert f"--forget {OLD.filename}" in done.stderr
    done = subset("update", f"--forget={OLD.filename}", cwd=locked.root)
    assert (done.returncode, complaints(done)) == (0, "")
    assert f"forgotten sha256 {OLD.sha256}; now sha256 {NEW.sha256}" in done.stdout


@pytest.fixture
def newer(workspace: Workspace, index: Index) -> Workspace:
    """Return a workspace with ``app`` 2.0 and ``lib`` 2.0 locked."""
    for version in ("1.0", "2.0"):
        index.add(make_wheel("app", version), make_wheel("lib", version))
    workspace.write("base.txt", "app\nlib\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "2.0", "lib": "2.0"}
    return workspace


def test_a_lower_version_has_to_be_allowed(newer: Workspace, index: Index) -> None:
    """An index that brings a lower version, while the newer one is there and no line changed, is refused."""
    index.add(make_wheel("app", "3.0", requires=["lib<2"]))
    with pytest.raises(LowerVersions) as raised:
        mirror(newer, update=True)
    assert str(raised.value) == (
        "1 project would get a lower version than the lock has; find out why the newer one is passed over; to accept it, "
        "say `--allow-downgrade`\n    base--linux: lib 2.0 -> 1.0, a lower version, though no line that requires it "
        "changed and 2.0 is still offered"
    )
    assert versions(newer, "base--linux") == {"app": "2.0", "lib": "2.0"}
    forecast = api.plan(newer.paths, update=True)
    assert [one.after for one in forecast.changes] == ["3.0", "1.0"]
    assert forecast.document()["warnings"] == (
        "base--linux: lib 2.0 -> 1.0, a lower version, though 2.0 is still offered",
    )
    summary, _ = mirror(newer, update=True, allow_downgrade=True)
    assert summary.warnings == ("base--linux: lib 2.0 -> 1.0, a lower version, though 2.0 is still offered",)
    assert versions(newer, "base--linux") == {"app": "3.0", "lib": "1.0"}


@pytest.mark.parametrize("line", ["other", "lib>=1", "-c ../limits.txt"])
def test_another_line_is_no_permission(newer: Workspace, index: Index, line: str) -> None:
    """A line that was added allows a lower version of what it requires, or limits; not of anything else."""
    index.add(make_wheel("app", "3.0", requires=["lib<2"]), make_wheel("other"))
    limits = newer.root / "limits.txt"
    limits.write_text("lib<2\n")
    newer.write("base.txt", f"app\n{'' if line.startswith('lib') else 'lib'}\n{line}\n")
    if line == "other":
        with pytest.raises(LowerVersions, match="no line that requires it changed"):
            mirror(newer, update=True)
        return
    mirror(newer, update=True)
    assert versions(newer, "base--linux")["lib"] == "1.0"


def test_a_removed_line_needs_no_permission(workspace: Workspace, index: Index) -> None:
    """A line that held a project up was removed: what is left requires a lower version."""
    index.add(make_wheel("app", "1.0", requires=["lib"]), make_wheel("lib", "1.0"), make_wheel("lib", "2.0"))
    workspace.write("base.txt", "app\nlib>=2\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.add(make_wheel("app", "2.0", requires=["lib<2"]))
    workspace.write("base.txt", "app\n")
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "2.0", "lib": "1.0"}


def test_what_the_user_wrote_is_no_downgrade(newer: Workspace) -> None:
    """A line that asks for an older version needs no flag."""
    newer.write("base.txt", "app<2\nlib\n")
    assert mirror(newer)[0].warnings == ()
    assert versions(newer, "base--linux") == {"app": "1.0", "lib": "2.0"}


@pytest.mark.parametrize("way", ["gone", "yanked", "other machine"])
def test_what_is_not_offered_any_more_is_told(newer: Workspace, index: Index, way: str) -> None:
    """A newer file that was removed, yanked, or replaced by one for other machines, and dropped by the user, is said."""
    if way == "gone":
        index.projects["app"] = [make_wheel("app", "1.0")]
        words = "is not offered any more"
    elif way == "yanked":
        index.yank(make_wheel("app", "2.0"), "broken \x1b[31m")
        words = "was yanked: broken \x1b[31m"
    else:
        index.projects["app"] = [make_wheel("app", "1.0"), make_wheel("app", "2.0", tag="cp310-cp310-win_amd64")]
        words = "has no wheel for cp310-cp310-manylinux2014_x86_64"
    newer.toml({"linux": LINUX}, more='[policy]\ngone = "drop"\n')
    summary, said = mirror(newer, update=True)
    assert summary.warnings == (f"base--linux: app 2.0 -> 1.0, a lower version: 2.0 {words}",)
    assert "warning: base--linux: app 2.0 -> 1.0" in said
    assert "\x1b" not in said


def test_a_line_for_other_machines_hides_no_lower_version(newer: Workspace, index: Index) -> None:
    """The lock answers the same lines as before, and what is not offered any more is said."""
    index.projects["app"] = [make_wheel("app", "1.0")]
    newer.write("base.txt", "app\nlib\nother; sys_platform == 'win32'\n")
    summary, _ = mirror(newer)
    assert summary.warnings == ("base--linux: app 2.0 -> 1.0, a lower version: 2.0 is not offered any more",)


@pytest.mark.parametrize("denied", ["app", "core"])
def test_what_the_policy_refuses_may_take_others_along(workspace: Workspace, index: Index, denied: str) -> None:
    """What required it, and what it required, gets a lower version with it; a warning names the rule."""
    for version, bound in (("1.0", "<2"), ("2.0", ">=2")):
        index.add(make_wheel("app", version, requires=[f"lib{bound}"]), make_wheel("other", version))
        index.add(make_wheel("lib", version, requires=[f"core{bound}"]), make_wheel("core", version))
    workspace.write("base.txt", "app\nother\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    workspace.toml({"linux": LINUX}, more=f'[policy]\ndeny = ["{denied}==2.0"]\n')
    summary, _ = mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "1.0", "core": "1.0", "lib": "1.0", "other": "2.0"}
    rule = f"deny: subset.toml has '{denied}==2.0'"
    own = [
        f"is refused: {rule}" if one == denied else f"follows {denied} 2.0, which is refused: {rule}"
        for one in ("app", "core", "lib")
    ]
    assert summary.warnings == tuple(
        f"base--linux: {one} 2.0 -> 1.0, a lower version: 2.0 {why}"
        for one, why in zip(("app", "core", "lib"), own, strict=True)
    )


def test_a_refusal_excuses_no_other_project(workspace: Workspace, index: Index) -> None:
    """A project that is not required by it, and does not require it, needs the flag."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"))
    index.add(make_wheel("top", "1.0"), make_wheel("lib", "1.0"), make_wheel("lib", "2.0"))
    workspace.write("base.txt", "app\nlib\ntop\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.add(make_wheel("top", "2.0", requires=["lib<2"]))
    workspace.toml({"linux": LINUX}, more='[policy]\ndeny = ["app==2.0"]\n')
    with pytest.raises(LowerVersions) as caught:
        mirror(workspace, update=True)
    assert [line.split(",")[0] for line in caught.value.details] == ["base--linux: lib 2.0 -> 1.0"]


def test_a_hidden_file_comes_back_by_flag_alone(newer: Workspace, index: Index) -> None:
    """The rule holds for each target; a first lock has nothing to compare with."""
    newer.toml({"linux": LINUX, "windows": WINDOWS})
    index.add(make_wheel("app", "3.0", requires=["lib<2"]))
    with pytest.raises(LowerVersions, match="base--linux: lib"):
        mirror(newer, update=True)
    assert versions(newer, "base--linux")["lib"] == "2.0"


def test_files_that_no_hash_vouched_for(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are listed by the run that locks them and by each later one, in JSON too; a hash of the user's vouches."""
    with Index(hashes=False) as bare:
        bare.add(OLD, make_wheel("lib"))
        monkeypatch.setenv("PIP_INDEX_URL", bare.url)
        lib = make_wheel("lib")
        workspace.write("base.txt", "app\n")
        workspace.write("hashed.txt", f"lib --hash=sha256:{lib.sha256}\n")
        workspace.toml({"linux": LINUX})
        assert mirror(workspace)[0].unvouched == (OLD.filename,)
        assert mirror(workspace)[0].unvouched == (OLD.filename,)


def test_a_wheel_of_the_user_is_vouched_for(workspace: Workspace) -> None:
    """No index states the hash of a file in requirements/wheels, and the user needs no word about it."""
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir(parents=True)
    (folder / OLD.filename).write_bytes(OLD.data)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    assert mirror(workspace)[0].unvouched == ()


@pytest.mark.slow
def test_the_command_lists_them(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """``mirror`` prints a line, and a list in JSON."""
    with Index(hashes=False) as bare:
        bare.add(OLD)
        monkeypatch.setenv("PIP_INDEX_URL", bare.url)
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX})
        done = subset("mirror", cwd=workspace.root)
        words = "the index states no sha256 for 1 file, so the lock has that of the first download"
        assert f"{words}: {OLD.filename}; other bytes later are an error" in done.stdout
        done = subset("mirror", "--json", cwd=workspace.root)
        assert json.loads(done.stdout)["unvouched"] == [OLD.filename]


def test_a_lower_version_for_a_build_has_to_be_allowed(workspace: Workspace, index: Index) -> None:
    """The closure of a kept sdist is compared like pins: a newer neighbour is no permission, a denied one is."""
    index.add(make_buildable("leaf", build_requires=["tool", "aid"]), make_wheel("tool"), make_wheel("tool", "2.0"))
    index.add(make_wheel("aid"))
    workspace.write("base.txt", "leaf\n")
    keep = '[sdists]\nkeep = ["leaf"]\n'
    workspace.toml({"here": "host"}, more=keep)
    mirror(workspace)
    index.add(make_wheel("aid", "2.0", requires=["tool<2"]))
    with pytest.raises(
        LowerVersions, match=r"base--here: tool 2\.0 -> 1\.0 to build leaf, a lower version, though 2\.0"
    ):
        mirror(workspace, update=True)
    summary, _ = mirror(workspace, update=True, allow_downgrade=True)
    assert summary.warnings == (
        "base--here: tool 2.0 -> 1.0 to build leaf, a lower version, though 2.0 is still offered",
    )
    workspace.toml({"here": "host"}, more=f'{keep}[policy]\ndeny = ["aid>=2"]\n')
    mirror(workspace, update=True)
    workspace.toml({"here": "host"}, more=f'{keep}[policy]\ndeny = ["tool>=2"]\n')
    summary, _ = mirror(workspace, update=True)
    assert any("tool 2.0 -> 1.0 to build leaf, a lower version: 2.0 is refused: " in one for one in summary.warnings)


def test_a_wrong_size_in_a_lock(locked: Workspace) -> None:
    """The hash of a file that is here decides: the next mirror writes its size into the lock and the manifest."""
    (path,) = (locked.paths.requirements / "lock").glob("pylock.*.toml")
    before = path.read_bytes()
    path.write_bytes(re.sub(rb"(?m)^size = .*$", b"size = 10", before))
    found = api.mirror(locked.paths)
    assert [line for line in found.warnings if "wrong size" in line]
    assert path.read_bytes() == before
    assert all(one.size > 10 for one in read_manifest(locked.paths.site).files if one.path.endswith(".whl"))
