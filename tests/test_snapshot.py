"""What a folder looks like: every change shows, and in its own folder alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset import snapshot as room
from pypi_subset.snapshot import looking, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files in two folders and at its top."""
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
    """The digest of the folder that it happened in is another one, and no other."""
    before = snapshot(folder).digests
    CHANGES[change](folder / "one")
    after = snapshot(folder).digests
    assert {path for path in before if before[path] != after[path]} == {"one"}


def test_names_hold_what_they_may(folder: Path) -> None:
    """A name that is no text, and one with an end of line in it, are names like others."""
    before = snapshot(folder).digests
    with open(os.fsencode(folder / "one") + b"/\xff", "wb"):  # noqa: PTH123 - a name that is no text
        pass
    (folder / "two" / "a\nb").touch()
    after = snapshot(folder).digests
    assert {path for path in before if before[path] != after[path]} == {"one", "two"}


def test_what_is_left_out_or_known_is_not_looked_at(folder: Path) -> None:
    """It may change, or be gone; the folder that it lies in shows its name if it is known."""
    before = snapshot(folder, but={"README.md", "left out"}).digests
    assert before.keys() == {"", "one", "two", "two/deep"}
    (folder / "README.md").write_text("other")
    (folder / "left out" / "file").unlink()
    assert snapshot(folder, but={"README.md", "left out"}).digests == before
    (folder / "two" / "deep" / "file").unlink()
    assert snapshot(folder, but={"README.md", "left out"}, known={"two/deep": before["two/deep"]}).digests == before


def test_another_process_sees_the_same(folder: Path, tmp_path: Path) -> None:
    """What is found out meanwhile is what would have been found out here; of an absent folder nothing."""
    with looking(folder, but={"README.md"}) as answer:
        assert answer() == snapshot(folder, but={"README.md"})
    with looking(tmp_path / "nowhere") as answer:
        assert answer() == ({}, {})


def test_a_process_that_fails_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the other process comes to nothing, this one looks."""
    monkeypatch.setattr(room, "__file__", str(folder / "nothing"))
    with looking(folder) as answer:
        assert answer() == snapshot(folder)


def test_nobody_has_to_wait_for_the_answer(folder: Path) -> None:
    """A run that ends before it needs the answer leaves no process behind."""
    with looking(folder):
        pass
