"""Files and directories."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from pathlib import Path

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer import disk
from pypi_subset.standalone.importer.home import hold


def test_exchange(tmp_path: Path) -> None:
    """Two directories swap their names; a missing one is an error of the system."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert disk.exchange(str(tmp_path / "one"), str(tmp_path / "other")) is True
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["other"]
    with pytest.raises(FileNotFoundError):
        disk.exchange(str(tmp_path / "one"), str(tmp_path / "none"))


def test_exchange_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old C library has no function for it; the number of the system call does the same."""
    whole = ctypes.CDLL

    class Old:
        def __init__(self, _name: None, *, use_errno: bool) -> None:
            self.syscall = whole(None, use_errno=use_errno).syscall

    monkeypatch.setattr(ctypes, "CDLL", Old)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert disk.exchange(str(tmp_path / "one"), str(tmp_path / "other")) is True
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["other"]
    monkeypatch.setattr(platform, "machine", lambda: "vax")
    assert disk.exchange(str(tmp_path / "one"), str(tmp_path / "other")) is False
    monkeypatch.setattr(sys, "platform", "darwin")
    assert disk.exchange(str(tmp_path / "one"), str(tmp_path / "other")) is False


def test_links_and_special_files_are_not_opened(tmp_path: Path) -> None:
    """A link is no file, a pipe does not make the importer wait, and a directory is none."""
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    assert disk.read_file(str(tmp_path / "file"), 1) == b"x"
    for name in ("link", "pipe", "."):
        with pytest.raises(Refused, match=r"symbolic link|no regular file"):
            disk.read_file(str(tmp_path / name), 1)
    with pytest.raises(Refused, match="has more than 0 bytes"):
        disk.read_file(str(tmp_path / "file"), 0)
    with pytest.raises(Refused, match="must be a directory"):
        disk.is_folder(str(tmp_path / "link"))
    with pytest.raises(Refused, match="special file"):
        list(disk.looks_below(str(tmp_path)))


def test_looks(tmp_path: Path) -> None:
    """Each file has its size and its time."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_bytes(b"123")
    look = (tmp_path / "a/b/c").stat()
    assert dict(disk.looks_below(str(tmp_path))) == {"a/b/c": (3, look.st_mtime_ns)}


@pytest.mark.parametrize(("code", "copies"), [(errno.EPERM, True), (errno.EXDEV, True), (errno.EMLINK, False)])
def test_copies_where_links_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, copies: bool) -> None:  # noqa: FBT001
    """A file system without links gets copies from then on; a file with too many links is one copy."""

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    (tmp_path / "one").write_bytes(b"x")
    placing = disk.Placing()
    monkeypatch.setattr(os, "link", fail)
    placing.put(str(tmp_path / "one"), str(tmp_path / "other"))
    assert (tmp_path / "other").read_bytes() == b"x"
    assert placing.copies is copies
    assert disk.can_link(str(tmp_path)) is not copies
    monkeypatch.undo()
    assert disk.can_link(str(tmp_path)) is True
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]


def test_other_errors_of_links_are_errors(tmp_path: Path) -> None:
    """A missing file is no reason to copy."""
    with pytest.raises(FileNotFoundError):
        disk.Placing().put(str(tmp_path / "none"), str(tmp_path / "other"))


def test_remove(tmp_path: Path) -> None:
    """A link is removed, not what it leads to; nothing there is no error."""
    (tmp_path / "folder/below").mkdir(parents=True)
    (tmp_path / "link").symlink_to("folder")
    disk.remove(str(tmp_path / "link"))
    disk.remove(str(tmp_path / "link"))
    assert (tmp_path / "folder/below").is_dir()
    disk.remove(str(tmp_path / "folder"))
    assert not any(tmp_path.iterdir())


def test_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few bytes, or too few files, are named."""
    assert disk.room_fault(str(tmp_path), 1, 1) == ""
    assert "bytes, and" in disk.room_fault(str(tmp_path), 1 << 60, 1)
    look = os.statvfs(tmp_path)

    class Few:
        f_files, f_favail = look.f_files or 1, 3
        f_bavail, f_bfree, f_blocks, f_frsize = look.f_bavail, look.f_bfree, look.f_blocks, look.f_frsize

    monkeypatch.setattr(os, "statvfs", lambda _: Few)
    assert disk.room_fault(str(tmp_path), 1, 4) == f"{tmp_path} needs 4 files, and the disk has room for 3"


def test_write_file_is_atomic(tmp_path: Path) -> None:
    """The old content stays until the new one is whole; a leaving of a crash is in no one's way."""
    (tmp_path / "x").write_bytes(b"old")
    (tmp_path / "x.new").write_bytes(b"half")
    disk.write_file(str(tmp_path / "x"), b"new", disk.Owner(str(tmp_path / "site")))
    assert (tmp_path / "x").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("library", [True, False])
def test_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: bool) -> None:  # noqa: FBT001
    """Everything is written to the disk, with a C library that has syncfs(2) and with one that has not."""
    called: list[str] = []
    monkeypatch.setattr(os, "sync", lambda: called.append("sync"))
    if not library:
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    disk.sync_all(str(tmp_path))
    assert called == ([] if library else ["sync"])


def test_owner_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who may not give files away keeps them; that is no error."""
    (tmp_path / "manifest.json").touch()
    monkeypatch.setattr(os, "geteuid", lambda: 77)
    owner = disk.Owner(str(tmp_path))
    assert owner.ids == (tmp_path.stat().st_uid, tmp_path.stat().st_gid)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    owner.give(str(tmp_path / "manifest.json"), 0o600)
    assert vars(owner)["ids"] is None
    assert (tmp_path / "manifest.json").stat().st_mode & 0o777 == 0o600


def test_lock_is_of_one_process(tmp_path: Path) -> None:
    """A second descriptor cannot hold what the first one holds."""
    with Path(tmp_path / "lock").open("w") as one, Path(tmp_path / "lock").open("w") as other:
        hold(one.fileno())
        with pytest.raises(OSError, match="unavailable"):
            hold(other.fileno())
