"""Pins and edges that contradict the locks, or each other: the inventory names each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.inventory import inventory
from tests.support.sites.cases import LINUX, WINDOWS
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

AA, BB, WIN = make_wheel("aa", requires=["bb"]), make_wheel("bb"), make_wheel("win")
EDGES = {"linux": [("", "", "aa"), ("aa", "", "bb")], "windows": [("", "", "aa"), ("aa", "", "bb"), ("bb", "", "win")]}


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset of two targets, with closures: three files, three edges."""
    pins = {"linux": [AA, BB], "windows": [AA, BB, WIN]}
    return SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins, edges=EDGES).write()


def reds(subset: SubsetOnDisk, change: Callable[[Any], object] = lambda _: None) -> list[str]:
    """Return the red sentences about the site whose manifest *change* has changed."""
    path = subset.paths.site / "manifest.json"
    made = json.loads(path.read_bytes())
    change(made)
    path.write_text(json.dumps(made))
    return [check.reason for check in inventory.take(subset.paths, subset.plan) if check.status == "failed"]


def test_closures_that_agree_with_the_locks_are_green(subset: SubsetOnDisk) -> None:
    """Each pin is locked, and each edge leads from a pin to a pin."""
    assert reds(subset) == []


@pytest.mark.parametrize(
    ("number", "pins", "name"),
    [(0, "0", "bb"), (0, "1", "aa"), (0, "0-2", "win"), (1, "0-1", "win"), (1, "0,2", "bb"), (1, "1-2", "aa")],
)
def test_each_pin_that_is_missing_or_false_is_named(subset: SubsetOnDisk, number: int, pins: str, name: str) -> None:
    """With the set and the target, and who has it."""
    found = reds(subset, lambda made: made["closures"][number].update(pins=pins))
    where = ["linux", "windows"][number]
    who = "the manifest, but not in its lock" if pins == "0-2" else "its lock, but not in the manifest"
    assert found[0] == (f"{name}-1.0-py3-none-any.whl is a pin of base on {where} in {who}: run `pypi-subset mirror`")


def test_an_edge_without_a_pin_is_named(subset: SubsetOnDisk) -> None:
    """At either end."""
    assert reds(subset, lambda made: made["closures"][0].update(edges="0-2")) == [
        "the edge bb -> win leads over win, which is no pin of base on linux: run `pypi-subset mirror`"
    ]


@pytest.mark.parametrize(("edges", "name"), [("0-1", "win"), ("1-2", "aa"), ("0", "bb")])
def test_a_pin_that_no_edge_leads_to_is_named(subset: SubsetOnDisk, edges: str, name: str) -> None:
    """From the requests, over any extra."""
    found = reds(subset, lambda made: made["closures"][1].update(edges=edges))
    assert f"no edge leads to {name}, a pin of base on windows: run `pypi-subset mirror`" in found


def test_what_an_interpreter_brings_is_compared(subset: SubsetOnDisk) -> None:
    """A manifest that says otherwise would let an importer miss a pin."""
    found = reds(subset, lambda made: made["targets"][0].update(brought={"bb": "1.0"}))
    assert found == [
        "the target linux is another machine in the manifest than in requirements/: run `pypi-subset mirror`"
    ]
