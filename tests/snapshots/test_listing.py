"""The list of snapshots and channels; removing snapshots; what packages/ keeps for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.snapshots.listing import list_snapshots, needed_by_snapshots, remove_snapshots
from tests.support.sites.trees import tree
from tests.support.states.lab import Lab, two_states

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with the snapshots one and two."""
    return two_states(tmp_path / "lab")


def test_what_there_is(lab: Lab) -> None:
    """Each snapshot with the channels that got it last, and the last promotion of each channel."""
    lab.promote("one", "test")
    lab.promote("one", "prod")
    lab.promote("two", "test")
    found = list_snapshots(lab.paths)
    assert [(one.name, one.proven, one.distributions, one.channels) for one in found.snapshots] == [
        ("one", True, 2, ("prod",)),
        ("two", True, 2, ("test",)),
    ]
    assert [(one.channel, one.snapshot, one.by) for one in found.promotions] == [
        ("prod", "one", "ada"),
        ("test", "two", "ada"),
    ]


def test_a_snapshot_of_a_channel_stays(lab: Lab) -> None:
    """Another one is removed; if one of several cannot be, none is."""
    lab.promote("one", "prod")
    before = tree(lab.store.folder)
    for names in (["one"], ["two", "one"], ["two", "three"]):
        with pytest.raises(SubsetError):
            remove_snapshots(lab.paths, names)
        assert tree(lab.store.folder) == before
    found = remove_snapshots(lab.paths, ["two", "two"])
    assert ([one.name for one in found.snapshots], found.removed) == (["one"], ("two",))
    assert not unneeded(lab)


def unneeded(lab: Lab) -> set[str]:
    """Return what the pool has that no snapshot needs."""
    return {path.name for path in (lab.store.folder / "pool").rglob("*") if path.is_file()} - lab.store.needed()


def test_the_reasons_for_prune(lab: Lab) -> None:
    """Each distribution with the snapshots that have it."""
    lab.take("three")
    found = needed_by_snapshots(lab.paths.packages)
    assert found["old-1.0-py3-none-any.whl"] == "the snapshot one has it"
    assert found["new-1.0-py3-none-any.whl"] == "the snapshots two, three have it"
