"""Other files in the staged site."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.intake.other_files import CarriedFile
from pypi_subset.site.other_files.carrying import carry
from pypi_subset.site.stage_writer import StageWriter

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"weights"
SHA256 = hashlib.sha256(DATA).hexdigest()
ARCHIVE = "files/python/20261110/cpython-3.12.16+20261110-x86_64-unknown-linux-gnu-install_only.tar.gz"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Return a file of the packages directory."""
    place = tmp_path / "kept"
    place.write_bytes(DATA)
    return place


def test_files_are_linked_and_listed(tmp_path: Path, kept: Path) -> None:
    """Each path has the hash of its bytes; uv's list is there if there is an archive for it."""
    writer = StageWriter(tmp_path / "stage", live=tmp_path / "live")
    others = [CarriedFile(path=path, sha256=SHA256, size=7, url="", place=kept) for path in ("files/a/b", ARCHIVE)]
    found = carry(others, writer)
    assert sorted(found) == ["files/a/b", "files/index.html", ARCHIVE, "files/python/downloads.json"]
    for path, digest in found.items():
        assert hashlib.sha256((tmp_path / "stage" / path).read_bytes()).hexdigest() == digest
    assert (tmp_path / "stage" / "files" / "a" / "b").samefile(kept)
    other = StageWriter(tmp_path / "other", live=tmp_path / "live")
    assert sorted(carry(others[:1], other)) == ["files/a/b", "files/index.html"]


def test_nothing_is_written_without_other_files(tmp_path: Path) -> None:
    """A site without them is as before."""
    assert carry((), StageWriter(tmp_path / "stage", live=tmp_path / "live")) == {}
    assert not (tmp_path / "stage").exists()


@pytest.mark.parametrize("data", [DATA, b"changed"])
def test_a_copy_in_the_live_site_stays(tmp_path: Path, kept: Path, data: bytes) -> None:
    """Where the site cannot have links of the packages directory, its own file is linked if it has the bytes."""
    live = tmp_path / "live" / "files" / "a"
    live.parent.mkdir(parents=True)
    live.write_bytes(data)
    writer = StageWriter(tmp_path / "stage", live=tmp_path / "live")
    carry([CarriedFile(path="files/a", sha256=SHA256, size=7, url="", place=kept)], writer)
    placed = tmp_path / "stage" / "files" / "a"
    assert (placed.samefile(live), placed.read_bytes()) == (data == DATA, DATA)
