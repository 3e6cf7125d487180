"""Which wheels of the user are lost, from real locks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.locks.lost import lost_wheels
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


@pytest.mark.usefixtures("configured_index")
def test_what_is_lost(workspace: Workspace, index: Index) -> None:
    """A wheel of the directory that is there no more, unless another source serves it or the index is allowed."""
    index.add(make_wheel("lib"))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    wheels = [make_wheel(name).save(folder) for name in ("app", "more")]
    workspace.write("base.txt", "app\nmore\nlib\n")
    workspace.toml({"linux": LINUX})
    assert lost_wheels(read_subset(workspace.paths.requirements).sources, workspace.paths.locks) == ()
    mirror(workspace)
    sources = read_subset(workspace.paths.requirements).sources
    assert lost_wheels(sources, workspace.paths.locks) == ()
    wheels[0].unlink()
    assert lost_wheels(read_subset(workspace.paths.requirements).sources, workspace.paths.locks) == (
        ("app", wheels[0].name),
    )
    (one,) = sources.named
    open_ = replace(sources, named=(replace(one, projects=(), only=False),))
    assert lost_wheels(open_, workspace.paths.locks) == ()
    (workspace.paths.locks / "pylock.damaged.toml").write_text('source = "wheels"')
    assert lost_wheels(sources, workspace.paths.locks) == ()
