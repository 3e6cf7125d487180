"""The writer of a staged directory: what the live one has already is linked, everything else is written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pypi_subset.errors import FolderError
from pypi_subset.site.stage_writer import StageWriter, usual_mode

PAGE = "simple/demo/index.html"


@pytest.fixture
def writer(tmp_path: Path) -> StageWriter:
    """Return a writer whose live directory has one page."""
    (tmp_path / "live" / "simple" / "demo").mkdir(parents=True)
    (tmp_path / "live" / PAGE).write_bytes(b"page")
    (tmp_path / "live" / PAGE).chmod(usual_mode())
    (tmp_path / "stage").mkdir()
    return StageWriter(tmp_path / "stage", live=tmp_path / "live")


def is_linked(writer: StageWriter) -> bool:
    """Whether the page is one file in both directories."""
    return Path(writer.stage, PAGE).samefile(Path(writer.live, PAGE))


def test_the_same_bytes_are_linked(writer: StageWriter) -> None:
    """The file keeps its inode and its time, and does not count as written."""
    writer.put(PAGE, b"page")
    assert is_linked(writer)
    assert writer.written == 0


@pytest.mark.parametrize("data", [b"other", b"PAGE", b""])
def test_other_bytes_are_written(writer: StageWriter, tmp_path: Path, data: bytes) -> None:
    """The live file stays as it was."""
    writer.put(PAGE, data)
    assert ((tmp_path / "stage" / PAGE).read_bytes(), (tmp_path / "live" / PAGE).read_bytes()) == (data, b"page")
    assert writer.written == 1


def test_another_mode_is_written(writer: StageWriter, tmp_path: Path) -> None:
    """A file that a web server could not read is not linked."""
    (tmp_path / "live" / PAGE).chmod(0o600)
    writer.put(PAGE, b"page")
    assert not is_linked(writer)
    assert (tmp_path / "stage" / PAGE).stat().st_mode & 0o777 == usual_mode()


@pytest.mark.parametrize("kind", ["link", "directory"])
def test_only_files_are_linked(writer: StageWriter, tmp_path: Path, kind: str) -> None:
    """A symbolic link or a directory of that name in the live directory is replaced by a file."""
    page = tmp_path / "live" / PAGE
    page.rename(tmp_path / "page")
    if kind == "link":
        page.symlink_to(tmp_path / "page")
    else:
        page.mkdir()
    writer.put(PAGE, b"page")
    new = tmp_path / "stage" / PAGE
    assert not new.is_symlink()
    assert new.read_bytes() == b"page"


def test_whole_directories_are_linked(writer: StageWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It returns the directories of links alone: a copy has another inode, and has to be looked at."""
    (tmp_path / "live" / "simple" / "other").mkdir()
    (tmp_path / "live" / "simple" / "other" / "file").write_bytes(b"x")
    link = os.link

    def sometimes(source: str, destination: str) -> None:
        if "other" in source:
            raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))
        link(source, destination)

    monkeypatch.setattr(os, "link", sometimes)
    assert writer.link_directories(["simple/demo", "simple/other"]) == ["simple/demo"]
    assert is_linked(writer)
    assert (tmp_path / "stage" / "simple" / "other" / "file").read_bytes() == b"x"


def test_errors_name_the_file(writer: StageWriter, tmp_path: Path) -> None:
    """A file that is written twice, a source that is gone, a directory that is gone."""
    writer.write(PAGE, b"page")
    with pytest.raises(FolderError, match=f"{PAGE}: File exists"):
        writer.write(PAGE, b"page")
    with pytest.raises(FolderError, match="No such file"):
        writer.link(str(tmp_path / "gone"), "simple/demo/gone")
    with pytest.raises(FolderError, match="No such file"):
        writer.link_directories(["gone"])
