"""Other files of a site: each is there, byte for byte, and as ``requirements/`` asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.door import read_manifest
from pypi_subset.proof.inventory import inventory
from pypi_subset.requirements.of_site import subset_of
from pypi_subset.requirements.subset import read_subset
from tests.support.others.entries import DATA, SHA256, TO, carrying, entry
from tests.support.stages.mirroring import mirror

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")
PATH = f"files/{TO}"


@pytest.fixture
def mirrored(workspace: Workspace, index: Index) -> Workspace:
    """Return a workspace whose site has another file."""
    carrying(workspace, index)
    mirror(workspace)
    return workspace


def reasons(space: Workspace) -> list[str]:
    """Return what the inventory says."""
    return [one.reason for one in inventory.take(space.paths, read_subset(space.paths.requirements))]


def _replace(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def _link(path: Path) -> None:
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to("other")


def test_whole_site(mirrored: Workspace) -> None:
    """The green line counts them; a site without requirements states them itself."""
    (found,) = reasons(mirrored)
    assert found.endswith("bytes, and 1 other file, 32000 bytes: all there, and nothing else")
    (own,) = subset_of(mirrored.paths.site).other_files
    assert (own.path, own.sha256) == (PATH, SHA256)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.unlink(), "is not in the site"),
        (lambda path: _replace(path, DATA[:-1]), "has 31999 bytes in the site, and should have 32000"),
        (lambda path: _replace(path, DATA[:-1] + b"x"), "has other bytes than the manifest says"),
        (_link, "is a link, which is lost when the site is copied"),
    ],
    ids=["missing", "shorter", "changed", "link"],
)
def test_each_fault_is_red_by_name(mirrored: Workspace, change: Callable[[Path], None], said: str) -> None:
    """The sentence begins with the path."""
    change(mirrored.paths.site / PATH)
    assert f"{PATH} {said}" in reasons(mirrored)


def test_a_stranger_is_red(mirrored: Workspace) -> None:
    """A file below ``files/`` that the manifest does not name is no other file, and a missing page is one sentence."""
    (mirrored.paths.site / "files" / "stranger").write_bytes(b"")
    (mirrored.paths.site / "files" / "index.html").unlink()
    assert reasons(mirrored) == [
        "the page files/index.html is not in the site",
        "files/stranger is in the site, but neither a lock nor the manifest names it",
    ]


def test_requirements_that_changed_are_red(mirrored: Workspace, index: Index) -> None:
    """The site must have what ``requirements/`` asks for today."""
    carrying(mirrored, index, entry("new", path="../small.onnx"), entry(sha256="0" * 64, path="../small.onnx"))
    assert reasons(mirrored) == [
        f"{PATH} has one hash in requirements/ and another in the manifest: run `pypi-subset mirror`",
        "files/new is in requirements/, but not in the manifest: run `pypi-subset mirror`",
    ]
    mirrored.toml({"linux": "cp310-manylinux2014_x86_64"})
    assert reasons(mirrored) == [f"{PATH} is in the manifest, but not in requirements/: run `pypi-subset mirror`"]
    assert read_manifest(mirrored.paths.site).other_files
