"""Where a lock takes its entries from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pip._internal.models.index import PyPI

from pypi_subset.model.intake.sources import Source as Origin
from pypi_subset.model.intake.sources import Sources
from pypi_subset.requirements.lockfiles.entries import Entry
from pypi_subset.requirements.lockfiles.registries import misplaced
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.reach import NOWHERE, Reach
from pypi_subset.requirements.source import Source
from pypi_subset.requirements.subset_toml import Choice
from pypi_subset.requirements.toml import Settings
from pypi_subset.targets.tag import parse

if TYPE_CHECKING:
    from pypi_subset.model.targets import Target

SHA = "sha256:" + "0" * 64
NOTHING = Settings(path=Path("x.lock"), document={}, places={})
LINUX, WINDOWS = parse("linux", "cp310-manylinux2014_x86_64"), parse("windows", "cp310-win_amd64")
OWN = Reach(index_urls=("https://own/simple",), find_links=("wheels",))


def entry(name: str = "a", registry: str = "", place: str = "", hashes: tuple[str, ...] = (SHA,)) -> Entry:
    """Return an entry of a lock."""
    return Entry(name=name, version="1", line=2, hashes=hashes, registry=registry, place=place)


def faults(
    reach: Reach,
    *entries: Entry,
    on: tuple[str, ...] = ("linux", "windows"),
    more: dict[Entry, list[Target]] | None = None,
) -> list[str]:
    """Return the faults of a lock of *entries*, each used on the targets *on*, and of *more*."""
    source = Source(
        set_name="app",
        path=Path("x.lock"),
        choice=Choice(targets=("linux", "windows")),
        targets=(LINUX, WINDOWS),
        settings=NOTHING,
        places=places_of(Path("requirements")),
        reach=reach,
    )
    used = {one: [target for target in (LINUX, WINDOWS) if target.name in on] for one in entries}
    return list(map(str, misplaced(source, NOTHING, used | (more or {}))))


@pytest.mark.parametrize("registry", ["", "https://user@own/simple/", PyPI.simple_url, "wheels"])
def test_an_index_that_pip_has_is_accepted(registry: str) -> None:
    """So is PyPI in a lock where pip has another index in its place: a hash decides which file it is."""
    assert faults(OWN, entry(registry=registry)) == []


def test_another_index_is_one_fault_with_its_tables() -> None:
    """The lines to paste name the projects, and the targets where they count, without user and password."""
    entries = [entry(name, "https://me:secret@more/simple") for name in ("a", "b")]
    what = "the lock takes a and b from an index that pip is not configured for"
    step = "to take these projects from that index and from nowhere else, write in subset.toml:"
    lines = ["[sources.more]", 'index = "https://more/simple"', 'projects = ["a", "b"]']
    assert faults(OWN, *entries) == ["\n    ".join([f"x.lock:2: {what}; {step}", *lines])]
    assert faults(OWN, entries[0], on=("windows",))[0].endswith('\n    projects = ["a"]')
    assert faults(NOWHERE, *entries) == []


def test_a_project_of_two_indexes_has_its_targets() -> None:
    """A variant for some targets comes from one index, and another one for the others from another."""
    (fault,) = faults(OWN, entry("a", "https://more/simple"), on=("windows",), more={entry("a"): [LINUX]})
    assert fault.endswith('\n    projects = ["a"]\n    targets = ["windows"]')


def test_a_directory_is_named_in_find_links() -> None:
    """No source is printed for a directory of files."""
    (fault,) = faults(OWN, entry(registry="other"))
    assert fault.endswith("configured for; name that place in pip's configuration, as index-url or find-links")


def test_a_place_needs_a_source_and_a_hash() -> None:
    """A source serves its projects on its targets alone; without a hash the file cannot be known."""
    origin = Origin(name="mine", projects=("a",), index="https://mine/simple", targets=("linux",))
    served = Reach(index_urls=("https://own/simple",), sources=Sources(named=(origin,)))
    assert faults(served, entry(place="a URL"), on=("linux",)) == []
    assert len(faults(served, entry(place="a URL"))) == 1
    assert faults(served, entry(place="git", hashes=()), on=("linux",)) == [
        "x.lock:2: a comes from git: an index offers releases; lock a release from an index, or choose extras and groups without it"
    ]
