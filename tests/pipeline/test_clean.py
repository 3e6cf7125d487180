"""Emptying ``packages/`` and ``site/``: everything of ours goes, nothing of the user's."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset import api
from pypi_subset.bundle import ledger
from pypi_subset.errors import FolderError, LockError, SubsetError
from pypi_subset.locks import lockfile
from pypi_subset.pipeline.clean import WORKING, clean, prune
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.requirements.subset import read_subset
from pypi_subset.snapshots.listing import remove_snapshots
from pypi_subset.snapshots.pool import Pool
from pypi_subset.snapshots.taking import take_snapshot
from pypi_subset.support.machine import holding
from tests.support.programs.commands import subset
from tests.support.sites.published import proven
from tests.support.sites.trees import tree
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.states.lab import two_states
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


@pytest.mark.slow
def test_everything_that_runs_leave_is_removed(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a mirror and with each name that a run may leave, only READMEs remain, and locks stay."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    api.mirror(workspace.paths)
    packages, site = workspace.paths.packages, workspace.paths.site
    for name in (*WORKING, ".demo.whl.1.part", ".work.1.stage"):
        (packages / name).exists() or (packages / name).write_bytes(b"")
    here = [
        [one for one in folder.rglob("*") if one.is_file() and one.name not in {"README.md", holding.RUNNING}]
        for folder in (packages, site)
    ]
    sizes = [sum(path.stat().st_size for path in paths) for paths in here]
    found = clean(packages, site).directories
    assert [path.name for folder in (packages, site) for path in folder.iterdir()] == ["README.md"] * 2
    assert [(one.path, one.files) for one in found] == [
        (str(folder), len(paths)) for folder, paths in zip((packages, site), here, strict=True)
    ]
    # The wheel of the site is a hard link.
    wheel = len(make_wheel("demo").data)
    assert [one.bytes for one in found] == [sizes[0], sizes[1] - wheel]
    assert [*workspace.paths.locks.iterdir()]


def test_the_page_of_an_import_goes_with_its_site(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mirror replaces a site that was imported, and clean removes it: the page in it is no file of the user's."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    api.mirror(workspace.paths)
    page = workspace.paths.site / "release.html"
    page.write_text("imported")
    api.mirror(workspace.paths)
    assert not page.exists()
    page.write_text("imported")
    clean(workspace.paths.packages, workspace.paths.site)
    assert not page.exists()


@pytest.mark.slow
def test_clean_leaves_a_folder_of_strangers_alone(tmp_path: Path) -> None:
    """If either directory holds anything that mirror did not make, nothing is removed from both."""
    for number, strange in enumerate(("site/thesis.doc", "site/index.html", "packages/backup.tar.gz")):
        folder = tmp_path / str(number)
        for name in ("packages/demo-1.0-py3-none-any.whl", strange):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"")
        done = subset("clean", cwd=folder)
        assert done.returncode == 2
        assert Path(strange).name in done.stderr
        assert (folder / strange).exists()
        assert (folder / "packages/demo-1.0-py3-none-any.whl").exists()


def test_clean_removes_what_earlier_releases_kept(tmp_path: Path) -> None:
    """The second site of an earlier release, and what a killed run left of it, are mirror's own."""
    for name in (".last-site/simple/demo", ".last-site.99999.gone.stage/simple", "demo-1.0-py3-none-any.whl"):
        (tmp_path / "packages" / name).mkdir(parents=True)
    done = subset("clean", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [*(tmp_path / "packages").iterdir()] == []


def test_clean_keeps_the_ledger_of_bundles(tmp_path: Path) -> None:
    """What was carried over a gap is known afterwards: else the next release there would have the number 1 again."""
    packages = tmp_path / "packages"
    ledger.keep(packages, ledger.Ledger())
    make_wheel("demo").save(packages)
    before = {path: data for path, data in tree(packages).items() if path.startswith(ledger.SENT)}
    clean(packages, tmp_path / "site")
    assert tree(packages) == before != {}


def test_clean_keeps_snapshots(tmp_path: Path) -> None:
    """A state that can be put back is not lost with what mirror can fetch again."""
    lab = two_states(tmp_path)
    make_wheel("demo").save(lab.paths.packages)
    before = tree(lab.store.folder)
    clean(lab.paths.packages, lab.paths.site)
    assert tree(lab.store.folder) == before != {}
    assert not (lab.paths.packages / make_wheel("demo").filename).exists()


def test_clean_waits_for_nobody(tmp_path: Path) -> None:
    """While a mirror works in the directory, clean refuses."""
    with holding.exclusive(tmp_path / "packages"):
        done = subset("clean", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "another run" in done.stderr


class TestPrune:
    """Files that no lock needs."""

    @pytest.fixture
    def mirrored(self, workspace: Workspace, configured_index: Index) -> Workspace:
        """Return a subset whose packages directory has an older release of its project, and other leavings."""
        configured_index.add(make_wheel("app", "1.0"))
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
        configured_index.add(make_wheel("app", "2.0"))
        mirror(workspace, update=True)
        for folder in (".rejected", ".fetched/key"):
            (workspace.paths.packages / folder).mkdir(parents=True)
            (workspace.paths.packages / folder / "lib-1.0-py3-none-any.whl").write_bytes(b"four")
        return workspace

    def test_nothing_is_removed_until_it_is_asked_for(self, mirrored: Workspace) -> None:
        """The list has each file with its size and why it is there; all of them stay."""
        before = tree(mirrored.root)
        found = prune(mirrored.paths, remove=False)
        assert tree(mirrored.root) == before
        assert [(one.path, one.why) for one in found.files] == [
            (".fetched/key/lib-1.0-py3-none-any.whl", "fetched by a run that failed"),
            (".rejected/lib-1.0-py3-none-any.whl", "set aside: its hash was wrong"),
            ("app-1.0-py3-none-any.whl", "no lock names it"),
        ]
        assert (found.kept, found.removed) == (1, False)
        assert found.bytes == 8 + (mirrored.paths.packages / "app-1.0-py3-none-any.whl").stat().st_size

    def test_what_a_lock_names_stays(self, mirrored: Workspace) -> None:
        """After it, a mirror has nothing to do, and there is nothing left to remove; the site is as it was."""
        site = tree(mirrored.paths.site)
        assert prune(mirrored.paths, remove=True).removed
        assert (mirrored.paths.packages / "app-2.0-py3-none-any.whl").is_file()
        assert tree(mirrored.paths.site) == site
        assert prune(mirrored.paths, remove=True).files == ()
        assert mirror(mirrored)[0].fetched == 0

    def test_the_lock_of_a_target_that_left_counts(self, mirrored: Workspace) -> None:
        """Until the next mirror removes that lock, its files stay."""
        lock = mirrored.paths.locks / "pylock.base--linux.toml"
        (mirrored.paths.locks / "pylock.base--other.toml").write_text(
            lock.read_text(encoding="utf-8").replace("app-2.0", "app-1.0").replace('"2.0"', '"1.0"'), encoding="utf-8"
        )
        assert "app-1.0-py3-none-any.whl" not in [one.path for one in prune(mirrored.paths, remove=False).files]

    def test_a_lock_that_cannot_be_read(self, mirrored: Workspace) -> None:
        """It may name any file: nothing is removed."""
        (mirrored.paths.locks / "pylock.base--linux.toml").write_text("lock-version = ", encoding="utf-8")
        before = tree(mirrored.root)
        with pytest.raises(LockError):
            prune(mirrored.paths, remove=True)
        assert tree(mirrored.root) == before

    def test_without_any_lock(self, mirrored: Workspace) -> None:
        """Then all would go: it is refused, with the two ways."""
        shutil.rmtree(mirrored.paths.locks)
        with pytest.raises(FolderError, match="there is no lock") as caught:
            prune(mirrored.paths, remove=True)
        assert "clean" in caught.value.next_step

    def test_what_a_snapshot_or_the_last_bundle_has_stays(self, mirrored: Workspace) -> None:
        """Each file has its reason, those that a lock names too; without snapshot and bundle it goes."""
        packages, now = mirrored.paths.packages, "2026-11-29T10:00:00.000000Z"
        proven(mirrored.paths.site, subset_sha256=subset_digest(read_subset(mirrored.paths.requirements)))
        take_snapshot(mirrored.paths, "two", now=now)
        old = make_wheel("app", "1.0")
        data = (mirrored.paths.site / "manifest.json").read_bytes()
        carried = data.replace(b"app-2.0", b"app-1.0")
        sent = ledger.Sent(
            manifest=hashlib.sha256(carried).hexdigest(), serial=1, created="2026-11-29T10:00:00Z", beside={}
        )
        ledger.keep(packages, ledger.with_sent(ledger.Ledger(), sent), carried)
        found = prune(mirrored.paths, remove=True)
        assert [(one.path, one.why) for one in found.staying] == [
            (old.filename, "the last bundle carried it"),
            ("app-2.0-py3-none-any.whl", "pylock.base--linux.toml names it"),
        ]
        assert (packages / old.filename).is_file()
        ledger.keep(packages, ledger.Ledger())
        write = lockfile.path_of(mirrored.paths.locks, "base--linux")
        write.write_text(write.read_text().replace("app-2.0", "app-1.0").replace('"2.0"', '"1.0"'))
        found = prune(mirrored.paths, remove=True)
        assert [(one.path, one.why) for one in found.staying][1] == (
            "app-2.0-py3-none-any.whl",
            "the snapshot two has it",
        )
        remove_snapshots(mirrored.paths, ["two"])
        assert [one.path for one in prune(mirrored.paths, remove=True).files] == ["app-2.0-py3-none-any.whl"]

    def test_what_a_killed_snapshot_left_goes(self, mirrored: Workspace) -> None:
        """Files in the pool of snapshots that none of them has."""
        pool = Pool(mirrored.paths.packages)
        pool.write(b"left", hashlib.sha256(b"left").hexdigest())
        names = {one.path: one.why for one in prune(mirrored.paths, remove=True).files}
        assert names[
            pool.path_of(hashlib.sha256(b"left").hexdigest()).relative_to(mirrored.paths.packages).as_posix()
        ] == ("no snapshot has it")
        assert not pool.path_of(hashlib.sha256(b"left").hexdigest()).exists()

    def test_a_damaged_snapshot(self, mirrored: Workspace) -> None:
        """It may need any file: nothing is removed."""
        named = mirrored.paths.packages / ".snapshots" / "named"
        named.mkdir(parents=True)
        (named / "one.json").write_text("{}")
        before = tree(mirrored.root)
        with pytest.raises(SubsetError, match="the snapshot is damaged"):
            prune(mirrored.paths, remove=True)
        assert tree(mirrored.root) == before

    def test_a_file_that_is_no_distribution_stays(self, mirrored: Workspace) -> None:
        """A file of the user's own is not touched."""
        (mirrored.paths.packages / "notes.txt").write_text("mine", encoding="utf-8")
        prune(mirrored.paths, remove=True)
        assert (mirrored.paths.packages / "notes.txt").is_file()


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """A device or a file in the place of a directory is an error, whichever it is; what is not there needs no cleaning."""
    (tmp_path / "file").write_text("mine")
    for packages, site in ((tmp_path / "file", tmp_path / "site"), (tmp_path / "packages", Path(os.devnull))):
        with pytest.raises(FolderError, match="this is no directory; name a directory that mirror wrote"):
            clean(packages, site)
    assert (tmp_path / "file").read_text() == "mine"
    assert [one.files for one in clean(tmp_path / "packages", tmp_path / "site").directories] == [0, 0]
