"""Which directories mirror, fetch and clean may replace or empty."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError
from pypi_subset.site.builder import build_index
from pypi_subset.site.ownership import require_own
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

#: What every manifest of every schema has.
MANIFEST = json.dumps({"schema": 99, "targets": [], "sets": [], "files": [], "later": 1}).encode()


def folder(path: Path, **files: bytes) -> Path:
    """Return *path* as a directory with *files*; ``__`` stands for a dot in their names."""
    path.mkdir()
    for name, data in files.items():
        (path / name.replace("__", ".")).write_bytes(data)
    return path


def test_a_site_of_ours_and_an_empty_directory_pass(tmp_path: Path) -> None:
    """No directory, an empty one, our README alone, and a site that any version wrote are ours; so are dropped files."""
    require_own(tmp_path / "absent")
    require_own(folder(tmp_path / "empty"))
    require_own(folder(tmp_path / "readme", README__md=b"", __DS_Store=b""))
    require_own(folder(tmp_path / "site", manifest__json=MANIFEST, index__html=b"", __DS_Store=b""))


@pytest.mark.parametrize(
    ("files", "strange"),
    [
        ({"thesis__doc": b"", "manifest__json": MANIFEST}, "thesis.doc"),
        ({"index__html": b"mine"}, "index.html"),
        ({"index__html": b"mine", "manifest__json": b"{}"}, "index.html"),
        ({"index__html": b"mine", "manifest__json": b"["}, "index.html"),
    ],
)
def test_other_directories_are_refused(tmp_path: Path, files: dict[str, bytes], strange: str) -> None:
    """The error names what would be lost: a name that no site has, or any name beside what is no manifest of ours."""
    place = folder(tmp_path / "place", **files)
    with pytest.raises(FolderError, match=f"mirror did not make {strange}") as caught:
        require_own(place)
    assert caught.value.path == place


def test_a_file_and_a_manifest_that_is_a_directory_are_refused(tmp_path: Path) -> None:
    """A file in the site's place would be replaced; a directory called manifest.json says nothing."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FolderError, match="no directory"):
        require_own(tmp_path / "file")
    folder(tmp_path / "odd").joinpath("manifest.json").mkdir()
    with pytest.raises(FolderError, match=r"did not make manifest\.json"):
        require_own(tmp_path / "odd")


def test_an_index_without_a_manifest_is_for_build_index_alone(tmp_path: Path) -> None:
    """mirror and clean refuse an index that `build_index` made; `build_index` replaces it."""
    site = tmp_path / "site"
    build_index([make_wheel("app").save(tmp_path)], site)

    require_own(site, index=True)
    with pytest.raises(FolderError, match="mirror did not make"):
        require_own(site)
