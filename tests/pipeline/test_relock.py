"""Which locks are kept, and which are resolved again."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.errors import NoSolution
from pypi_subset.pipeline.mirror import mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
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


def test_a_project_from_elsewhere_is_not_taken_from_the_index(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that the document takes from git is refused too where only a requested project requires it, locked before or not."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    index.add(make_wheel("app", requires=["acme-core>=1"]), make_wheel("acme_core"))
    project = '[project]\nname = "own"\ndependencies = ["app"]\n[tool.uv.sources]\n'
    source = workspace.root / "pyproject.toml"
    workspace.toml({"linux": "cp310-manylinux2014_x86_64"}, sets={"own": {"source": "../pyproject.toml"}})
    for marker in ("os_name != 'x'", "sys_platform == 'linux'"):
        source.write_text(f'{project}Acme_Core = {{ git = "x", marker = "{marker}" }}\n', encoding="utf-8")
        with pytest.raises(NoSolution) as caught:
            mirror(workspace.paths)
        assert caught.value.what == f"acme-core comes from git for {source}, and the index has a project of that name"
        assert caught.value.seen == ("app requires acme-core>=1",)
        assert not workspace.paths.site.exists()
    source.write_text(f'{project}acme-core = {{ git = "x", marker = "os_name == \'nt\'" }}\n', encoding="utf-8")
    assert mirror(workspace.paths).resolved == 1
    source.write_text(f'{project}acme-core = {{ git = "x" }}\n', encoding="utf-8")
    with pytest.raises(NoSolution, match="acme-core comes from git"):
        mirror(workspace.paths)
