"""A promotion that dies behind any write, link or rename: readers find a whole site, and the next run ends it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.paths import MANIFEST, RELEASE
from pypi_subset.snapshots import promotions
from tests.support.killer.dying import dying
from tests.support.sites.links import holes
from tests.support.sites.trees import tree
from tests.support.states.lab import Lab, two_states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Every such tick is a test of the quick cut. A rename has few steps, and each of them counts.
STRIDES = {"renamed": 1}
STRIDE = 11
#: What is promoted, and what the channel had before: nothing, another state, or a newer one, while the wanted one is kept.
CASES = {"first": ("one", ()), "published": ("two", ("one",)), "renamed": ("one", ("one", "two"))}


@pytest.fixture(scope="module", params=CASES)
def before(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory whose ``before`` has two snapshots and a channel in the state of the case."""
    wanted, earlier = CASES[request.param]
    root = tmp_path_factory.mktemp(request.param)
    lab = two_states(root / "before")
    for name in earlier:
        lab.promote(name, "prod")
    (lab.root / "wanted").write_text(wanted)
    return root


@pytest.fixture
def run(before: Path) -> Iterator[Callable[[int], int]]:
    """Yield what runs a promotion that dies behind the tick of that number, and returns its status."""
    with dying("promote", before / "now") as at:
        yield at


def fresh(before: Path) -> Lab:
    """Return a copy of the lab before the run, in the place that the run knows."""
    now = before / "now"
    shutil.rmtree(now, ignore_errors=True)
    shutil.copytree(before / "before", now, symlinks=True)
    return Lab(now)


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a channel but the number of its publication."""
    return {path: data for path, data in tree(folder).items() if path != RELEASE} if folder.is_dir() else {}


def states(lab: Lab) -> dict[str, dict[str, bytes]]:
    """Return the earlier states that the channel keeps, by the hash of their manifest."""
    folder = lab.channel("prod").with_name(".prod.states")
    return {path.name: files(path) for path in folder.iterdir()} if folder.is_dir() else {}


def unlike(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Return the paths that only one of two directories has, or that have other bytes there."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def check_whole(lab: Lab, old: dict[str, bytes], new: dict[str, bytes], *, renamed: bool) -> None:
    """Require what a reader finds after a kill: no page of the live site names a file that is not there."""
    live = lab.channel("prod")
    found = files(live)
    if renamed:
        # Distributions of the other state come along for a while.
        assert any(side.items() <= found.items() and not holes(live) for side in (old, new))
        assert {path for path in found if path not in old and path not in new} == set()
    elif MANIFEST in found:
        assert found[MANIFEST] in {side[MANIFEST] for side in (old, new) if side}
        assert holes(live) == []


def swept(before: Path, run: Callable[[int], int], ticks: Iterator[int]) -> int:
    """Return how many runs died, after looking at what each left and at what the next run makes of it."""
    lab = fresh(before)
    old, record = files(lab.channel("prod")), promotions.read(lab.paths.packages).promotions
    assert run(0) == 0
    new, after, kept = files(lab.channel("prod")), promotions.read(lab.paths.packages).promotions, states(lab)
    assert after[:-1] == record
    died = 0
    for tick in ticks:
        lab = fresh(before)
        if run(tick) == 0:
            break
        died += 1
        check_whole(lab, old, new, renamed=after[-1].how == "renamed")
        assert promotions.read(lab.paths.packages).promotions in (record, after), tick
        assert run(0) == 0, tick
        assert unlike(files(lab.channel("prod")), new) == [], tick
        found = states(lab)
        assert found.keys() == kept.keys(), tick
        assert [path for name in kept for path in unlike(found[name], kept[name])] == [], tick
        *others, last = promotions.read(lab.paths.packages).promotions
        assert (tuple(others), last.manifest) == (record, hashlib.sha256(new[MANIFEST]).hexdigest()), tick
        assert last.previous == after[-1].previous, tick
        assert sorted(path.name for path in lab.channel("prod").parent.iterdir()) in (
            [".prod.states", "prod"],
            ["prod"],
        )
        assert not [*lab.store.folder.glob(".*.stage")], tick
    return died


@pytest.mark.slow
def test_the_quick_cut(before: Path, run: Callable[[int], int]) -> None:
    """Behind every eleventh step, and behind each one of a rename."""
    assert swept(before, run, iter(range(1, 10_000, STRIDES.get(before.name.rstrip("0"), STRIDE)))) > 10


@pytest.mark.sweep
def test_every_step(before: Path, run: Callable[[int], int]) -> None:
    """Behind every single step."""
    assert swept(before, run, iter(range(1, 10_000))) > 30


def test_a_signal_ends_it(before: Path, run: Callable[[int], int]) -> None:
    """What these tests do to a run is what they say: it dies by SIGKILL."""
    fresh(before)
    assert os.WTERMSIG(run(3)) == signal.SIGKILL
