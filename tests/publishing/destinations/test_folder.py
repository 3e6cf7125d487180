"""A directory of this machine as a destination: copies, never links, each in one step; errors name the place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pypi_subset.errors import FolderError
from pypi_subset.publishing.destinations.folder import Folder, put


def test_a_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    """It has the bytes and the time of the original, the mode of a new file, and does not change with the original."""
    source, copy = tmp_path / "source", tmp_path / "deep" / "er" / "copy"
    source.write_text("text", encoding="utf-8")
    os.utime(source, (1, 1))
    source.chmod(0o600)
    put(source, copy)
    mask = os.umask(0o022)
    os.umask(mask)
    assert (copy.read_text(encoding="utf-8"), copy.stat().st_mtime, copy.stat().st_mode & 0o777) == (
        *("text", 1),
        0o666 & ~mask,
    )
    assert not copy.samefile(source)
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_a_link_in_the_way_is_replaced(tmp_path: Path) -> None:
    """What it leads to is not written."""
    (tmp_path / "source").write_text("new", encoding="utf-8")
    (tmp_path / "target").write_text("mine", encoding="utf-8")
    (tmp_path / "copy").symlink_to(tmp_path / "target")
    put(tmp_path / "source", tmp_path / "copy")
    assert (tmp_path / "target").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "copy").read_text(encoding="utf-8") == "new"


def test_a_copy_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of a file stays behind."""
    (tmp_path / "source").write_text("new", encoding="utf-8")
    (tmp_path / "copy").write_text("old", encoding="utf-8")

    def refuse(*_: object) -> Path:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(FolderError, match="the disk is full"):
        put(tmp_path / "source", tmp_path / "copy")
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        "source": "new",
        "copy": "old",
    }


@pytest.mark.parametrize(("name", "words"), [("link", "this is a symbolic link"), ("file", "this is no directory")])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str, words: str) -> None:
    """A link is not followed, a file not replaced."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderError, match=f"{words}; name a directory to publish to"):
        Folder(tmp_path / name).look()


def test_errors_name_the_file(tmp_path: Path) -> None:
    """A file that is gone, and a directory that is not empty."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(FolderError, match="gone: No such file"):
        Folder(tmp_path).read("gone")
    with pytest.raises(FolderError, match="full: Directory not empty"):
        Folder(tmp_path).remove([], ["full"])
