"""Files that a user names: regular ones alone are opened."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.user_files import open_user_file, read_user_file, require_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_and_a_link_to_one(tmp_path: Path) -> None:
    """Both are read, up to the limit."""
    (tmp_path / "one").write_bytes(b"1234")
    (tmp_path / "link").symlink_to("one")
    for name in ("one", "link"):
        require_file(str(tmp_path / name))
        assert read_user_file(str(tmp_path / name), 4) == b"1234"
    with pytest.raises(Misused, match="one has more than 3 bytes; name a smaller file"):
        read_user_file(str(tmp_path / "one"), 3)
    with pytest.raises(FileNotFoundError):
        open_user_file(str(tmp_path / "none"))


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe without a writer, a socket and a device are one line each, and so is a directory."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        for path in ("pipe", "socket", os.devnull):
            with pytest.raises(Misused, match=f"^{path} is no file, but a pipe, a socket or a device; name a file$"):
                open_user_file(path)
    with pytest.raises(Misused, match=r"^\. is a directory; name a file$"):
        open_user_file(".")


def test_a_pipe_that_replaces_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the opening it may become another: that one is not waited for either."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "one").touch()
    facts = (tmp_path / "one").stat()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda _: facts)
        with pytest.raises(Misused, match="is no file"):
            open_user_file(str(tmp_path / "pipe"))
