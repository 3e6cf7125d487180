"""The manual in a site: laid, listed, kept by mirror, checked by the inventory and published."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError
from pypi_subset.pipeline.mirror import mirror
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.report.report import carry_over
from pypi_subset.requirements.subset import read_subset
from pypi_subset.site.pages.manual import lay
from tests.support.pages.page_check import anchors
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Yield a mirrored subset with a manual of two files and a hidden one beside it."""
    made = Workspace(tmp_path / "work")
    made.paths.requirements.mkdir(parents=True)
    made.write("base.txt", "app\n")
    made.toml({"old": "cp310-win_amd64"})
    built = tmp_path / "built"
    (built / "_static").mkdir(parents=True)
    (built / "index.html").write_text("<!DOCTYPE html><title>Manual</title>")
    (built / "_static" / "furo.css").write_text("body {}")
    (built / ".buildinfo").write_text("hidden")
    with own_index() as index:
        index.add(make_wheel("app"))
        mirror(made.paths)
        assert lay(built, made.paths.site, carry_over) == 2
        yield made


def statuses(workspace: Workspace) -> set[tuple[str, str]]:
    """Return status and reason of each result of the inventory."""
    found = inventory.take(workspace.paths, read_subset(workspace.paths.requirements))
    return {(one.status, one.reason) for one in found if one.status != "passed"}


def test_the_manifest_lists_the_manual(workspace: Workspace) -> None:
    """Each file is in ``docs/`` with its hash; hidden files are not."""
    site = workspace.paths.site
    pages = json.loads((site / "manifest.json").read_bytes())["pages"]
    listed = {path: digest for path, digest in pages.items() if path.startswith("docs/")}
    expected = {"docs/index.html", "docs/_static/furo.css"}
    assert listed == {path: hashlib.sha256((site / path).read_bytes()).hexdigest() for path in expected}
    assert statuses(workspace) == set()


def links(site: Path) -> int:
    """Return how many links to the manual the front page of *site* has."""
    return [one.segments for one in anchors((site / "index.html").read_text())].count(("docs", "index.html"))


def test_the_front_page_leads_to_the_manual(workspace: Workspace) -> None:
    """It does so once, however often the manual is laid; after a new site, and not in a site without a manual."""
    site, built = workspace.paths.site, workspace.root.parent / "built"
    assert links(site) == 1
    lay(built, site, carry_over)
    assert links(site) == 1
    workspace.toml({"old": "cp310-win_amd64", "new": "cp312-win_amd64"})
    mirror(workspace.paths)
    assert links(site) == 1
    shutil.rmtree(site)
    mirror(workspace.paths)
    assert links(site) == 0
    lay(built, site, carry_over)
    assert (links(site), statuses(workspace)) == (1, set())


def test_mirror_keeps_the_manual(workspace: Workspace) -> None:
    """A run with nothing to do replaces nothing, and a changed subset has the manual as before."""
    site = workspace.paths.site
    assert not mirror(workspace.paths).published
    workspace.toml({"old": "cp310-win_amd64", "new": "cp312-win_amd64"})
    assert mirror(workspace.paths).published
    assert (site / "docs" / "index.html").read_text() == "<!DOCTYPE html><title>Manual</title>"
    assert (site / "targets" / "new").is_dir()
    assert statuses(workspace) == set()


def test_a_changed_page_is_red_and_not_kept(workspace: Workspace) -> None:
    """The inventory names a page with other bytes, and the next site is built without it."""
    site = workspace.paths.site
    (site / "docs" / "index.html").write_text("other")
    assert statuses(workspace) == {("failed", "the page docs/index.html has other bytes than the manifest says")}
    mirror(workspace.paths)
    assert not (site / "docs" / "index.html").exists()


def test_a_new_manual_replaces_the_old_one(workspace: Workspace) -> None:
    """Pages that the new manual lacks are gone from the site and from the manifest."""
    built = workspace.root.parent / "built"
    (built / "_static" / "furo.css").unlink()
    assert lay(built, workspace.paths.site, carry_over) == 1
    assert not (workspace.paths.site / "docs" / "_static").exists()
    assert statuses(workspace) == set()


@pytest.mark.parametrize("name", ["a b.html", "end.", "con.html"])
def test_a_name_that_some_system_cannot_hold_is_an_error(workspace: Workspace, name: str) -> None:
    """The site stays as it was, and the error names the page."""
    built, before = workspace.root.parent / "built", (workspace.paths.site / "manifest.json").read_bytes()
    (built / name).write_text("x")
    with pytest.raises(FolderError, match=r"not every system can hold this name"):
        lay(built, workspace.paths.site, carry_over)
    assert (workspace.paths.site / "manifest.json").read_bytes() == before


def test_an_empty_directory_is_no_manual(workspace: Workspace, tmp_path: Path) -> None:
    """The error names the command that builds it."""
    with pytest.raises(FolderError) as caught:
        lay(tmp_path / "nothing", workspace.paths.site, carry_over)
    assert caught.value.next_step == "build it with `make docs`"
