"""What every destination does, on a directory of this machine and by rsync: look, read, compare, send, remove."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.publishing.destinations.base import Found
from tests.support.sites.places import PLACES, Place
from tests.support.sites.trees import texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed")
#: Paths with what a shell, a list or a pattern could misread.
NAMES = ("a/b/c", "a/[*] 'x'\"$(y)", "-n", "é+1.0.whl")


@pytest.fixture(params=[pytest.param(name, marks=[needs_rsync] if name != "folder" else []) for name in PLACES])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Yield each kind of destination, which is not there yet."""
    with PLACES[str(request.param)](tmp_path / "place") as found:
        found.folder.parent.mkdir(exist_ok=True)
        yield found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a directory of files."""
    folder = tmp_path / "source"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"text of {name}", encoding="utf-8")
        os.utime(folder / name, (1_000_000_000, 1_000_000_000))
    return folder


def send(place: Place, source: Path, *names: str) -> int:
    """Send files; return how many were reported as done."""
    done: list[int] = []
    place.destination.send(source, names, done.append, {})
    return sum(done)


def test_nothing_is_there_yet(place: Place) -> None:
    """A destination that does not exist is empty."""
    assert place.destination.look() == {}
    assert place.destination.name == place.to


def test_what_is_sent_is_there(place: Place, source: Path) -> None:
    """With its bytes, size and time, and only what was named."""
    assert send(place, source, *NAMES[:3]) == 3
    assert texts(place.folder) == {name: f"text of {name}" for name in NAMES[:3]}
    found = place.destination.look()
    assert {path for path, one in found.items() if one.kind == "folder"} == {"a", "a/b"}
    assert found["a/b/c"] == Found(kind="file", size=len("text of a/b/c"), modified=1_000_000_000)
    assert place.destination.read("a/b/c") == b"text of a/b/c"


@pytest.mark.slow
def test_what_changed_is_found_by_its_bytes(place: Place, source: Path) -> None:
    """Size and time say nothing."""
    send(place, source, *NAMES)
    (source / NAMES[1]).write_text("text of " + "?" * len(NAMES[1]), encoding="utf-8")
    os.utime(source / NAMES[1], (1_000_000_000, 1_000_000_000))
    os.utime(source / NAMES[2], (1, 1))
    assert place.destination.changed(source, NAMES) == {NAMES[1]}
    send(place, source, NAMES[1])
    assert place.destination.changed(source, NAMES) == set()


@pytest.mark.slow
def test_what_is_removed_is_gone(place: Place, source: Path) -> None:
    """Files, then the directories that are empty then; a file that is gone already is no error."""
    send(place, source, *NAMES)
    place.destination.remove([NAMES[0], NAMES[1]], ["a", "a/b"])
    assert {*place.destination.look()} == {*NAMES[2:]}
    place.destination.remove([NAMES[0]])
    assert {*texts(place.folder)} == {*NAMES[2:]}


def test_a_link_is_seen_and_not_followed(place: Place, source: Path) -> None:
    """It is neither file nor directory."""
    send(place, source, NAMES[2])
    (place.folder / "link").symlink_to(source, target_is_directory=True)
    found = place.destination.look()
    assert {path: one.kind for path, one in found.items()} == {NAMES[2]: "file", "link": "other"}
