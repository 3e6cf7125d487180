"""What a bundle carries: exactly what the base lacks, and every list that the importer needs."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import TYPE_CHECKING

import msgspec
import pytest

from pypi_subset.bundle import ledger
from pypi_subset.bundle.contents import contents_of, require_portable
from pypi_subset.bundle.difference import rebuilt
from pypi_subset.bundle.ledger import Base
from pypi_subset.bundle.packing.blobs import gathered
from pypi_subset.bundle.packing.volumes import Piece
from pypi_subset.errors import FolderError
from pypi_subset.model.paths import MANIFEST
from pypi_subset.publishing.publication import Release, release_of
from pypi_subset.support.progress import SILENT
from pypi_subset.targets import tag
from tests.support.sites.published import proven
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.bundle.contents import Contents
    from pypi_subset.bundle.packing.blobs import Blobs
    from tests.support.wheels import Wheel

LINUX = tag.parse("linux", "cp312-manylinux_2_28_x86_64")
AA, BB, OLD, NEW = make_wheel("aa"), make_wheel("bb"), make_wheel("old"), make_wheel("bb", "2.0")


def site(root: Path, *wheels: Wheel) -> Release:
    """Return what is published of a proven site with *wheels*."""
    pins = {"linux": wheels}
    made = SubsetOnDisk(root, targets=[LINUX], lines=["aa"], pins=pins).write()
    # In lines, as this tool writes it.
    manifest = made.paths.site / MANIFEST
    manifest.write_bytes(msgspec.json.format(manifest.read_bytes(), indent=1))
    return release_of(proven(made.paths.site), force=False)


@pytest.fixture
def old(tmp_path: Path) -> Release:
    """Return the release before."""
    return site(tmp_path / "before", AA, BB, OLD)


@pytest.fixture
def new(tmp_path: Path) -> Release:
    """Return the release after: one wheel is gone, another has a new version."""
    return site(tmp_path / "after", AA, NEW)


def hashes(release: Release) -> dict[str, str]:
    """Return path → SHA-256, of all that is published."""
    made = {path: hashlib.sha256(data).hexdigest() for path, data in release.made.items()}
    return made | {path: hashlib.sha256((release.site / path).read_bytes()).hexdigest() for path in release.files}


def manifest_of(release: Release) -> dict[str, str]:
    """Return path → SHA-256, of all that the manifest names."""
    return ledger.manifest_in(release.made[MANIFEST]).hashes


def base_of(release: Release) -> Base:
    """Return *release* as the ledger has it."""
    named = manifest_of(release)
    beside = {path: digest for path, digest in hashes(release).items() if path not in named and path != MANIFEST}
    data = release.made[MANIFEST]
    return Base(sha256=release.manifest_sha256, data=data, manifest=ledger.manifest_in(data), beside=beside)


def carried(release: Release, base: Base | None, blobs: Blobs) -> Contents:
    """Return what the bundle of *release* carries."""
    return contents_of(release, manifest_of(release), base, blobs, SILENT)


def text(blobs: Blobs, digest: str) -> bytes:
    """Return a content that was deflated."""
    one = blobs.packed[digest]
    piece = Piece(sha256=digest, offset=0, size=one.size, packed=one.packed, method=one.method)
    return zlib.decompress(b"".join(blobs.member(piece)[1]), -15)


def test_a_full_bundle_has_all(new: Release) -> None:
    """Every file that is published, the manifest among them; each content once."""
    with gathered() as blobs:
        found = carried(new, None, blobs)
        assert found.paths == dict(sorted(hashes(new).items()))
        assert blobs.packed.keys() == {*found.paths.values()}
    assert (found.removed, found.manifest_from) == ((), None)
    assert found.beside == dict(sorted(base_of(new).beside.items()))
    assert {"README.md", "proof/report.json", "proof/page.css"} <= found.beside.keys()


def test_a_difference_has_what_changed(old: Release, new: Release) -> None:
    """New and changed files, and no other; what the site does not have any more is named."""
    before, after = hashes(old), hashes(new)
    with gathered() as blobs:
        found = carried(new, base_of(old), blobs)
        changed = {path: digest for path, digest in after.items() if before.get(path) != digest and path != MANIFEST}
        assert found.paths == dict(sorted(changed.items()))
        assert found.manifest_from
        assert blobs.packed.keys() == {*changed.values(), found.manifest_from}
        assert rebuilt(old.made[MANIFEST], text(blobs, found.manifest_from)) == new.made[MANIFEST]
    assert found.removed == tuple(sorted(before.keys() - after.keys()))
    assert "simple/old/index.html" in found.removed
    assert "simple/aa/aa-1.0-py3-none-any.whl" not in found.paths
    assert found.beside.keys() == {path for path in after if path not in manifest_of(new)} - {MANIFEST}


def test_a_manifest_that_shares_nothing_travels_whole(new: Release) -> None:
    """A difference that saves nothing is not made: one text is simpler than a text made of another."""
    data = json.dumps({"schema": "1.4", "targets": [], "sets": [], "files": [], "pages": {}}).encode()
    base = ledger.base_from(data, ledger.manifest_in(data))
    with gathered() as blobs:
        found = carried(new, base, blobs)
    assert (found.manifest_from, found.paths[MANIFEST]) == (None, new.manifest_sha256)


def test_the_same_site_has_nothing_to_carry(new: Release) -> None:
    """A base that is the site itself: no path, no content, no difference."""
    with gathered() as blobs:
        found = carried(new, base_of(new), blobs)
        assert blobs.packed == {}
    assert (found.paths, found.removed, found.manifest_from) == ({}, (), None)


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_what_is_forced_must_be_what_the_manifest_says(tmp_path: Path, change: str) -> None:
    """A page with other bytes than the manifest says is carried by no force: the importer would refuse it."""
    made = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA]}).write()
    page = made.paths.site / "index.html"
    page.unlink()
    if change == "changed":
        page.write_text("changed")
    release = release_of(made.paths.site, force=True)
    with gathered() as blobs, pytest.raises(FolderError, match=r"index\.html: the importer would refuse this"):
        carried(release, None, blobs)


def test_what_nothing_proves_is_carried(tmp_path: Path) -> None:
    """With force, each file is read, and is the one that the manifest names."""
    made = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA]}).write()
    release = release_of(made.paths.site, force=True)
    with gathered() as blobs:
        found = carried(release, None, blobs)
    assert found.paths == dict(sorted(hashes(release).items()))


@pytest.mark.parametrize(
    "path",
    [
        *("", "/simple", "simple/", "simple//a", "simple/../a", "simple/./a", "simple/a.", "simple/-a", "simple/a b"),
        *(
            "simple/con",
            "simple/NUL.txt",
            "simple/a\\b",
            "simple/é",
            "simple/\u017f",
            "docs/\u212aelvin.html",
            "simple/a\n",
            "elsewhere/a",
            "simple/" + "a" * 240,
        ),
        "simple" + "/a" * 12,
    ],
)
def test_paths_that_some_system_cannot_hold(path: str) -> None:
    """The importer would refuse them; here the error comes before the medium is carried anywhere."""
    with pytest.raises(FolderError, match="not every system can hold this path"):
        require_portable(["index.html", path])


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["simple/a/b", "simple/a/B"], "are one file on some systems"),
        (["simple/a/b", "simple/A/c"], "are one file on some systems"),
        (["simple/a", "simple/a/b"], "this is a file and a directory"),
        (["simple/A", "simple/a/b"], "are one file on some systems"),
    ],
)
def test_paths_that_are_one_file(paths: list[str], said: str) -> None:
    """On a stick, upper and lower case are one, and a name is a file or a directory."""
    with pytest.raises(FolderError, match=said):
        require_portable(paths)


def test_every_path_of_a_site_is_portable(new: Release) -> None:
    """What this tool writes, with all kinds of names of releases."""
    require_portable(hashes(new))
    require_portable(
        [".nojekyll", "_headers", "hosts/Caddyfile", "simple/.htaccess", "simple/a/a-1!2.0+cpu.1-py3-none-any.whl"]
    )
