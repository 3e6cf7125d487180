"""Tables of any tool that take a requested project from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.requirements.reach import Reach
from tests.support.stages.sources import bad_project, of_project

if TYPE_CHECKING:
    from pathlib import Path

PIP = Reach(index_urls=("https://one.example/simple",))
PROJECT = '[project]\nname = "app"\nversion = "1"\ndependencies = ["my-lib"]\n'

#: Kind → lines of tables, and the finding.
KINDS = {
    "new tool": ('[tool.new.sources]\nMy_Lib = { git = "x" }', "[tool.new.sources] takes my-lib from git"),
    "list of places": ('[tool.new.sources]\nmy-lib = [{ path = "x" }]', "[tool.new.sources] takes my-lib from a path"),
    "conda-lock": (
        '[tool.conda-lock.dependencies]\nmy-lib = { url = "x" }',
        "[tool.conda-lock.dependencies] takes my-lib from a URL",
    ),
    "deeper": (
        "[tool.new.feature.x.pip-dependencies]\nmy-lib = { workspace = true }",
        "[tool.new.feature.x.pip-dependencies] takes my-lib from this workspace",
    ),
    "pixi feature": (
        '[tool.pixi.feature.x.pypi-dependencies]\nmy-lib = { path = "x" }',
        "[tool.pixi.feature.x.pypi-dependencies] takes my-lib from a path",
    ),
    "pdm editable": (
        '[tool.pdm.dev-dependencies]\ndev = ["-e file:///${PROJECT_ROOT}/x#egg=my_lib"]',
        "[tool.pdm.dev-dependencies] takes my-lib from a URL or a path",
    ),
    "hatch environment": (
        '[tool.hatch.envs.x]\nextra-dependencies = ["my.lib[a] @ {root:uri}/x"]',
        "[tool.hatch.envs.x] takes my-lib from a URL or a path",
    ),
    "rye": ('[tool.rye]\ndev-dependencies = ["my-lib @ file:///x"]', "[tool.rye] takes my-lib from a URL or a path"),
    "conda-lock indexes": (
        '[tool.conda-lock]\npip-repositories = ["https://x"]',
        "[tool.conda-lock] names an index, which pip is not configured for",
    ),
    "index": (
        '[tool.new]\nextra_index_url = ["https://user:secret@x"]',
        "[tool.new] names an index, which pip is not configured for",
    ),
}


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_from_elsewhere_is_refused_for_any_tool(kind: str) -> None:
    """A tool that is not known, or a table of one that is, may take a requested project from git, a path or a URL."""
    lines, what = KINDS[kind]
    (fault,) = bad_project(f"{PROJECT}{lines}\n", reach=PIP)
    step = "name what this writes as source: pdm export" if "tool.pdm" in what else "name as source a requirements file"
    step = "to take these projects from that index" if "index" in kind else step
    assert f": {what}: the mirror cannot honour that; {step} " in fault
    assert "secret" not in fault


@pytest.mark.parametrize(
    "lines",
    [
        '[tool.new.sources]\nother = { git = "x" }',
        '[tool.conda-lock.dependencies]\nmy-lib = { source = "pypi" }',
        '[tool.my-lib]\npath = "x"\n[tool.tox.env.my-lib]\npath = "x"',
        '[tool.hatch.envs.my-lib]\npath = "x"\ndependencies = ["my-lib", "other @ file:///x"]',
        '[tool.hatch.build.targets.wheel.sources]\n"src/my-lib" = "my-lib"',
        '[tool.mypy]\noverrides = [{ module = "my-lib", path = "x" }]',
        '[tool.new]\nindex-url = "https://one.example/simple/"',
        "[tool.new.sources]\nmy-lib = { git = false }",
        f"[tool.new.{'.'.join('abcdefghij')}.sources]\nmy-lib = {{ git = 'x' }}",
    ],
)
def test_other_tables_are_no_places(lines: str) -> None:
    """A section of a requested project's own settings says nothing of where it comes from."""
    assert of_project("", f"{PROJECT}{lines}\n", reach=PIP) == ["pyproject.toml:4 my-lib"]
