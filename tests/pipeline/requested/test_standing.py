"""What the subset has of a request: a locked release that the site serves on the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from pypi_subset.pipeline import mirror
from pypi_subset.pipeline.requested.standing import standing
from pypi_subset.requirements.subset import read_subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")


def test_locked_and_served(workspace: Workspace, index: Index) -> None:
    """Versions, pre-releases, extras and the target count; a release that is locked and not served does not."""
    index.add(make_wheel("App.One", "2.0rc1", requires=['lib; extra == "x"'], extras=["x"]), make_wheel("lib"))
    workspace.write("base.txt", "app.one[x]==2.0rc1\n")
    workspace.write("other.txt", "lib\n")
    workspace.toml(
        {"one": "cp310-win_amd64", "two": "cp311-win_amd64"},
        sets={"base": {"targets": ["one"]}, "other": {"targets": ["two"]}},
    )
    mirror.mirror(workspace.paths)
    subset = read_subset(workspace.paths.requirements)
    one, two = subset.targets
    has = standing(subset, workspace.paths)
    for text, target, found in (
        ("app_one", one, True),
        ("APP.ONE[X]>=2.0rc1", one, True),
        ("app-one[y]", one, False),
        ("app-one>2", one, False),
        ("app-one", two, False),
        ("lib", one, True),
        ("lib", two, True),
    ):
        assert (has.pin(Requirement(text), target) is not None) is found, text
    assert has.names == {"App_One-2.0rc1-py3-none-any.whl", "lib-1.0-py3-none-any.whl"}
    (workspace.paths.site / "manifest.json").unlink()
    bare = standing(subset, workspace.paths)
    assert bare.pin(Requirement("lib"), two) is None
    assert bare.names == has.names
