"""Looks at the index in fresh checkouts, after clean, and where an answer says nothing, with real pip."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, NotProven, PolicyError, UpstreamError
from pypi_subset.packages import gone_list
from pypi_subset.pipeline import mirror as pipeline
from pypi_subset.pipeline.clean import clean
from pypi_subset.pipeline.plan import plan
from pypi_subset.publishing.publication import release_of
from pypi_subset.publishing.release import following
from tests.support.sites.workspace import Workspace
from tests.support.stages.mirroring import LINUX, mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.intake.gone import Gone
    from tests.support.servers.index import Index

pytestmark = pytest.mark.usefixtures("configured_index")

OLD, NEW = make_wheel("acme", "1.0"), make_wheel("acme", "2.0")


@pytest.fixture
def locked(workspace: Workspace, index: Index) -> Workspace:
    """Return a mirrored subset with acme 2.0 and app 1.0."""
    index.add(OLD, NEW, make_wheel("app"))
    setting(workspace)
    mirror(workspace)
    return workspace


def setting(workspace: Workspace, more: str = "", requests: str = "acme\napp\n") -> None:
    """Write requests for one target, and *more* settings."""
    workspace.write("base.txt", requests)
    workspace.toml({"linux": LINUX}, more=more)


def vanish(index: Index) -> None:
    """Remove acme 2.0 from its page; its URL still serves the file, as that of a content network does."""
    index.projects["acme"] = [OLD]
    index.overrides[f"/files/{NEW.filename}"] = NEW.data


def publish(space: Workspace) -> None:
    """Make a release of the site as it is, proven or not."""
    release_of(space.paths.site, force=True, requirements=space.paths.requirements, packages=space.paths.packages)


def decisions(found: Sequence[Gone]) -> list[tuple[str, str, str]]:
    """Return project, state and decision of each."""
    return [(one.project, one.state, one.decision) for one in found]


def fresh(space: Workspace) -> None:
    """Leave what version control has."""
    shutil.rmtree(space.paths.packages)
    shutil.rmtree(space.paths.site)


def cleaned(space: Workspace) -> None:
    """Run clean."""
    clean(space.paths.packages, space.paths.site)


@pytest.mark.parametrize("empty", [fresh, cleaned])
@pytest.mark.parametrize("planned", [True, False])
def test_an_emptied_checkout_lifts_no_stop(locked: Workspace, index: Index, empty: object, *, planned: bool) -> None:
    """A mirror that must fetch looks first, whatever was known before; publish stops, also by force."""
    vanish(index)
    if planned:
        assert decisions(plan(locked.paths).gone) == [("acme", "gone", "refused")]
    assert callable(empty)
    empty(locked)
    result, _ = mirror(locked)
    assert (decisions(result.gone), result.resolved) == ([("acme", "gone", "refused")], 0)
    with pytest.raises(PolicyError, match="gone, refused"):
        publish(locked)


def test_a_fresh_checkout_drops_what_is_gone(locked: Workspace, index: Index) -> None:
    """``gone = "drop"`` counts there before it is said which locks hold."""
    vanish(index)
    setting(locked, '[policy]\ngone = "drop"\n')
    fresh(locked)
    result, said = mirror(locked)
    assert "acme 2.0 is gone, and dropped by the policy, resolving again" in said
    assert decisions(result.gone) == [("acme", "gone", "replaced")]
    assert versions(locked, "base--linux")["acme"] == "1.0"


def test_clean_keeps_what_is_known(locked: Workspace, index: Index) -> None:
    """Also if the index says nothing any more; without an entry, the list goes."""
    clean(locked.paths.packages, locked.paths.site)
    assert not (locked.paths.packages / gone_list.FILE).exists()
    mirror(locked)
    vanish(index)
    plan(locked.paths)
    clean(locked.paths.packages, locked.paths.site)
    index.on_request = lambda path: 403 if path == "/simple/acme/" else None
    result, _ = mirror(locked)
    assert decisions(result.gone) == [("acme", "gone", "refused")]
    assert "does not show its page of acme" in result.unknown[0]


def test_a_file_that_is_fetched_again_is_looked_for(locked: Workspace, index: Index) -> None:
    """Its page alone is read."""
    vanish(index)
    assert mirror(locked)[0].gone == ()
    (locked.paths.packages / NEW.filename).unlink()
    (locked.paths.site / "simple" / "acme" / NEW.filename).unlink()
    index.requests.clear()
    result, _ = mirror(locked)
    assert decisions(result.gone) == [("acme", "gone", "refused")]
    assert set(index.counts()) == {"/simple/acme/", f"/files/{NEW.filename}"}


def test_a_run_with_nothing_to_do_asks_nothing(locked: Workspace, index: Index) -> None:
    """The list of the last look is enough."""
    index.requests.clear()
    mirror(locked)
    assert index.requests == []


def test_a_fetched_site_was_admitted_where_it_was_published(locked: Workspace) -> None:
    """A machine that only joins proofs publishes the same manifest again without a list; another manifest is refused."""
    (locked.paths.packages / gone_list.FILE).unlink()
    own = hashlib.sha256((locked.paths.site / "manifest.json").read_bytes()).hexdigest()
    for digest, refused in (("0" * 64, True), (own, False)):
        made = following(None, b"", digest, "2026-11-29T00:00:00.000000Z")
        (locked.paths.site / "release.json").write_bytes(made)
        with pytest.raises(NotProven, match="no run here has asked") if refused else contextlib.nullcontext():
            publish(locked)


def fetched(space: Workspace) -> None:
    """Give the site the release of its publication, as `pypi-subset fetch` does."""
    own = hashlib.sha256((space.paths.site / "manifest.json").read_bytes()).hexdigest()
    made = following(None, b"", own, "2026-11-29T00:00:00.000000Z")
    (space.paths.site / "release.json").write_bytes(made)


def test_a_machine_that_mirrored_nothing_publishes_a_fetched_site(locked: Workspace) -> None:
    """Without a packages directory no look is known: only a site that was published before is published, as in a workflow."""
    shutil.rmtree(locked.paths.packages)
    with pytest.raises(NotProven, match="no run here has asked"):
        publish(locked)
    assert not locked.paths.packages.exists()
    fetched(locked)
    publish(locked)


def test_what_is_gone_stops_a_fetched_site(locked: Workspace, index: Index) -> None:
    """What a look of this checkout found counts, whatever was published before."""
    vanish(index)
    plan(locked.paths)
    fetched(locked)
    with pytest.raises(PolicyError, match="gone, refused"):
        publish(locked)


def test_publish_asks_for_a_look(locked: Workspace, index: Index) -> None:
    """Without the list, no run has asked the indexes here; the next mirror does, though all files are here."""
    publish(locked)
    (locked.paths.packages / gone_list.FILE).unlink()
    with pytest.raises(NotProven, match=r"no run here has asked; run `pypi-subset mirror`, which asks"):
        publish(locked)
    mirror(locked)
    publish(locked)
    vanish(index)
    (locked.paths.packages / gone_list.FILE).unlink()
    assert decisions(mirror(locked)[0].gone) == [("acme", "gone", "refused")]


def empty_page(index: Index) -> None:
    """Let the page of acme be one that says nothing."""
    index.overrides["/simple/acme/"] = b"<!DOCTYPE html><html><body></body></html>"


def forbidden(index: Index) -> None:
    """Let the index refuse to show the page of acme."""
    index.on_request = lambda path: 403 if path == "/simple/acme/" else None


@pytest.mark.parametrize("spoil", [empty_page, forbidden])
@pytest.mark.parametrize("requests", ["acme\napp\n", "top\napp\n"])
def test_what_is_not_known_is_not_absent(workspace: Workspace, index: Index, requests: str, spoil: object) -> None:
    """No resolution takes it for absent, also for what a request requires; the lock stays, and JSON has the reason."""
    index.style = "html"
    index.add(OLD, NEW, make_wheel("app"), make_wheel("top", "1.0"), make_wheel("top", "2.0", requires=["acme>=2"]))
    setting(workspace, requests=requests)
    mirror(workspace)
    before = versions(workspace, "base--linux")
    assert callable(spoil)
    spoil(index)
    with pytest.raises(
        UpstreamError, match=r"whether acme 2.0 of base--linux is gone is not known: .*acme.*remove"
    ) as caught:
        mirror(workspace, update=True)
    assert caught.value.documents["unknown"]
    setting(workspace, requests=f"{requests}app>=1\n")
    with pytest.raises(UpstreamError, match="is not known"):
        mirror(workspace)
    with pytest.raises(UpstreamError, match="is not known"):
        plan(workspace.paths)
    assert versions(workspace, "base--linux") == before
    setting(workspace, requests=requests)
    found = plan(workspace.paths)
    assert json.loads(json.dumps(found.document()))["unknown"] == caught.value.documents["unknown"]
    assert found.gone == ()
    # What is not requested any more need not be known.
    setting(workspace, requests="app\n")
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def another_line(space: Workspace) -> None:
    """Ask for the same in other words."""
    setting(space, requests="top>=1\n")


def an_extra(space: Workspace) -> None:
    """Ask for an extra as well."""
    setting(space, requests="top[more]\n")


def another_set(space: Workspace) -> None:
    """Add a set."""
    space.write("second.txt", "top\n")


def a_renamed_set(space: Workspace) -> None:
    """Rename the set: the lock is of no set any more."""
    (space.paths.requirements / "base.txt").rename(space.paths.requirements / "second.txt")


def another_target(space: Workspace) -> None:
    """Add a target."""
    space.toml({"linux": LINUX, "win": "cp312-win_amd64"})


@pytest.mark.parametrize("spoil", [empty_page, forbidden])
@pytest.mark.parametrize("change", [another_line, an_extra, another_set, a_renamed_set, another_target])
def test_no_resolution_takes_what_is_not_known_for_absent(
    workspace: Workspace, index: Index, spoil: object, change: object
) -> None:
    """Whatever is resolved: a page that a lock depends on, and that says nothing, stops it. No lock changes."""
    index.style = "html"
    index.add(OLD, NEW, make_wheel("top", "1.0"), make_wheel("top", "2.0", requires=["acme>=2"], extras=["more"]))
    setting(workspace, requests="top\n")
    mirror(workspace)
    before = {path.name: path.read_text() for path in workspace.paths.locks.iterdir()}
    assert callable(spoil)
    assert callable(change)
    spoil(index)
    change(workspace)
    for run in (mirror, lambda space: plan(space.paths)):
        with pytest.raises(UpstreamError, match=r"whether acme 2.0 of base--linux is gone is not known") as caught:
            run(workspace)
        assert caught.value.documents["unknown"]
        assert "pylock.base--linux.toml" in caught.value.next_step
    assert {path.name: path.read_text() for path in workspace.paths.locks.iterdir()} == before
    # The way out, and a request that does not need the page.
    setting(workspace, requests="top<2\n")
    (workspace.paths.requirements / "second.txt").unlink(missing_ok=True)
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"top": "1.0"}


def test_what_was_known_before_the_index_was_silent(locked: Workspace, index: Index) -> None:
    """A release that an earlier look found to be gone can be dropped: the error is about what takes its place."""
    vanish(index)
    plan(locked.paths)
    forbidden(index)
    setting(locked, '[policy]\ngone = "drop"\n')
    with pytest.raises(NoSolution, match="acme"):
        mirror(locked)


def laid(space: Workspace) -> Path:
    """Return a wheel in requirements/wheels, requested and locked."""
    folder = space.paths.requirements / "wheels"
    folder.mkdir(parents=True)
    path = make_wheel("mine").save(folder)
    setting(space, requests="app\nmine\n")
    mirror(space)
    return path


def own(space: Workspace) -> Path:
    """Return a wheel of a named directory, requested and locked."""
    folder = space.root / "own"
    folder.mkdir()
    path = make_wheel("mine").save(folder)
    setting(space, '[sources.own]\nwheels = "../own"\nprojects = ["mine"]\n', requests="app\nmine\n")
    mirror(space)
    return path


@pytest.mark.parametrize("place", [laid, own])
def test_a_wheel_of_the_user_that_is_not_there(locked: Workspace, place: object) -> None:
    """mirror and plan say so while it is away, and not after it came back."""
    assert callable(place)
    path = place(locked)
    data = path.read_bytes()
    path.unlink()
    for found in (plan(locked.paths).gone, mirror(locked)[0].gone, plan(locked.paths).gone):
        assert decisions(found) == [("mine", "local", "kept")]
    path.write_bytes(data)
    assert mirror(locked)[0].gone == ()
    assert gone_list.read(locked.paths.packages).files == ()


def test_a_lock_that_comes_back(locked: Workspace, index: Index) -> None:
    """A release was dropped, and version control restores the lock that has it: it is refused, as before."""
    vanish(index)
    kept = shutil.copytree(locked.paths.requirements, locked.root / "kept")
    plan(locked.paths)
    setting(locked, '[policy]\ngone = "drop"\n')
    mirror(locked)
    assert versions(locked, "base--linux")["acme"] == "1.0"
    shutil.rmtree(locked.paths.requirements)
    shutil.copytree(kept, locked.paths.requirements)
    forbidden(index)
    assert decisions(mirror(locked)[0].gone) == [("acme", "gone", "refused")]
    with pytest.raises(PolicyError, match="gone, refused: acme"):
        publish(locked)


def test_a_lock_that_comes_back_is_looked_for(locked: Workspace, index: Index) -> None:
    """Its release vanished after an update had replaced it: no look had found that."""
    kept = shutil.copytree(locked.paths.requirements, locked.root / "kept")
    index.add(make_wheel("acme", "3.0"))
    mirror(locked, update=True)
    index.projects["acme"] = [one for one in index.projects["acme"] if one is not NEW]
    shutil.rmtree(locked.paths.requirements)
    shutil.copytree(kept, locked.paths.requirements)
    with pytest.raises(NotProven, match=f"{NEW.filename} is not known"):
        publish(locked)
    assert decisions(mirror(locked)[0].gone) == [("acme", "gone", "refused")]
    with pytest.raises(PolicyError, match="gone, refused: acme"):
        publish(locked)


def test_two_subsets_share_a_packages_directory(locked: Workspace, index: Index) -> None:
    """What one knows, a run of the other does not forget; each run with nothing to do asks nothing."""
    vanish(index)
    index.add(make_wheel("six"))
    plan(locked.paths)
    other = Workspace(locked.root / "second")
    setting(other, requests="six\n")
    paths = replace(other.paths, packages=locked.paths.packages)
    pipeline.mirror(paths)
    with pytest.raises(PolicyError, match="gone, refused: acme"):
        publish(locked)
    release_of(paths.site, force=True, requirements=paths.requirements, packages=paths.packages)
    index.requests.clear()
    assert decisions(mirror(locked)[0].gone) == [("acme", "gone", "refused")]
    pipeline.mirror(paths)
    assert index.requests == []


def test_a_file_that_was_forgotten_is_another_one(locked: Workspace, index: Index) -> None:
    """After ``--forget`` nothing is said of the bytes of before."""
    again = make_wheel("acme", "2.0", files={"acme_more.py": b""})
    index.projects["acme"] = [again]
    assert decisions(plan(locked.paths).gone) == [("acme", "changed", "kept")]
    result, _ = mirror(locked, update=True, forget=[NEW.filename])
    assert decisions(result.gone) == [("acme", "changed", "replaced")]
    assert mirror(locked)[0].gone == ()
    publish(locked)
