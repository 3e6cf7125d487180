"""What a directory looks like: every change shows, and in its own directory alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.support.fingerprint import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a directory with files in two directories and at its top."""
    root = tmp_path / "site"
    for path in ("top", "one/file", "one/other", "two/deep/file", "left out/file", "README.md"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


CHANGES: Mapping[str, Callable[[Path], object]] = {
    "size": lambda one: (one / "file").write_text("longer than before"),
    "time": lambda one: os.utime(one / "file", ns=(1, 1)),
    "mode": lambda one: (one / "file").chmod(0o600),
    "name": lambda one: (one / "file").rename(one / "renamed"),
    "gone": lambda one: (one / "file").unlink(),
    "more": lambda one: (one / "more").write_text(""),
    "folder": lambda one: (one / "empty").mkdir(),
    "inode": lambda one: Path(shutil.copy2(one / "file", one.parent.parent / "copy")).replace(one / "file"),
    "link": lambda one: (one / "link").symlink_to("file"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_shows_in_its_folder_alone(folder: Path, change: str) -> None:
    """The digest of the directory that it happened in is another one, and no other."""
    before = snapshot(folder)
    CHANGES[change](folder / "one")
    after = snapshot(folder)
    assert {path for path in before if before[path] != after[path]} == {"one"}


def test_names_hold_what_they_may(folder: Path) -> None:
    """A name that is no text, and one with an end of line in it, are names like others."""
    before = snapshot(folder)
    with open(os.fsencode(folder / "one") + b"/\xff", "wb"):  # noqa: PTH123 - a name that is no text
        pass
    (folder / "two" / "a\nb").touch()
    after = snapshot(folder)
    assert {path for path in before if before[path] != after[path]} == {"one", "two"}


def test_what_is_left_out_or_known_is_not_looked_at(folder: Path) -> None:
    """It may change, or be gone; the directory that it lies in shows its name if it is known."""
    before = snapshot(folder, but={"README.md", "left out"})
    assert before.keys() == {"", "one", "two", "two/deep"}
    (folder / "README.md").write_text("other")
    (folder / "left out" / "file").unlink()
    assert snapshot(folder, but={"README.md", "left out"}) == before
    (folder / "two" / "deep" / "file").unlink()
    assert snapshot(folder, but={"README.md", "left out"}, known={"two/deep": before["two/deep"]}) == before


def test_of_an_absent_folder_nothing_is_known(tmp_path: Path) -> None:
    """Where there is no site yet, nothing looks like anything."""
    assert snapshot(tmp_path / "nowhere") == {}
