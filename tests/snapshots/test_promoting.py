"""Promotion: proven snapshots alone, from the pool alone; rollback by a rename; who, when and why."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError, NotProven, SubsetError
from pypi_subset.model.paths import MANIFEST
from pypi_subset.proof.evidence.key import VARIABLE
from pypi_subset.publishing import publisher
from pypi_subset.publishing.release import read_release
from pypi_subset.snapshots import promotions
from pypi_subset.snapshots.promoting import promote
from pypi_subset.snapshots.taking import publish_snapshot
from tests.support.sites.places import rsync_shell
from tests.support.sites.trees import facts, tree
from tests.support.states.lab import MOMENT, Lab, two_states
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

OLD = "simple/old/old-1.0-py3-none-any.whl"
NEW = "simple/new/new-1.0-py3-none-any.whl"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with two snapshots; no channel has one."""
    return two_states(tmp_path / "lab")


def site_in(folder: Path) -> dict[str, bytes]:
    """Return the files of a channel but the number of its publication."""
    return {path: data for path, data in tree(folder).items() if path != "release.json"}


def test_a_channel_has_what_publish_makes_of_the_snapshot(lab: Lab) -> None:
    """First from a snapshot, then from channel to channel, byte for byte."""
    publish_snapshot(lab.paths, "one", lab.root / "public", grace=0)
    lab.promote("one", "test")
    done = lab.promote("test", "prod", why="tested by us")
    assert site_in(lab.channel("prod")) == site_in(lab.channel("test")) == site_in(lab.root / "public")
    assert (done.is_new, done.promotion.how, done.promotion.snapshot) == (True, "published", "one")


def test_the_record_says_who_when_and_why(lab: Lab) -> None:
    """Each entry has manifest, from, to, who, when and why, and what the channel had before."""
    lab.promote("one", "prod")
    lab.promote("two", "prod", why="pandas 3")
    first, second = json.loads((lab.store.folder / "promotions.json").read_bytes())["promotions"]
    one, two = (lab.store.read(name).manifest for name in ("one", "two"))
    assert (first["manifest"], first["previous"], first["why"]) == (one, "", "")
    assert second == {
        "channel": "prod",
        "to": str(lab.channel("prod")),
        "from": "two",
        "snapshot": "two",
        "manifest": two,
        "previous": one,
        "serial": 2,
        "how": "published",
        "by": "ada",
        "when": MOMENT.format(28),
        "why": "pandas 3",
    }


def test_a_rollback_is_a_rename(lab: Lab) -> None:
    """The earlier state is live again with each of its inodes, under a higher number; and forward again."""
    lab.promote("one", "prod")
    before, inodes = site_in(lab.channel("prod")), facts(lab.channel("prod"))
    lab.promote("two", "prod")
    after = site_in(lab.channel("prod"))
    done = lab.promote("one", "prod", why="pandas 3 is slow")
    assert (done.promotion.how, done.promotion.serial) == ("renamed", 3)
    assert site_in(lab.channel("prod")) == before
    now = facts(lab.channel("prod"))
    assert {path for path, fact in now.items() if fact != inodes[path]} == {"release.json"}
    release = read_release(lab.channel("prod"))
    assert release is not None
    assert (release.serial, release.manifest_sha256) == (3, lab.store.read("one").manifest)
    assert lab.promote("two", "prod").promotion.how == "renamed"
    assert site_in(lab.channel("prod")) == after


def test_a_reader_never_misses_the_channel(lab: Lab) -> None:
    """While a channel goes back and forth, each look finds a manifest of one of the two states."""
    lab.promote("one", "prod")
    lab.promote("two", "prod")
    known, seen, stop = {lab.store.read(name).manifest for name in ("one", "two")}, set(), threading.Event()
    path = lab.channel("prod") / MANIFEST
    sizes = {lab.store.pool.path_of(digest).stat().st_size for digest in known}

    def look() -> None:
        while not stop.is_set():
            seen.add(path.stat().st_size)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for name in ("one", "two", "one"):
            lab.promote(name, "prod")
    finally:
        stop.set()
        reader.join()
    assert seen <= sizes


def test_a_client_of_the_old_pages_gets_its_files(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a rollback, the files that the newer pages named stay for the time of grace; then they are gone."""
    lab.promote("one", "prod")
    lab.promote("two", "prod")
    there: list[bool] = []
    monkeypatch.setattr("time.sleep", lambda _: there.append((lab.channel("prod") / NEW).is_file()))
    lab.promote("one", "prod", grace=7)
    assert there == [True]
    assert not (lab.channel("prod") / "simple" / "new").exists()
    assert (lab.channel("prod") / OLD).is_file()
    assert lab.promote("two", "prod").promotion.how == "renamed"
    assert (lab.channel("prod") / NEW).is_file()


def test_the_same_again_changes_nothing(lab: Lab) -> None:
    """The channel and the record stay as they are."""
    lab.promote("one", "prod")
    before = facts(lab.channel("prod")), tree(lab.store.folder)
    assert not lab.promote("one", "prod").is_new
    assert (facts(lab.channel("prod")), tree(lab.store.folder)) == before


def test_only_what_is_proven_is_promoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a forced snapshot nor one whose report another user made; a kept state changes nothing about that."""
    lab = Lab(tmp_path)
    lab.build(make_wheel("app"), prove=False)
    lab.take("forced", force=True)
    with pytest.raises(NotProven, match="the snapshot forced is not proven: nothing is proven yet"):
        lab.promote("forced", "prod")
    lab.prove()
    lab.take("good")
    lab.promote("good", "prod")
    lab.build(make_wheel("app", "2.0"))
    lab.take("better")
    lab.promote("better", "prod")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "other"))
    with pytest.raises(NotProven, match="the snapshot good is not proven"):
        lab.promote("good", "prod")
    assert [one.snapshot for one in promotions.read(lab.paths.packages).promotions] == ["good", "better"]


def test_a_proof_for_other_requirements_is_none(tmp_path: Path) -> None:
    """A green report that the requirements of the day did not match needs force, and no channel takes that snapshot."""
    lab = Lab(tmp_path)
    lab.build(make_wheel("app"))
    with (lab.paths.requirements / "subset.toml").open("a") as settings:
        settings.write("[proof]\nstrict_imports = true\n")
    with pytest.raises(NotProven, match="other requirements than those here"):
        lab.take("one")
    assert lab.take("one", force=True).report
    with pytest.raises(NotProven, match="the snapshot one is not proven: the report was made with other requirements"):
        lab.promote("one", "prod")


def test_the_files_come_from_the_snapshot(lab: Lab) -> None:
    """What was changed in the channel that is named does not reach the other one."""
    lab.promote("one", "test")
    clean = site_in(lab.channel("test"))
    (lab.channel("test") / OLD).write_bytes(b"other")
    lab.promote("test", "prod")
    assert site_in(lab.channel("prod")) == clean


def test_a_channel_with_another_site_is_refused(lab: Lab) -> None:
    """What was published there without a snapshot is named by its hash; an empty channel has none."""
    lab.build(make_wheel("app", "3.0"))
    publisher.publish(lab.paths, lab.channel("test"), grace=0)
    with pytest.raises(SubsetError, match="no snapshot is of it"):
        lab.promote("test", "prod")
    with pytest.raises(SubsetError, match="the channel prod has no site"):
        lab.promote("prod", "test")
    assert not lab.channel("prod").exists()


def test_a_directory_of_a_user_stays(lab: Lab) -> None:
    """A directory with other files is neither renamed nor written to."""
    lab.promote("one", "prod")
    lab.promote("two", "prod")
    (lab.channel("prod") / "thesis.doc").write_text("mine")
    before = tree(lab.root / "www")
    with pytest.raises(FolderError, match=r"publish did not put thesis\.doc there"):
        lab.promote("one", "prod")
    assert tree(lab.root / "www") == before


def test_three_earlier_states_stay(lab: Lab) -> None:
    """Of five states the last three before the live one are kept; an older one is published again."""
    for number in range(3):
        lab.build(make_wheel("app", f"3.{number}"))
        lab.take(f"more{number}")
    for name in ("one", "two", "more0", "more1", "more2"):
        lab.promote(name, "prod")
    kept = {path.name for path in (lab.root / "www" / ".prod.states").iterdir()}
    assert kept == {lab.store.read(name).manifest for name in ("two", "more0", "more1")}
    assert lab.promote("one", "prod").promotion.how == "published"
    assert lab.promote("more2", "prod").promotion.how == "renamed"


def test_a_remote_channel_is_published(lab: Lab, tmp_path: Path) -> None:
    """A channel that rsync reaches gets each state file by file; a rollback too."""
    with rsync_shell(tmp_path / "far") as place:
        lab.build(make_wheel("app", "3.0"), more=f'\n[channels]\nfar = "{place.to}"\ntest = "../www/test"\n')
        assert lab.promote("one", "far").promotion.how == "published"
        lab.promote("two", "far")
        assert lab.promote("far", "test").promotion.snapshot == "two"
        assert lab.promote("one", "far").promotion.how == "published"
        lab.promote("one", "test")
        assert site_in(place.folder) == site_in(lab.channel("test"))


@pytest.mark.parametrize(
    ("by", "why", "said"),
    [
        ("", "", "promote does not know who you are"),
        ("a\nb", "", "--by takes one line"),
        ("ada", "a\x1b[2J", "--why takes one line"),
        ("ada", "x" * 2001, "--why takes one line"),
    ],
)
def test_who_and_why_are_lines(lab: Lab, by: str, why: str, said: str) -> None:
    """The record is shown on terminals."""
    with pytest.raises(SubsetError, match=said):
        promote(lab.paths, "one", "prod", by=by, why=why, now=MOMENT.format(1))
    assert not lab.channel("prod").exists()


def test_names_that_are_none(lab: Lab) -> None:
    """A channel that is not configured and a snapshot that is not there are errors with the known ones."""
    with pytest.raises(SubsetError, match="there is no channel 'pro'") as caught:
        lab.promote("one", "pro")
    assert "did you mean 'prod'?" in caught.value.next_step
    with pytest.raises(SubsetError, match="there is no snapshot 'three'") as caught:
        lab.promote("three", "prod")
    assert "one, two" in caught.value.next_step
