"""Snapshots: only what is proven, each file once, and published later byte for byte."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError, HashMismatch, NotProven, PolicyError, SubsetError
from pypi_subset.publishing import publisher
from pypi_subset.snapshots import promotions
from pypi_subset.snapshots.taking import publish_snapshot, take_snapshot
from tests.support.sites.trees import facts, tree
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.states.lab import CHANNELS, MOMENT, Lab, two_states
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

APP = "simple/app/app-1.0-py3-none-any.whl"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with two snapshots."""
    return two_states(tmp_path / "lab")


def published(folder: Path) -> dict[str, bytes]:
    """Return the files of a destination but the number of its publication."""
    return {path: data for path, data in tree(folder).items() if path != "release.json"}


def test_a_snapshot_is_published_byte_for_byte(tmp_path: Path) -> None:
    """After the site and its requirements are others, the snapshot is what publish made of the site, with its proof."""
    lab = Lab(tmp_path)
    lab.build(make_wheel("app", "1.0"), make_wheel("old"))
    lab.take("one")
    publisher.publish(lab.paths, tmp_path / "then", grace=0)
    lab.build(make_wheel("app", "2.0"))
    done = publish_snapshot(lab.paths, "one", tmp_path / "now", grace=0)
    assert published(tmp_path / "now") == published(tmp_path / "then")
    assert (done.doubt, done.manifest_sha256) == (None, lab.store.read("one").manifest)
    assert [path for path in (tmp_path / "packages" / ".snapshots").iterdir() if path.name.startswith(".")] == []


def test_a_snapshot_is_no_second_copy(lab: Lab) -> None:
    """The pool has each file as a hard link of the site, and what both states have once."""
    own, pool = facts(lab.paths.site), lab.store.pool
    first, second = (lab.store.hashes(lab.store.read(name)) for name in ("one", "two"))
    wheels = [path for path in second if path.endswith(".whl")]
    assert [pool.path_of(second[path]).stat().st_ino for path in wheels] == [own[path][0] for path in wheels]
    held = {path.name for path in (lab.store.folder / "pool").rglob("*") if path.is_file()}
    assert held == {*first.values(), *second.values()}
    assert {*first.values()} & {*second.values()}


def test_the_same_site_again_is_the_same_snapshot(lab: Lab) -> None:
    """A second call with its name changes nothing; with another site it is an error, with the way out."""
    before = tree(lab.store.folder)
    assert not take_snapshot(lab.paths, "two", now=MOMENT.format(9)).is_new
    assert tree(lab.store.folder) == before
    with pytest.raises(SubsetError, match="the snapshot one is of another site") as caught:
        lab.take("one")
    assert "snapshots --remove one" in caught.value.next_step


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "A", "-x", "site", "con", "nul.2026", "x" * 61, "a\n", ".a"])
def test_names_are_checked(lab: Lab, name: str) -> None:
    """No name leads to another directory, is an option, or is a file that some system cannot have."""
    before = tree(lab.root)
    with pytest.raises(SubsetError, match=r"a snapshot cannot be called|the snapshot has no name"):
        lab.take(name)
    with pytest.raises(SubsetError):
        publish_snapshot(lab.paths, name, lab.root / "public")
    assert tree(lab.root) == before


def test_no_snapshot_has_the_name_of_a_channel(lab: Lab) -> None:
    """`promote --from prod` has one meaning."""
    with pytest.raises(SubsetError, match="'prod' is the name of a channel"):
        lab.take("prod")


def test_an_unproven_site_needs_force(tmp_path: Path) -> None:
    """Its snapshot says so, and so does publish, which needs force as well."""
    lab = Lab(tmp_path)
    lab.build(make_wheel("app"), prove=False)
    with pytest.raises(NotProven, match="nothing is proven yet"):
        lab.take("one")
    assert lab.store.names() == []
    snapshot = lab.take("one", force=True)
    assert (snapshot.proven, snapshot.doubt) == (False, "nothing is proven yet")
    with pytest.raises(NotProven, match="the snapshot one is not proven"):
        publish_snapshot(lab.paths, "one", tmp_path / "public", grace=0)
    done = publish_snapshot(lab.paths, "one", tmp_path / "public", grace=0, force=True)
    assert done.doubt is not None
    assert json.loads((tmp_path / "public" / "manifest.json").read_bytes())["unproven"] is True
    lab.prove()
    with pytest.raises(SubsetError, match="is of this site before it was proven"):
        lab.take("one")


def test_no_force_keeps_other_bytes(tmp_path: Path) -> None:
    """A page that is not what the manifest says could not be published later."""
    lab = Lab(tmp_path)
    lab.build(make_wheel("app"), prove=False)
    (lab.paths.site / "simple" / "index.html").write_text("other")
    with pytest.raises(HashMismatch, match="other bytes than the manifest says"):
        lab.take("one", force=True)
    (lab.paths.site / "simple" / "index.html").unlink()
    with pytest.raises(FolderError, match="no plain file"):
        lab.take("one", force=True)
    assert lab.store.names() == []


def test_a_changed_file_of_the_pool_is_not_published(lab: Lab) -> None:
    """The destination stays as it was; so it does if the pool has lost a file."""
    wheel = lab.store.pool.path_of(lab.store.hashes(lab.store.read("one"))[APP])
    data = wheel.read_bytes()
    wheel.unlink()
    with pytest.raises(FolderError, match="a snapshot needs this file, and it is gone"):
        publish_snapshot(lab.paths, "one", lab.root / "public", grace=0)
    wheel.write_bytes(bytes(len(data)))
    with pytest.raises(NotProven, match=f"the snapshot one is not proven: {APP}: this has other bytes"):
        publish_snapshot(lab.paths, "one", lab.root / "public", grace=0)
    assert not (lab.root / "public").exists()


def test_the_proof_must_still_hold(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another key, as of another user, the report proves nothing; a newer tool changes nothing."""
    monkeypatch.setattr("pypi_subset.proof.evidence.settings.__version__", "9.9")
    assert publish_snapshot(lab.paths, "one", lab.root / "public", grace=0).doubt is None
    monkeypatch.setenv("PYPI_SUBSET_KEY_FILE", os.fspath(lab.root / "other-key"))
    with pytest.raises(NotProven, match="the snapshot one is not proven"):
        publish_snapshot(lab.paths, "one", lab.root / "public", grace=0)


def test_the_policy_of_today_judges_the_locks_of_the_snapshot(
    workspace: Workspace, configured_index: Index, tmp_path: Path
) -> None:
    """A release that a new rule refuses stops publish, though no lock of today has it; so it does a promotion."""
    configured_index.add(make_wheel("app", "1.0"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX}, more=CHANNELS)
    mirror(workspace)
    lab = Lab(workspace.root)
    lab.prove()
    lab.take("one")
    configured_index.add(make_wheel("app", "2.0"))
    mirror(workspace, update=True)
    lab.prove()
    lab.take("two")
    assert publish_snapshot(lab.paths, "one", tmp_path / "public", grace=0).doubt is None
    for name in ("one", "two"):
        lab.promote(name, "prod")
    workspace.toml({"linux": LINUX}, more=f'{CHANNELS}[policy]\ndeny = ["app<2"]\n')
    for publish in (
        lambda: publish_snapshot(lab.paths, "one", tmp_path / "other", grace=0, force=True),
        lambda: lab.promote("one", "test"),
        # A rename asks as well.
        lambda: lab.promote("one", "prod"),
    ):
        with pytest.raises(PolicyError, match="the policy refuses 1 release"):
            publish()
    assert not (tmp_path / "other").exists()
    assert not lab.channel("test").exists()
    assert promotions.read(lab.paths.packages).of("prod")[-1].snapshot == "two"


def test_what_is_gone_since_needs_a_decision(lab: Lab) -> None:
    """The policy of today judges a snapshot: a file that its index does not offer any more stops publish."""
    path = lab.paths.packages / ".gone.json"
    known = json.loads(path.read_bytes())
    gone = {
        "project": "app",
        "version": "1.0",
        "filename": APP.rpartition("/")[2],
        "state": "gone",
        "since": "2026-11-20",
    }
    known["files"] = [{**gone, "what": "app 1.0 is not offered any more", "sha256": ""}]
    path.write_text(json.dumps(known))
    with pytest.raises(PolicyError):
        publish_snapshot(lab.paths, "one", lab.root / "public", grace=0)
