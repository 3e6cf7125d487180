"""Entries of a lock: counted, or refused together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import HashMismatch, InputFaults
from pypi_subset.relocking.address import address_of
from pypi_subset.relocking.entries import Entries, filename_of, sha256_in
from pypi_subset.relocking.holdings import read_holdings
from tests.support.relocks.sites import Held, write_manifest
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

DEMO, OLD, SDIST = make_wheel("demo"), make_wheel("old"), make_sdist("old")


@pytest.fixture
def entries(tmp_path: Path) -> Entries:
    """Return what decides about the entries of a lock."""
    site = write_manifest(tmp_path / "site", Held(DEMO), Held(OLD, built_from=SDIST))
    return Entries(path=tmp_path / "app" / "uv.lock", holdings=read_holdings(address_of(str(site)), site))


def test_entries_are_counted(entries: Entries) -> None:
    """A file is kept, left out, or replaced."""
    assert [one.filename for one in entries.files(DEMO.filename, DEMO.sha256, 1)] == [DEMO.filename]
    assert entries.files("gone-1.0-py3-none-any.whl", "", 2) == ()
    assert [one.filename for one in entries.files(SDIST.filename, "", 3)] == [OLD.filename]
    assert (entries.kept, entries.dropped, entries.built) == (1, 1, 1)
    entries.require_all()


def test_all_that_is_refused_is_one_error(entries: Entries) -> None:
    """Each package is a line with its place, and no line shows a password."""
    entries.refuse_origin("tool", "git", "https://ada:secret@host/tool?rev=1#abc", 7)
    entries.refuse_origin("part", "a path outside of the project", "../part", 9)
    entries.files("odd-1.0.tar.gz", None, 11)
    with pytest.raises(InputFaults) as caught:
        entries.require_all()
    assert [line.partition(": ")[2] for line in caught.value.lines] == [
        "tool comes from git (https://host/tool?rev=1#abc), which no index has; lock a release from an index instead",
        "part comes from a path outside of the project (../part), which no index has; lock a release from an index instead",
        "odd-1.0.tar.gz has no sha256 in the lock; lock it from an index that states sha256",
    ]


def test_other_bytes_are_one_error(entries: Entries) -> None:
    """Each file is a line below it."""
    entries.files(DEMO.filename, "0" * 64, 3)
    entries.files(SDIST.filename, "1" * 64, 5)
    with pytest.raises(HashMismatch, match="2 files of the lock have other bytes in the site") as caught:
        entries.require_all()
    assert [line.partition(" has ")[0] for line in caught.value.details] == [
        f"{entries.path}:3: {DEMO.filename}",
        f"{entries.path}:5: {SDIST.filename}",
    ]


@pytest.mark.parametrize(
    ("path", "inside"),
    [(".", True), ("packages/part", True), ("../app/part", True), ("..", False), ("../part", False), ("/opt", False)],
)
def test_what_moves_with_the_project(entries: Entries, path: str, *, inside: bool) -> None:
    """A path inside the directory of the lock does."""
    assert entries.is_inside(path) is inside


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"url": "https://host/a/demo-1.0%2Bcpu-py3-none-any.whl?token=1#x"}, "demo-1.0+cpu-py3-none-any.whl"),
        ({"path": "..\\wheels\\demo-1.0-py3-none-any.whl"}, "demo-1.0-py3-none-any.whl"),
        ({"filename": "demo-1.0.tar.gz", "url": "https://host/blob/1"}, "demo-1.0.tar.gz"),
        ({"name": "demo-1.0.tar.gz", "path": "x"}, "demo-1.0.tar.gz"),
        ({}, ""),
    ],
)
def test_the_name_of_a_file(entry: dict[str, str], name: str) -> None:
    """It is stated, or the last part of a URL or a path."""
    assert filename_of(entry) == name


@pytest.mark.parametrize(
    ("text", "found"),
    [(f"sha256:{'AB' * 32}", "ab" * 32), (None, ""), (f"sha512:{'0' * 128}", None), ("sha256:12", None), (12, None)],
)
def test_the_hash_of_a_file(text: object, found: str | None) -> None:
    """It is in small letters; other algorithms and what is no hash are known from none."""
    assert sha256_in(text) == found
