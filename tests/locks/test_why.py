"""The chain of requirements that leads to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.manifest import read_manifest
from tests.support.sites import chain_check as chaincheck
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace
from tests.support.stages.mirroring import THREE, mirror


@pytest.fixture(autouse=True)
def _use_index(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's pip is configured for the loopback index."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)


def test_chains_hold_against_the_wheels(workspace: Workspace, index: Index) -> None:
    """Every chain in the manifest can be rebuilt from the METADATA of the wheels in the site."""
    index.add(make_wheel("app", requires=["lib[x]", "win; os_name == 'nt'"]), make_wheel("win", requires=["lib"]))
    index.add(make_wheel("lib", requires=["deep; extra == 'x'"], extras=["x"]), make_wheel("deep"))
    workspace.write("base.txt", "app\n")
    workspace.write("more.txt", "lib[x]\nwin; os_name == 'nt'\n")
    workspace.toml(THREE)
    mirror(workspace)
    assert chaincheck.faults(read_manifest(workspace.paths.site), workspace.paths.site) == []
