"""A run that dies behind any write, link or rename: the old bundle whole, none, or the new one whole; the next run ends."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle import ledger
from tests.support.bundles.office import Office, contents, office
from tests.support.killer.dying import dying
from tests.support.sites.trees import tree
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TARGETS = {"linux": "cp312-manylinux_2_28_x86_64"}
#: Every such tick is a test of the quick cut.
STRIDE = 9


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a directory whose ``before`` has a proven site, and a medium with the bundle of the site before that."""
    root = tmp_path_factory.mktemp("killed")
    with own_index() as index:
        index.add(make_wheel("app"), make_wheel("old"))
        side = office(Workspace(root / "before" / "work"), TARGETS)
        side.key.rename(root / "office")
        found = Office(side.space, root / "office")
        found.mirror("app", "old")
        found.bundle(root / "before" / "stick")
        index.add(make_wheel("app", "2.0"))
        found.mirror("app")
        yield root


@pytest.fixture
def run(before: Path) -> Iterator[Callable[[int], int]]:
    """Yield what runs a bundle that dies behind the tick of that number, and returns its status."""
    with dying("bundle", before / "now") as at:
        yield at


def fresh(before: Path) -> Path:
    """Return a copy of the directories before the run, in the place that the run knows."""
    now = before / "now"
    shutil.rmtree(now, ignore_errors=True)
    shutil.copytree(before / "before", now, symlinks=True)
    return now


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of the medium that count: the stage of a run is none."""
    return {path: data for path, data in tree(folder).items() if not path.startswith(".")}


def swept(before: Path, run: Callable[[int], int], ticks: Iterator[int], capfd: pytest.CaptureFixture[str]) -> int:
    """Return how many runs died, after looking at what each left and at what the next run makes of it."""
    now = fresh(before)
    old = files(now / "stick")
    assert run(0) == 0
    new, known = files(now / "stick"), (now / "work/packages/.sent/sent.json").read_bytes()
    died = 0
    for tick in ticks:
        now = fresh(before)
        if run(tick) == 0:
            break
        died += 1
        left = files(now / "stick")
        if "bundle.json" in left:
            assert left in (old, new), tick
        sent = ledger.read(now / "work" / "packages").sent
        assert len(sent) == 1 or left == new, tick
        assert run(0) == 0, tick
        assert tree(now / "stick") == new, tick
        assert (now / "work/packages/.sent/sent.json").read_bytes() == known, tick
        assert contents(now / "stick")
    capfd.readouterr()
    return died


@pytest.mark.slow
def test_the_quick_cut(before: Path, run: Callable[[int], int], capfd: pytest.CaptureFixture[str]) -> None:
    """Behind every ninth step."""
    assert swept(before, run, iter(range(1, 10_000, STRIDE)), capfd) > 5


@pytest.mark.sweep
def test_every_step(before: Path, run: Callable[[int], int], capfd: pytest.CaptureFixture[str]) -> None:
    """Behind every single step."""
    assert swept(before, run, iter(range(1, 10_000)), capfd) > 60


def test_a_signal_ends_it(before: Path, run: Callable[[int], int]) -> None:
    """What these tests do to a run is what they say: it dies by SIGKILL."""
    fresh(before)
    assert os.WTERMSIG(run(3)) == signal.SIGKILL
