"""An older release is taken if its licence is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import PolicyError
from tests.support.stages.mirroring import LINUX, mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace
    from tests.support.wheels import Wheel

pytestmark = pytest.mark.usefixtures("configured_index")
GPL, MIT = ["License-Expression: GPL-3.0-only"], ["License-Expression: MIT"]


def ask(workspace: Workspace, line: str) -> None:
    """Write one request, and a policy that allows one licence."""
    workspace.write("base.txt", f"{line}\n")
    workspace.toml({"linux": LINUX}, more='[policy]\nallow_licenses = ["MIT"]\n')


def test_each_refused_project_gets_an_older_release(workspace: Workspace, index: Index) -> None:
    """What the older release requires is judged as well, as often as needed."""
    for number, name in enumerate(["aa", "bb", "cc"]):
        requires = [["bb", "cc"], ["cc"], []][number]
        index.add(make_wheel(name, "2.0", more=GPL), make_wheel(name, "1.0", requires=requires, more=MIT))
    ask(workspace, "aa")
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"aa": "1.0", "bb": "1.0", "cc": "1.0"}


@pytest.mark.parametrize(
    "better",
    [
        make_wheel("app", "1.0", more=MIT, tag="py3-none-win_amd64"),
        make_wheel("app", "1.0", more=[*MIT, "Requires-Python: <3"]),
        make_wheel("app", "1.0a1", more=MIT),
    ],
    ids=["another system", "another Python", "a pre-release"],
)
def test_a_release_that_does_not_serve_is_not_taken(workspace: Workspace, index: Index, better: Wheel) -> None:
    """The error is about the release that was chosen."""
    index.add(make_wheel("app", "2.0", more=GPL), better)
    ask(workspace, "app")
    with pytest.raises(PolicyError, match=r"app 2\.0: license"):
        mirror(workspace)


def test_an_older_release_that_has_no_solution(workspace: Workspace, index: Index) -> None:
    """The first choice, and not the gap behind it, is what the user reads of."""
    index.add(make_wheel("app", "2.0", more=GPL), make_wheel("app", "1.0", requires=["absent"], more=MIT))
    ask(workspace, "app")
    with pytest.raises(PolicyError, match=r"app 2\.0: license"):
        mirror(workspace)
