"""METADATA beside wheels that no page announces: a host is tried once, and the wheel decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import BadDistribution
from pypi_subset.upstream.places import apart
from tests.support.servers.index_http import LOGIN, Answer
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

#: Large enough for METADATA of its own.
LARGE = 1 << 18
WHEELS = [
    make_wheel("alpha", requires=["beta"], ballast=LARGE),
    make_wheel("beta", "2.0", requires=["gamma"], ballast=LARGE),
    make_wheel("gamma", ballast=LARGE),
]


@pytest.fixture
def space(workspace: Workspace, index: Index) -> Workspace:
    """Return a directory to mirror in, from an index that announces no METADATA."""
    index.announced = False
    index.add(*WHEELS)
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    return workspace


def test_it_is_used_where_it_is_served(space: Workspace, index: Index) -> None:
    """No end of a wheel is asked for; the lock is the one that an index with announced METADATA gives."""
    mirror(space)
    assert index.gets(".metadata") == 3
    assert [hit.range for hit in index.hits(".whl")] == ["", "", ""]
    lock = read_lock(space, "base--linux")
    index.announced = True
    mirror(space, update=True)
    assert read_lock(space, "base--linux") == lock


@pytest.mark.parametrize(
    "answer",
    [Answer(status=404), Answer(status=403), Answer(status=500), Answer(status=429), Answer(status=401), LOGIN],
    ids=lambda one: str(one.status),
)
def test_a_host_without_it_is_tried_once(space: Workspace, index: Index, answer: Answer, pauses: list[float]) -> None:
    """Whatever it answers, it is not asked again, and no pause is made for it."""
    for wheel in WHEELS:
        index.answers[f"/files/{wheel.filename}.metadata"] = answer
    mirror(space)
    assert versions(space, "base--linux") == {"alpha": "1.0", "beta": "2.0", "gamma": "1.0"}
    assert (index.gets(".metadata"), pauses) == (1, [])


def test_small_wheels_need_none(workspace: Workspace, index: Index) -> None:
    """They are fetched as a whole, each once."""
    index.announced = False
    index.add(make_wheel("alpha", requires=["beta"]), make_wheel("beta"))
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert index.gets(".metadata") == 0
    assert [hit.range for hit in index.hits(".whl")] == ["", ""]


def test_the_wheel_decides(space: Workspace, index: Index) -> None:
    """METADATA that contradicts its wheel ends the run, and update asks that host for none."""
    index.projects["beta"] = [replace(WHEELS[1], metadata=WHEELS[1].metadata.replace(b"gamma", b"alpha"))]
    with pytest.raises(BadDistribution, match=r"contradict each other; run `pypi-subset update`"):
        mirror(space)
    assert (space.paths.packages / apart.FILE).read_text() == f"{index.host}\n"
    index.requests.clear()
    mirror(space, update=True)
    assert versions(space, "base--linux") == {"alpha": "1.0", "beta": "2.0", "gamma": "1.0"}
    assert index.gets(".metadata") == 0
