"""Which locks are kept, and which are resolved anew."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.pipeline.mirror import mirror

if TYPE_CHECKING:
    import pytest

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: Requirements, locks and packages as pypi-subset 0.1 left them: an exact Python, one with patch levels, a free-threaded
#: one, and a machine that described itself.
MADE_BY_0_1 = Path(__file__).parents[1] / "locks" / "made_by_0_1"


def test_locks_of_0_1_are_kept(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror resolves nothing and fetches nothing where version 0.1 has locked, and leaves each lock as it is."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    shutil.copytree(MADE_BY_0_1, workspace.root, dirs_exist_ok=True)

    summary = mirror(workspace.paths, progress=Display(Console(file=io.StringIO())))

    assert (summary.resolved, summary.fetched, summary.published) == (0, 0, True)
    locks = {path.name: path.read_bytes() for path in workspace.paths.locks.glob("*.toml")}
    assert locks == {path.name: path.read_bytes() for path in (MADE_BY_0_1 / "requirements" / "lock").iterdir()}
