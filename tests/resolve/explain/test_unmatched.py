"""Errors about a project of which no release can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_yanked_releases_are_named(workspace: Workspace, index: Index) -> None:
    """Where all that fits was yanked, no target helps: a line that names the version does."""
    for wheel in (make_wheel("ally", "1.0"), make_wheel("ally", "2.0")):
        index.add(wheel)
        index.yank(wheel, "broken")
    workspace.write("base.txt", "ally\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == "base--linux: ally: all releases were yanked"
    assert caught.value.next_step == "write 'ally==2.0' in the set to take it all the same"
    assert caught.value.seen == ("2.0: yanked: broken", "1.0: yanked: broken")
    workspace.write("base.txt", "ally==2.0\n")
    mirror(workspace)
    # Another release is for other systems.
    index.add(make_wheel("ally", "3.0", tag="cp310-cp310-win_amd64"))
    workspace.write("base.txt", "ally\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == "base--linux: ally: all that fits cp310-cp310-manylinux2014_x86_64 was yanked"
    assert caught.value.next_step.startswith("write 'ally==2.0' in the set to take it all the same; or nothing is for")


def test_no_target_is_proposed_for_a_yanked_release(workspace: Workspace, index: Index) -> None:
    """pip takes it nowhere without its version."""
    wheel = make_wheel("ally", tag="cp310-cp310-win_amd64")
    index.add(wheel)
    index.yank(wheel)
    workspace.write("base.txt", "ally\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert (caught.value.what, caught.value.next_step) == (
        "base--linux: ally: 1.0 was yanked",
        "ask for another version",
    )
