"""The story from requirements to site, with real pip against a real index on loopback."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli.display import Display
from pypi_subset.errors import (
    BadDistribution,
    FolderError,
    Gaps,
    NoSolution,
    SubsetError,
)
from pypi_subset.locks import lockfile
from pypi_subset.model.checks import Check
from pypi_subset.model.door import read_manifest
from pypi_subset.pipeline import mirror as pipeline
from pypi_subset.proof.report import report
from pypi_subset.site import manifest
from pypi_subset.site.builder import readme_of
from pypi_subset.site.readme.cache import NAME as READMES
from tests.support.sites.trees import CACHES, tree
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, THREE, WINDOWS, mirror, read_lock, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_nothing_to_do(workspace: Workspace, index: Index) -> None:
    """A second run asks the index for nothing and leaves the site as it is."""
    index.add(make_wheel("app", requires_python=">=3.8, <4.0"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    assert mirror(workspace)[0].published
    before = workspace.paths.site.stat().st_ino
    index.requests.clear()
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.fetched, summary.published) == (0, 0, False)
    assert index.requests == []
    assert workspace.paths.site.stat().st_ino == before


def test_what_is_missing_in_the_site_comes_back(workspace: Workspace, index: Index) -> None:
    """A file that somebody removed from the site is put back by the next run."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    before = tree(workspace.paths.site)
    for name in ("app-1.0-py3-none-any.whl", "index.html"):
        (workspace.paths.site / "simple" / "app" / name).unlink()
        assert mirror(workspace)[0].published
        assert tree(workspace.paths.site) == before


@pytest.mark.slow
def test_a_damaged_page_is_written_again(workspace: Workspace, index: Index) -> None:
    """Whatever somebody did to a page, or put beside it, is undone by the next run."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    before = tree(workspace.paths.site)
    for page in ("index.html", "find-links.html", "simple/index.html", "simple/app/index.html"):
        path = workspace.paths.site / page
        path.write_bytes(path.read_bytes().replace(b"app", b"oops"))
        (workspace.paths.site / "simple" / "stray.txt").write_text("")
        assert mirror(workspace)[0].published
        assert tree(workspace.paths.site) == before


@pytest.mark.slow
def test_a_changed_set_resolves_its_own_pairs(workspace: Workspace, index: Index) -> None:
    """A change in one set says so and resolves that set's pairs; a comment changes nothing."""
    index.add(*map(make_wheel, ("one", "two", "three")))
    workspace.write("first.txt", "one\n")
    workspace.write("second.txt", "two\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    mirror(workspace)
    workspace.write("first.txt", "# a comment\n\none\n")
    assert mirror(workspace)[0].resolved == 0
    workspace.write("second.txt", "two\nthree\n")
    summary, said = mirror(workspace)
    assert summary.resolved == 2
    assert "second--linux: set changed, resolving again" in said
    assert "first" not in said
    assert "second--linux: three 1.0 added" in summary.changes


@pytest.mark.slow
def test_changed_constraints_resolve_anew(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip's own constraint setting is obeyed and is an input of the lock; a set's ``-c`` is obeyed as well."""
    index.add(*(make_wheel("app", version) for version in ("1.0", "2.0", "3.0")))
    workspace.write("base.txt", "-c limit.in\napp\n")
    workspace.write("limit.in", "app<3\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "2.0"}
    limit = workspace.root / "constraints.txt"
    limit.write_text("app<2\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(limit))
    _, said = mirror(workspace)
    assert "base--linux: pip's constraints changed, resolving again" in said
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_all_gaps_at_once(workspace: Workspace, index: Index) -> None:
    """Every target without a solution is named in one error, with the lowest system that would do."""
    index.add(make_wheel("fast", tag="cp310-cp310-macosx_12_0_arm64"))
    index.add(make_wheel("fast", tag="cp310-cp310-manylinux_2_28_x86_64"))
    workspace.write("base.txt", "fast\n")
    workspace.toml({"mac": "cp310-macosx_11_0_arm64", "linux": LINUX, "good": "cp310-macosx_13_0_arm64"})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    text = str(caught.value)
    assert "lowest macOS that works is 12.0 (macos-12): make the target cp310-macosx_12_0_arm64, which gets 1.0" in text
    assert "lowest glibc that works is 2.28 (rhel-8, debian-10): make the target cp310-manylinux_2_28_x86_64" in text
    assert "good" not in text


def test_a_renamed_lock_is_none(workspace: Workspace, index: Index) -> None:
    """A lock file under another pair's name is not that pair's lock."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    lockfile.path_of(workspace.paths.locks, "base--linux").rename(
        lockfile.path_of(workspace.paths.locks, "base--other")
    )
    workspace.toml({"other": LINUX})
    assert mirror(workspace)[0].resolved == 1
    assert read_lock(workspace, "base--other").target_name == "other"


def test_origins_move_with_the_lines(workspace: Workspace, index: Index) -> None:
    """A comment above a request resolves nothing, and the manifest says where the request stands now."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    workspace.write("base.txt", "# one\n# two\napp\n")
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.published, summary.changes) == (0, True, ())
    (line, *_) = manifest.why(read_manifest(workspace.paths.site), "lib")
    assert "base.txt:3" in line


def test_an_update_mends_a_broken_lock(workspace: Workspace, index: Index) -> None:
    """A lock full of conflict markers stops a mirror, but not an update, which resolves it again."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    path = lockfile.path_of(workspace.paths.locks, "base--linux")
    good = path.read_bytes()
    path.write_bytes(b"<<<<<<< \xff")
    with pytest.raises(SubsetError, match="the lock cannot be read"):
        mirror(workspace)
    mirror(workspace, update=True)
    assert path.read_bytes() == good


def test_a_damaged_wheel_is_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that is no archive stops the run in one line that names it; the old site stays."""
    folder = workspace.root / "wheelhouse"
    folder.mkdir()
    (folder / "app-1.0-py3-none-any.whl").write_bytes(make_wheel("app").data[:100])
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(BadDistribution, match=r"app-1\.0-py3-none-any\.whl is a damaged wheel") as caught:
        mirror(workspace)
    # The project that made it is the user's own.
    assert f"; build it again, or remove {folder / 'app-1.0-py3-none-any.whl'}" in str(caught.value)
    assert not workspace.paths.site.exists()


def test_a_kernel_update_does_not_resolve_the_host(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's lock stays valid when nothing but the kernel's release and version changed."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"here": "host"})
    mirror(workspace)
    told = {"release": "99.9", "version": "#1 tomorrow"}
    for name, value in told.items():
        monkeypatch.setattr(f"platform.{name}", lambda value=value: value)
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.published) == (0, False)


@pytest.mark.slow
def test_building_twice_gives_the_same_bytes(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """Two mirrors of the same inputs, in two directories, are identical to the byte."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib", requires_python=">=3.7,<4"))
    workspace.write("base.txt", "app\n")
    workspace.toml(THREE)
    mirror(workspace)
    second = type(workspace)(tmp_path / "other")
    second.write("base.txt", "app\n")
    second.toml(THREE)
    mirror(second)
    assert tree(workspace.root) == tree(second.root)


def test_no_byte_is_stored_twice(workspace: Workspace, index: Index) -> None:
    """The site's files are the very files in packages/, by another name."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    (published,) = workspace.paths.site.rglob("*.whl")
    assert published.samefile(workspace.paths.packages / published.name)
    assert not any(path.is_symlink() for path in workspace.paths.site.rglob("*"))


@pytest.mark.slow
def test_readmes_are_carried_along(workspace: Workspace, index: Index) -> None:
    """A README in packages/ and site/ survives every rebuild."""
    index.add(make_wheel("app"), make_wheel("lib"))
    workspace.toml({"linux": LINUX})
    for folder in (workspace.paths.packages, workspace.paths.site):
        folder.mkdir()
        (folder / "README.md").write_text(f"about {folder.name}\n")
    for text in ("app\n", "app\nlib\n"):
        workspace.write("base.txt", text)
        assert mirror(workspace)[0].published
    assert (workspace.paths.site / "README.md").read_text() == "about site\n"
    assert (workspace.paths.packages / "README.md").read_text() == "about packages\n"


@pytest.mark.slow
def test_readmes_come_back(workspace: Workspace, index: Index) -> None:
    """Whoever deletes packages/ or site/, as README allows, gets its README back, and the files from the other one."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.requests.clear()
    for folder in (workspace.paths.packages, workspace.paths.site):
        assert (folder / "README.md").read_bytes() == readme_of(folder.name)
        before = tree(folder)
        shutil.rmtree(folder)
        mirror(workspace)
        assert tree(folder) == before
    (workspace.paths.site / "README.md").unlink()
    assert mirror(workspace)[0].published
    # Without packages/ nothing is known of what the index still offers: it is asked once, and no file is fetched.
    assert [hit.path for hit in index.requests] == ["/simple/app/"]


@pytest.mark.parametrize("name", ["notes.txt", ".git", "src"])
def test_a_site_folder_with_other_things_is_refused(workspace: Workspace, index: Index, name: str) -> None:
    """A directory that holds anything that mirror did not make is never replaced: it may be somebody's home."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    workspace.paths.site.mkdir()
    (workspace.paths.site / name).mkdir()
    with pytest.raises(FolderError, match=f"mirror did not make {re.escape(name)}, .*; move it away"):
        mirror(workspace)
    assert [path.name for path in workspace.paths.site.iterdir()] == [name]
    assert index.requests == []


@pytest.mark.parametrize("name", ["index.html", "simple/mine.txt", "proof/thesis.pdf", "manifest.json"])
def test_a_folder_with_our_names_is_not_ours(workspace: Workspace, index: Index, name: str) -> None:
    """Somebody's pages under the names that ours have are never replaced."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    path = workspace.paths.site / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(FolderError, match="mirror did not make"):
        mirror(workspace)
    assert path.read_text() == "mine"


@pytest.mark.slow
def test_a_report_is_about_the_bytes_that_were_proven(workspace: Workspace, index: Index) -> None:
    """Nothing is proven of a new site; a report stays as it is until the site has other bytes, and then says so."""
    index.add(make_wheel("app"), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    page = workspace.paths.site / "proof" / "index.html"
    assert "Nothing proven yet" in page.read_text()
    green = Check(target="linux", set_name="base", request="", proof="unpacked", status="passed")
    report.write_report(report.report_of([green], site=workspace.paths.site, isolation="none"), workspace.paths.site)
    mirror(workspace)
    assert "Proven: 1 of 1" in page.read_text()
    workspace.write("base.txt", "app\nlib\n")
    mirror(workspace)
    assert "<title>Stale" in page.read_text()
    workspace.write("base.txt", "app\n")
    mirror(workspace)
    assert "Proven: 1 of 1" in page.read_text()


def test_locks_of_others_stay(workspace: Workspace, index: Index) -> None:
    """A lock that we did not write is not removed, whatever it is called."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    theirs = workspace.write("lock/pylock.mine.toml", 'lock-version = "1.0"\ncreated-by = "me"\npackages = []\n')
    assert mirror(workspace)[0].changes == ()
    assert theirs.is_file()


@pytest.mark.parametrize("site", [".", "packages", "packages/site", "requirements", "requirements/lock"])
def test_folders_in_one_another_are_refused(workspace: Workspace, site: str) -> None:
    """A site that is, holds, or stands in another of the directories is refused before anything is touched."""
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    before = tree(workspace.root)
    with pytest.raises(FolderError, match=r"one of the site and .* contains the other"):
        pipeline.mirror(replace(workspace.paths, site=workspace.root / site), progress=Display())
    assert tree(workspace.root) == before


def test_two_runs_at_once(workspace: Workspace, index: Index) -> None:
    """A second run in the same directories is refused while the first one works."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    refusals = []

    def second(path: str) -> None:
        if path == "/simple/app/":
            with pytest.raises(SubsetError, match="another run is working in this directory") as caught:
                mirror(workspace)
            refusals.append(caught.value)

    index.on_request = second
    mirror(workspace)
    assert len(refusals) == 1


def test_the_manifest_says_who_needs_what(workspace: Workspace, index: Index) -> None:
    """The manifest has the chain from a request to a file, for each target that needs it."""
    index.add(make_wheel("app", requires=["lib; sys_platform == 'win32'"]), make_wheel("lib", requires=["deep"]))
    index.add(make_wheel("deep"))
    workspace.write("base.txt", "\napp\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    mirror(workspace)
    written = json.loads((workspace.paths.site / "manifest.json").read_text())
    (deep,) = (entry for entry in written["files"] if entry["project"] == "deep")
    (need,) = deep["needed_by"]
    assert (need["set"], need["target"]) == ("base", "windows")
    assert [(step["by"], step["origin"]) for step in need["chain"]] == [("", "base.txt:2"), ("app", ""), ("lib", "")]


def test_an_unreadable_lock_is_named(workspace: Workspace, index: Index) -> None:
    """A lock that somebody broke is named with its file and the next step."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    path = lockfile.path_of(workspace.paths.locks, "base--linux")
    path.write_text(path.read_text().replace("schema = 1", "schema = 99"))
    with pytest.raises(SubsetError, match="schema 99, this version reads 1"):
        mirror(workspace)
    path.write_text("[[packages")
    with pytest.raises(SubsetError, match=f"{path.name}: the lock cannot be read"):
        mirror(workspace)


def test_nothing_of_the_run_stays_behind(workspace: Workspace, index: Index) -> None:
    """After a run, and after one that failed, there is no working directory and no part of a file."""
    index.add(make_wheel("app"))
    workspace.toml({"linux": LINUX})
    for text, fine in (("app\n", True), ("nothing\n", False)):
        workspace.write("base.txt", text)
        if fine:
            mirror(workspace)
        else:
            with pytest.raises(NoSolution):
                mirror(workspace)
        hidden = {path.name for path in workspace.root.rglob(".*")}
        assert hidden == {".running", READMES, *CACHES, ".htaccess", ".nojekyll"}
        assert {path.name for path in workspace.root.iterdir()} == {"requirements", "packages", "site"}


@pytest.mark.slow
def test_a_site_is_known_again_without_reading_it(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing to do is found out by looking at names and times; whatever is touched is noticed, and mended."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    site = workspace.paths.site
    before = tree(site)
    with monkeypatch.context() as patched:
        patched.setattr("pypi_subset.site.builder.fill", None)
        assert not mirror(workspace)[0].published
    # A site without a manifest is not ours; the README is the user's, what was proven is no matter of the build's.
    for path in [
        path
        for path in site.rglob("*.*")
        if path.is_file() and path.name not in {"README.md", "manifest.json"} and path.stat().st_size
        if path.parent != site / "proof"
    ]:
        facts = path.stat()
        path.unlink()
        path.write_bytes(b"x" * facts.st_size)
        assert mirror(workspace)[0].published, path
        assert tree(site) == before, path
    (site / "simple" / "stray").mkdir()
    assert mirror(workspace)[0].published
    assert not (site / "simple" / "stray").exists()
    (site / "simple" / "app" / "index.html").chmod(0)
    assert mirror(workspace)[0].published
    assert (site / "simple" / "app" / "index.html").stat().st_mode & 0o400
    for name in CACHES:
        (workspace.paths.packages / name).unlink()
    assert not mirror(workspace)[0].published


def test_a_checkout_of_an_earlier_release_is_upgraded_silently(workspace: Workspace, index: Index) -> None:
    """Its second site goes, whatever is left of it, its cache is built again, and the site stays as it is: no message."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    packages = workspace.paths.packages
    before = tree(workspace.paths.site)
    for name in (".last-site", ".last-site.99999.gone.stage"):
        shutil.copytree(workspace.paths.site / "simple", packages / name / "simple")
    (packages / ".last-site" / "simple").chmod(0o500)
    for name in CACHES:
        (packages / name).unlink()
    (packages / ".memory.json").write_text('{"schema": 4, "site": {}, "known": {}}')

    summary, said = mirror(workspace)

    assert not summary.published
    assert "last-site" not in said
    assert {path.name for path in packages.glob(".*")} == {".running", READMES, *CACHES}
    assert tree(workspace.paths.site) == before
