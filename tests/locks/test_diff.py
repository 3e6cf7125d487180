"""What differs between the locks of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.pipeline.plan import plan
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_update_tells_what_changed(workspace: Workspace, index: Index) -> None:
    """An update resolves again and names what came, went and moved; the superseded file stays, unpublished."""
    index.add(make_wheel("app", "1.0", requires=["old"]), make_wheel("old"), make_wheel("new"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.add(make_wheel("app", "1.1", requires=["new"]))
    assert mirror(workspace)[0].changes == ()
    summary, _ = mirror(workspace, update=True)
    assert summary.changes == (
        "base--linux: app 1.0 -> 1.1",
        "base--linux: new 1.0 added",
        "base--linux: old 1.0 is not needed any more",
    )
    assert summary.superseded == ("app-1.0-py3-none-any.whl", "old-1.0-py3-none-any.whl")
    assert (workspace.paths.packages / "old-1.0-py3-none-any.whl").is_file()
    assert {path.name for path in (workspace.paths.site / "simple").iterdir()} == {
        *("app", "new", "index.html", "index.v1_json", ".htaccess"),
    }


def test_a_set_that_is_gone_takes_its_lock_along(workspace: Workspace, index: Index) -> None:
    """The lock of a removed set is removed, and so are its pages."""
    index.add(make_wheel("one"), make_wheel("two"))
    workspace.write("first.txt", "one\n")
    second = workspace.write("second.txt", "two\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    second.unlink()
    summary, _ = mirror(workspace)
    assert [path.name for path in workspace.paths.locks.glob("*.toml")] == ["pylock.first--linux.toml"]
    assert summary.superseded == ("two-1.0-py3-none-any.whl",)
    assert not (workspace.paths.site / "simple" / "two").exists()


@pytest.mark.parametrize("kind", ["keep", "build"])
def test_what_builds_require_is_a_change(workspace: Workspace, index: Index, kind: str) -> None:
    """A newer build requirement is named with the project that is built, by plan and by update."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more=f'[sdists]\n{kind} = ["leaf"]\n')
    mirror(workspace)
    index.add(make_wheel("tool", "2.0"))
    # What was built stays until a rule refuses what it was built with.
    workspace.toml({"here": "host"}, more=f'[sdists]\n{kind} = ["leaf"]\n[policy]\ndeny = ["tool==1.0"]\n')
    (change,) = plan(workspace.paths, update=True).changes
    assert (change.project, change.before, change.after, change.build_of) == ("tool", "1.0", "2.0", "leaf")
    assert mirror(workspace, update=True)[0].changes == ("base--here: tool 1.0 -> 2.0, to build leaf",)
