"""Jobs are resolved in parallel, while files of the first locks are fetched."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import Gaps, NoSolution
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

#: Seconds after which a test fails that waits for what never comes.
ENOUGH = 60


@pytest.fixture
def two(workspace: Workspace, index: Index) -> Workspace:
    """Return a workspace with two sets: ``early`` can be resolved, ``late`` has a line that each test writes."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    workspace.write("early.txt", "app\n")
    workspace.toml({"linux": LINUX})
    return workspace


def held_until(index: Index, page: str, file: str) -> threading.Event:
    """Return an event that says whether *index* sent *file* while it kept back its *page*."""
    sent, before = threading.Event(), threading.Event()

    def answer(path: str) -> None:
        if path == page and sent.wait(ENOUGH):
            before.set()

    index.on_request = answer
    index.on_sent = lambda path: sent.set() if path == file else None
    return before


def fetched(space: Workspace) -> list[str]:
    """Return the names of the wheels in ``packages/``."""
    return sorted(path.name for path in space.paths.packages.glob("*.whl"))


def kept(space: Workspace) -> list[Path]:
    """Return the wheels that the next run need not fetch."""
    return sorted((space.paths.packages / ".fetched").glob("*/*.whl"))


def test_files_are_fetched_while_another_set_is_resolved(two: Workspace, index: Index) -> None:
    """The page that one set waits for comes after the files of the other one."""
    index.add(make_wheel("slow"))
    two.write("late.txt", "slow\n")
    before = held_until(index, "/simple/slow/", "/files/lib-1.0-py3-none-any.whl")

    assert mirror(two)[0].fetched == 3

    assert before.is_set()
    assert set(index.counts().values()) == {1}


def test_files_of_a_standing_lock_are_fetched_while_another_set_is_resolved(two: Workspace, index: Index) -> None:
    """A lock that is reused needs no resolution: its files come first."""
    mirror(two)
    for path in (*two.paths.packages.glob("*.whl"), *two.paths.site.glob("simple/*/*.whl")):
        path.unlink()
    index.add(make_wheel("slow"))
    two.write("late.txt", "slow\n")
    before = held_until(index, "/simple/slow/", "/files/lib-1.0-py3-none-any.whl")

    assert (summary := mirror(two)[0]).fetched == 3

    assert summary.resolved == 1
    assert before.is_set()


def test_a_gap_leaves_packages_and_locks_as_they_are(two: Workspace, index: Index) -> None:
    """What was fetched before another set had no solution is kept for the next run alone; every gap is told."""
    two.write("late.txt", "absent\n")
    two.write("later.txt", "missing\n")
    before = held_until(index, "/simple/absent/", "/files/lib-1.0-py3-none-any.whl")
    with pytest.raises(Gaps) as caught:
        mirror(two)
    assert before.is_set()
    assert {gap.project for gap in caught.value.gaps} == {"absent", "missing"}
    assert fetched(two) == []
    assert not two.paths.locks.exists()
    assert not two.paths.site.exists()
    assert kept(two)

    index.on_request = None
    (two.paths.requirements / "late.txt").unlink()
    (two.paths.requirements / "later.txt").unlink()
    whole = {path.name for path in kept(two)}
    summary, _ = mirror(two)
    came = [path for path in two.paths.packages.glob("*.whl") if path.name not in whole]
    assert (summary.fetched, summary.present) == (len(came), len(whole))
    assert summary.fetched_bytes == sum(path.stat().st_size for path in came)
    assert len(fetched(two)) == 2
    assert kept(two) == []
    assert {count for path, count in index.counts().items() if path.endswith(".whl")} == {1}


def test_a_file_that_cannot_be_fetched_is_told_after_the_gaps(two: Workspace, index: Index) -> None:
    """The error of a file that was fetched ahead does not hide that another set has no solution."""
    two.write("late.txt", "absent\n")
    lib = "/files/lib-1.0-py3-none-any.whl"
    before = held_until(index, "/simple/absent/", lib)
    held = index.on_request

    def without_lib(path: str) -> int | None:
        return 404 if path == lib else held and held(path)

    index.on_request = without_lib
    with pytest.raises(NoSolution, match="absent"):
        mirror(two)
    assert before.is_set()
