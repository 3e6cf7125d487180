"""The earlier states of a channel: kept as hard links, put back whole, and mended after a crash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.snapshots.channels import States, channel_of, require_channel
from pypi_subset.support import staging
from tests.support.sites.places import rsync_shell
from tests.support.sites.trees import tree
from tests.support.states.lab import Lab, two_states
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab whose channel prod has the second state, and the first beside it."""
    made = two_states(tmp_path / "lab")
    made.promote("one", "prod")
    made.promote("two", "prod")
    return made


def digest(lab: Lab, name: str) -> str:
    """Return the SHA-256 of the manifest of a snapshot."""
    return lab.store.read(name).manifest


def kept(lab: Lab) -> Path:
    """Return the directory of the earlier states."""
    return lab.root / "www" / ".prod.states"


def test_a_path_is_relative_to_the_settings(lab: Lab) -> None:
    """A channel of this machine has a directory; what is published there is read from it."""
    root = lab.paths.requirements
    found = require_channel(root, "prod")
    assert found.folder is not None
    assert found.folder.samefile(lab.channel("prod"))
    assert hashlib.sha256(found.manifest()).hexdigest() == digest(lab, "two")
    assert require_channel(root, "test").manifest() == b""
    assert channel_of(root, "one") is None


def test_a_remote_channel_is_read_by_rsync(lab: Lab, tmp_path: Path) -> None:
    """It has no directory here."""
    with rsync_shell(tmp_path / "far") as place:
        lab.build(make_wheel("app"), more=f'\n[channels]\nfar = "{place.to}"\n', prove=False)
        found = require_channel(lab.paths.requirements, "far")
        assert (found.folder, found.manifest()) == (None, b"")
        place.folder.mkdir()
        (place.folder / "manifest.json").write_text("here")
        assert found.manifest() == b"here"


def test_a_state_that_lost_a_file_is_not_put_back(lab: Lab) -> None:
    """A file that is missing or has another size is noticed; the snapshot is published in its place."""
    states, manifest = States(lab.channel("prod")), lab.store.manifest_of(lab.store.read("one"))
    assert states.has(digest(lab, "one"), manifest)
    wheel = kept(lab) / digest(lab, "one") / manifest.files[0].path
    wheel.unlink()
    assert not states.has(digest(lab, "one"), manifest)
    wheel.write_bytes(b"short")
    assert not states.has(digest(lab, "one"), manifest)
    assert lab.promote("one", "prod").promotion.how == "published"


def test_publishing_in_place_leaves_kept_states_alone(lab: Lab) -> None:
    """They share inodes with the live state, and publish writes no file in place."""
    before = tree(kept(lab) / digest(lab, "one"))
    lab.build(make_wheel("app", "3.0"))
    lab.take("three")
    lab.promote("three", "prod")
    assert tree(kept(lab) / digest(lab, "one")) == before


def test_a_run_that_was_killed_between_two_renames(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The live state is whole, and the one beside it gets the name of its own manifest."""
    swap = staging.swap

    def swap_and_die(other: Path, live: Path) -> None:
        swap(other, live)
        raise KeyboardInterrupt

    monkeypatch.setattr(staging, "swap", swap_and_die)
    with pytest.raises(KeyboardInterrupt):
        lab.promote("one", "prod")
    monkeypatch.setattr(staging, "swap", swap)
    (kept(lab) / ".x.1.stage").mkdir()
    states = States(lab.channel("prod"))
    assert states.digest() == digest(lab, "one")
    assert states.has(digest(lab, "two"), lab.store.manifest_of(lab.store.read("two")))
    assert [path.name for path in kept(lab).iterdir()] == [digest(lab, "two")]
    assert lab.promote("two", "prod").promotion.serial == 4


def test_a_stopped_publication_is_no_state(lab: Lab) -> None:
    """With the mark of a stopped publish, nothing whole is live: the next promotion publishes."""
    (lab.channel("prod") / ".publishing").write_bytes(
        b"Being published, or stopped on the way: the next `pypi-subset publish` goes on from here and removes this.\n"
    )
    assert States(lab.channel("prod")).digest() == ""
    assert lab.promote("one", "prod").promotion.how == "published"
    assert not (lab.channel("prod") / ".publishing").exists()


def test_only_the_named_states_stay(lab: Lab) -> None:
    """forget removes the others."""
    states = States(lab.channel("prod"))
    states.keep(digest(lab, "two"))
    states.forget(but=[digest(lab, "two")])
    assert [path.name for path in kept(lab).iterdir()] == [digest(lab, "two")]
    assert tree(kept(lab) / digest(lab, "two")) == tree(lab.channel("prod"))
