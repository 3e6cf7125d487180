"""Other files on their way: published, fetched, served, kept in snapshots, carried across a gap, and pruned."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle.document import NAMESPACE
from pypi_subset.cli.display import Display
from pypi_subset.errors import FolderError
from pypi_subset.model.paths import publish_order
from pypi_subset.pipeline.clean import clean, prune
from pypi_subset.publishing import fetch_site
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.publisher import publish_to
from pypi_subset.snapshots.comparing import Lines, compare
from pypi_subset.snapshots.taking import take_snapshot
from pypi_subset.support import bounds
from tests.support.bundles.office import Office, document, office
from tests.support.gap.far import Far
from tests.support.others.entries import DATA, SHA256, TO, carrying, entry
from tests.support.programs.commands import subset
from tests.support.servers.served import Served, ask
from tests.support.sites.signed import allow
from tests.support.sites.trees import tree
from tests.support.sites.workspace import Workspace, own_index
from tests.support.stages.mirroring import LINUX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.index import Index

PATH = f"files/{TO}"
CHANGED = b"other weights\n" * 5000
PAGE = b"<script>alert(1)</script>"


@pytest.fixture
def index() -> Iterator[Index]:
    """Yield an index that pip is configured for."""
    with own_index() as made:
        yield made


@pytest.fixture
def side(tmp_path: Path, index: Index) -> Office:
    """Return the connected side, with two other files in a proven site."""
    made = office(Workspace(tmp_path / "work"), {"linux": LINUX})
    carry(made, index, DATA)
    made.mirror("app")
    return made


def carry(side: Office, index: Index, data: bytes) -> None:
    """Let *side* ask for *data* at the path of before, and for a page."""
    (side.space.root / "page.html").write_bytes(PAGE)
    (side.space.root / "data").write_bytes(data)
    page = entry("doc/index.html", hashlib.sha256(PAGE).hexdigest(), path="../page.html")
    carrying(side.space, index, entry(sha256=hashlib.sha256(data).hexdigest(), path="../data"), page)


def brought(site: Path) -> dict[str, bytes]:
    """Return the files of *site* that travel."""
    return {path: data for path, data in tree(site).items() if path not in {"release.html", "release.json"}}


def test_two_trips(side: Office, index: Index, tmp_path: Path) -> None:
    """The first bundle has all; the second one the file that changed, once. The importer compares each with its hash."""
    far, first, second = Far(tmp_path / "far"), tmp_path / "first", tmp_path / "second"
    far.into.mkdir()
    allow(far.into / "allowed_signers", namespaces=NAMESPACE, office=side.key)
    side.bundle(first)
    done = far.run(first)
    assert done.code == 0, done.err
    assert brought(far.site) == brought(side.site)
    review = (first / "REVIEW.md").read_text()
    assert f"`{PATH}` | added | the machine that mirrored | 32.0 kB, `{SHA256}`" in review
    carry(side, index, CHANGED)
    side.mirror("app")
    side.bundle(second, since="last")
    stated = document(second)["paths"]
    assert {path for path in stated if path.startswith("files/")} == {PATH, "files/index.html"}
    assert f"`{PATH}` | changed |" in (second / "REVIEW.md").read_text()
    # A bundle whose volume has other bytes is refused, and the old site stays.
    damaged = shutil.copytree(second, tmp_path / "damaged")
    (volume,) = [damaged / one["name"] for one in document(damaged)["volumes"]]
    data = bytearray(volume.read_bytes())
    data[len(data) // 2] ^= 1
    volume.write_bytes(data)
    assert far.run(damaged).code == 1
    assert (far.site / PATH).read_bytes() == DATA
    assert far.run(second).code == 0
    assert (far.site / PATH).read_bytes() == CHANGED
    assert brought(far.site) == brought(side.site)


def test_published_fetched_and_served(
    side: Office, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy has the same bytes, also after a change of the same length. Large files are fetched by the size that is stated."""
    www = tmp_path / "www"
    publish_to(side.site, Folder(www), force=False, grace=0, progress=Display())
    same = DATA[:-1] + b"x"
    carry(side, index, same)
    side.mirror("app")
    moment = (www / PATH).stat()
    (side.site / PATH).chmod(0o644)
    os.utime(side.site / PATH, ns=(moment.st_atime_ns, moment.st_mtime_ns))
    publish_to(side.site, Folder(www), force=False, grace=0, progress=Display())
    assert (www / PATH).read_bytes() == same
    largest = max(len(data) for path, data in tree(www).items() if path != PATH)
    carry(side, index, bytes(2 * largest))
    side.mirror("app")
    publish_to(side.site, Folder(www), force=False, grace=0, progress=Display())
    monkeypatch.setattr(bounds, "LARGEST_PAGE", largest)
    with Served(www, tmp_path / "log") as served:
        fetch_site.fetch_site(served.url, tmp_path / "fetched", progress=Display())
        # Nothing of it is a program to a reader of the page.
        answer = ask(served.port, "/files/doc/index.html")
        assert (answer.body, "default-src 'none'" in answer.headers["content-security-policy"]) == (PAGE, True)
        assert "cache-control" not in answer.headers
        assert ask(served.port, "/files/").headers["cache-control"] == "no-cache"
    assert brought(tmp_path / "fetched") == brought(www)


def test_files_precede_the_pages_that_name_them() -> None:
    """No reader of a page meets a file that is not there yet."""
    turns = [publish_order(path) for path in (PATH, "files/python/downloads.json", "files/index.html", "index.html")]
    assert turns == sorted(set(turns))


def test_snapshots(side: Office, index: Index) -> None:
    """A snapshot has the files; `diff` names them; pruned, they are still in the snapshot."""
    take_snapshot(side.space.paths, "one", now="2026-11-01T10:00:00.000000Z")
    carry(side, index, CHANGED)
    side.mirror("app")
    found = compare(side.space.paths, "one", "site")
    assert found.other_files == Lines(added=(PATH,), removed=(PATH,))
    assert not found.is_empty
    packages = side.space.paths.packages
    assert [(one.path, one.why) for one in prune(side.space.paths, remove=True).files] == [
        (f".files/{SHA256}", "no [[files]] of subset.toml names it")
    ]
    assert [path.name for path in (packages / ".files").iterdir() if path.name == SHA256] == []
    shown = subset("diff", "--from=one", "--to=site", cwd=side.space.root)
    assert f"- other file {PATH}\n+ other file {PATH}\n" in shown.stdout


def test_sizes(side: Office) -> None:
    """They are listed among the largest files, and counted; for one target they are not."""
    shown = subset("sizes", cwd=side.space.root).stdout
    assert [line.split() for line in shown.splitlines()][2] == [PATH, "32,000", "-", "[[files]]"]
    assert shown.splitlines()[-1].startswith("3 of 3 files, 32.8 kB of 32.8 kB")
    found = json.loads(subset("sizes", "--json", "--most=1", cwd=side.space.root).stdout)
    assert [(one["path"], one["size"]) for one in found["other_files"]] == [(PATH, 32000)]
    assert (found["total_files"], len(found["files"])) == (1, 1)
    found = json.loads(subset("sizes", "--json", "--target=linux", cwd=side.space.root).stdout)
    assert found["other_files"] == []


def test_clean(side: Office) -> None:
    """What was copied goes with the site, and what the user put there does not."""
    paths = side.space.paths
    (paths.site / "other").write_bytes(b"")
    with pytest.raises(FolderError):
        clean(paths.packages, paths.site)
    (paths.site / "other").unlink()
    clean(paths.packages, paths.site)
    assert not (paths.packages / ".files").exists()
    assert (side.space.root / "data").read_bytes() == DATA
