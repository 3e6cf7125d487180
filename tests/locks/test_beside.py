"""Build requirements beside another version of their project, with real pip and a real index on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.locks.beside import beside_locked
from pypi_subset.pipeline.prove import prove
from pypi_subset.support.progress import Silent
from tests.support.stages.mirroring import mirror, read_lock
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

SENTENCE = "tool 1.0, which the build of leaf requires, is beside tool 0.9 on here: pip takes the newer one"


class Lines(Silent):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, *lines: str) -> None:
        """Remember *lines*."""
        self.said += lines


def keeping(workspace: Workspace, constraint: str) -> None:
    """Keep the sdist of a project that requires tool for its build, beside a request for tool."""
    workspace.write("base.txt", "leaf\ntool\n-c limits.txt\n")
    workspace.write("limits.txt", constraint)
    workspace.toml({"here": "host"}, more='[sdists]\nkeep = ["leaf"]\n')


@pytest.mark.slow
def test_another_version_is_a_note(workspace: Workspace, index: Index) -> None:
    """mirror and verify say it, and the JSON of mirror has it; nothing is said of the same version."""
    index.add(make_buildable("leaf", build_requires=["tool>=1"]), make_wheel("tool", "0.9"), make_wheel("tool", "1.0"))
    keeping(workspace, "tool<1\n")
    result, said = mirror(workspace)
    assert f"note: {SENTENCE}" in said
    assert [one for one in result.warnings if one.startswith(SENTENCE)]
    lines = Lines()
    prove(workspace.paths, processes=1, progress=lines)
    assert [one for one in lines.said if one.startswith(f"note: {SENTENCE}")]
    keeping(workspace, "tool\n")
    result, said = mirror(workspace)
    assert (SENTENCE in said, beside_locked([read_lock(workspace, "base--here")])) == (False, [])
