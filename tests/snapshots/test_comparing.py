"""What differs between two states, by their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.snapshots.comparing import Amount, Lines, ProjectChange, compare
from tests.support.states.lab import Lab, two_states
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with the snapshots one and two."""
    return two_states(tmp_path / "lab")


def test_requests_projects_files_and_bytes(lab: Lab) -> None:
    """What came, what went, and what has another version, with the sums."""
    found = compare(lab.paths, "one", "two")
    assert found.requests == Lines(added=("base: new",), removed=("base: old",))
    assert found.targets == Lines(added=(), removed=())
    assert found.projects == (
        ProjectChange(project="app", before="1.0", after="2.0", targets=("linux",)),
        ProjectChange(project="new", before="", after="1.0", targets=("linux",)),
        ProjectChange(project="old", before="1.0", after="", targets=("linux",)),
    )
    sizes = {one.filename: len(one.data) for one in (make_wheel("app", "2.0"), make_wheel("new"))}
    assert found.files.added == tuple(sorted(sizes))
    assert found.added == found.total_after == Amount(files=2, bytes=sum(sizes.values()))
    assert not found.is_empty


def test_the_site_and_channels_are_states(lab: Lab) -> None:
    """The site is that of the last snapshot; a channel has what was promoted."""
    assert compare(lab.paths, "two", "site").is_empty
    lab.promote("one", "prod")
    assert compare(lab.paths, "one", "prod").is_empty
    assert compare(lab.paths, "prod", "site").projects == compare(lab.paths, "one", "two").projects
    with pytest.raises(SubsetError, match="the channel test has no site"):
        compare(lab.paths, "test", "site")
    with pytest.raises(SubsetError, match="there is no snapshot 'x'"):
        compare(lab.paths, "x", "site")


def test_the_way_back_is_the_opposite(lab: Lab) -> None:
    """Of two states in the other order, what was added is removed."""
    there, back = compare(lab.paths, "one", "two"), compare(lab.paths, "two", "one")
    assert (there.files.added, there.added) == (back.files.removed, back.removed)
    assert (there.before, there.after) == (back.after, back.before)
