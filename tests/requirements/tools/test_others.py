"""Tables of PDM, Hatch, pip-tools, Rye, pixi and flit beside ``[project]`` or in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.requirements.reach import Reach
from tests.support.stages.sources import LINUX, bad_project, faults_of, of_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


PIP = Reach(index_urls=("https://one.example/simple",))
PROJECT = '[project]\nname = "app"\nversion = "1"\ndependencies = ["lib"]\n[dependency-groups]\ntest = ["six"]\n'
NOWHERE = "names an index or a place of files, which pip is not configured for"

#: Kind → the table's lines, the number of the line that is named, and the fault between the line and the export.
KINDS = {
    "pdm source": (
        '[[tool.pdm.source]]\nname = "corp"\nurl = "https://user:secret@host/"',
        7,
        "pdm] names the index 'corp'",
    ),
    "pdm overrides": (
        '[tool.pdm.resolution.overrides]\nsix = "1"',
        7,
        "pdm.resolution] overrides what other projects require",
    ),
    "pdm excludes": (
        '[tool.pdm.resolution]\nexcludes = ["six"]',
        8,
        "pdm.resolution] excludes what other projects require",
    ),
    "pdm pre": ("[tool.pdm.resolution]\nallow-prereleases = true", 7, "pdm] allows pre-releases"),
    "pdm time": (
        '[tool.pdm.resolution]\nexclude-newer = "2025-01-01"',
        8,
        "pdm.resolution] excludes files by their upload time",
    ),
    "pdm options": (
        '[tool.pdm.options]\nlock = ["-v", "--override", "limits.txt"]',
        8,
        "pdm.options] sets options of pdm lock",
    ),
    "pdm strategy": (
        '[tool.pdm.options]\nlock = ["-S", "direct_minimal_versions"]',
        8,
        "pdm.options] sets options of pdm lock",
    ),
    "pdm group": (
        '[tool.pdm.dev-dependencies]\ntest = ["attrs"]',
        8,
        "pdm.dev-dependencies] has a group 'test' of its own",
    ),
    "hatch index": (
        '[tool.hatch.envs.default.env-vars]\nPIP_EXTRA_INDEX_URL = "https://x"',
        8,
        f"hatch.envs.default.env-vars] {NOWHERE}",
    ),
    "hatch uv": (
        '[tool.hatch.envs.x.env-vars]\nUV_INDEX = "https://one.example/simple https://x"',
        8,
        f"hatch.envs.x.env-vars] {NOWHERE}",
    ),
    "hatch none": ('[tool.hatch.envs.x.env-vars]\nPIP_NO_INDEX = "1"', 8, f"hatch.envs.x.env-vars] {NOWHERE}"),
    "hatch constraint": (
        '[tool.hatch.envs.x.env-vars]\nPIP_CONSTRAINT = "limits.txt"',
        8,
        "hatch.envs.x.env-vars] sets PIP_CONSTRAINT",
    ),
    "hatch override": (
        '[tool.hatch.envs.x.overrides]\nplatform.linux.env-vars = ["A=1", { value = "UV_INDEX=https://x" }]',
        8,
        f"hatch.envs.x.overrides.platform.linux.env-vars] {NOWHERE}",
    ),
    "hatch workspace": (
        '[tool.hatch.envs.default]\nworkspace.members = ["../lib"]',
        8,
        "hatch.envs.default] takes projects from this workspace",
    ),
    "pip-tools": ('[tool.pip-tools]\nextra-index-url = ["https://x"]', 8, f"pip-tools] {NOWHERE}"),
    "pip-tools links": ('[tool.pip-tools]\nfind-links = "wheels"', 8, f"pip-tools] {NOWHERE}"),
    "pip-tools constraint": ('[tool.pip-tools]\nconstraint = ["limits.txt"]', 8, "pip-tools] sets constraint"),
    "pip-tools compile": ('[tool.pip-tools.compile]\nindex_url = "https://x"', 8, f"pip-tools.compile] {NOWHERE}"),
    "pip-tools upgrade": ('[tool.pip-tools]\nupgrade-package = ["lib<2"]', 8, "pip-tools] sets upgrade-package"),
    "rye excluded": ('[tool.rye]\nexcluded-dependencies = ["six"]', 8, "rye] leaves out what projects require"),
    "rye": ('[[tool.rye.sources]]\nname = "corp"\nurl = "https://x"', 7, "rye] names the index 'corp'"),
    "pixi": (
        '[tool.pixi.pypi-dependencies]\nlib = { path = ".", editable = true }',
        8,
        "pixi.pypi-dependencies] takes lib from a path",
    ),
    "pixi index": (
        '[tool.pixi.pypi-dependencies]\nlib = { index = "https://x" }',
        8,
        "pixi.pypi-dependencies] takes lib from another index",
    ),
    "pixi feature": (
        '[tool.pixi.feature.x.pypi-options]\nno-binary = ["lib"]\nprerelease-mode = "allow"',
        8,
        "pixi.feature.x.pypi-options] sets no-binary and prerelease-mode",
    ),
    "pixi time": (
        '[tool.pixi.workspace]\nexclude-newer = "2025-01-01"',
        8,
        "pixi.workspace] excludes files by their upload time",
    ),
    "pixi options": (
        '[tool.pixi.pypi-options]\nindex-url = "https://one.example/simple"\nfind-links = ["x"]',
        9,
        "pixi.pypi-options] sets find-links",
    ),
}
#: Kind → the index that a source of ``subset.toml`` can be, and the source's name.
SERVED = {
    "pdm source": ("https://host", "corp", '"lib", "six"'),
    "hatch index": ("https://x", "x", '"lib", "six"'),
    "pip-tools": ("https://x", "x", '"lib", "six"'),
    "hatch override": ("https://x", "x", '"lib", "six"'),
    "rye": ("https://x", "corp", '"lib", "six"'),
    "pixi index": ("https://x", "x", '"lib"'),
}
EXPORTS = {
    "pdm": "name what this writes as source: pdm export --format requirements --output requirements.txt",
    "pip-tools": "name what this writes as source: pip-compile --generate-hashes --output-file requirements.txt",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_that_changes_the_choice_is_refused(kind: str) -> None:
    """One fault names the table, what it changes, and an export that knows the table; for other tools no command does."""
    lines, number, what = KINDS[kind]
    (fault,) = bad_project(f"{PROJECT}{lines}\n", 'groups = ["test"]', reach=PIP)
    assert fault.startswith(f"pyproject.toml:{number}: [tool.{what}")
    assert "secret" not in fault
    if kind in SERVED:
        url, name, projects = SERVED[kind]
        lines = f'    [sources.{name}]\n    index = "{url}"\n    projects = [{projects}]'
        assert fault.endswith(f"and from nowhere else, write in subset.toml:\n{lines}")
        return
    tool = kind.split(maxsplit=1)[0]
    step = EXPORTS.get(tool, f"name as source a requirements file with the versions that {tool} chose; what comes from")
    assert f": the mirror cannot honour that; {step}" in fault
    assert tool in EXPORTS or fault.endswith("wheels as a wheel, or its index below [sources.NAME]")


@pytest.mark.parametrize(
    "lines",
    [
        '[[tool.pdm.source]]\nname = "pypi"\nurl = "https://one.example/simple"',
        '[tool.pdm]\ndistribution = true\n[tool.pdm.dev-dependencies]\nlint = ["ruff"]',
        '[tool.hatch.envs.default]\ndependencies = ["pytest"]\nenv-vars.PIP_INDEX_URL = "https://one.example/simple/"',
        '[tool.hatch.version]\npath = "app.py"',
        '[tool.hatch.envs.x.overrides]\nplatform.linux.env-vars = ["UV_INDEX=https://one.example/simple"]\nname.y.set-python = "3.11"',
        '[tool.pdm.options]\nlock = ["-S", "inherit_metadata"]\nadd = "--no-sync"',
        '[tool.pip-tools.sync]\nindex-url = "https://x"',
        '[tool.pixi.pypi-options]\nprerelease-mode = "if-necessary"',
        '[tool.pip-tools]\ngenerate-hashes = true\nindex-url = "https://one.example/simple"',
        '[tool.rye]\nmanaged = true\ndev-dependencies = ["ruff"]',
        '[tool.pixi.pypi-dependencies]\nlib = "*"\nthird = { path = "x" }',
        "[tool.ruff]\nsource = 1\n[tool.pdm.resolution]\nx = 1",
        "tool = 1",
    ],
)
def test_a_table_that_changes_nothing_is_read(lines: str) -> None:
    """The configured index, and what concerns no request of the set."""
    text = f"{lines}\n{PROJECT}" if lines == "tool = 1" else f"{PROJECT}{lines}\n"
    assert [one.split(" ")[1] for one in of_project('groups = ["test"]', text, reach=PIP)] == ["lib", "six"]


def test_flit_has_the_dependencies() -> None:
    """Its old table has requirements in the place of ``[project]``."""
    assert bad_project('[tool.flit.metadata]\nmodule = "app"\nrequires = ["six"]\n') == [
        (
            "pyproject.toml:3: [tool.flit.metadata] has the dependencies, in a form of its own: the mirror cannot honour that; "
            "name what this writes as source: uv pip compile --generate-hashes pyproject.toml --output-file requirements.txt"
        )
    ]


@pytest.mark.parametrize(
    "lines",
    [
        '[tool.foo.dependencies]\nlib = { git = "x" }',
        '[tool.foo]\nindex-url = "https://x"',
        '[tool.pdm.resolution.overrides]\nlib = "1"',
        '[tool.poetry.dependencies]\nlib = { path = "x" }',
        "[tool.pip-tools]\npre = true",
    ],
)
def test_no_command_reads_a_script_or_a_table_of_any_tool(lines: str) -> None:
    """A command that reads the requests alone would take the index's project of that name: none is named."""
    metadata = "".join(f"# {line}\n" for line in ["/// script", 'dependencies = ["lib"]', *lines.split("\n"), "///"])
    (fault,) = faults_of({"tool.py": metadata}, 'source = "../tool.py"', reach=PIP)
    assert fault.startswith("tool.py:")
    tool = lines[6:].partition("]")[0].partition(".")[0]
    assert f"; name as source a requirements file with the versions that {tool} chose" in fault
    if tool == "foo":
        assert "with the versions that foo chose" in bad_project(f"{PROJECT}{lines}\n", reach=PIP)[0]


def test_rye_has_a_group_of_its_own() -> None:
    """``dev`` is the name of its group."""
    (fault,) = bad_project(f'{PROJECT}[tool.rye]\ndev-dependencies = ["six"]\n', 'groups = ["dev"]')
    assert fault.startswith("pyproject.toml:8: [tool.rye] has a group 'dev' of its own")


OWN = '[sources.mine]\nindex = "https://x/simple"\nprojects = ["lib", "torch*"]\n'


@pytest.mark.parametrize(
    "lines",
    [
        '[[tool.pdm.source]]\nname = "corp"\nurl = "https://x/simple"\ninclude_packages = ["torch", "torch-*"]',
        '[tool.hatch.envs.default.env-vars]\nPIP_EXTRA_INDEX_URL = "https://x/simple"',
        '[tool.hatch.envs.default.env-vars]\nUV_INDEX = "https://one.example/simple https://x/simple/"',
        '[tool.pip-tools]\nextra-index-url = ["https://x/simple"]',
        '[[tool.rye.sources]]\nname = "corp"\nurl = "https://x/simple"',
        '[tool.pixi.pypi-dependencies]\nlib = { index = "https://x/simple" }',
        '[tool.pixi.pypi-options]\nextra-index-urls = ["https://x/simple"]',
    ],
)
def test_a_source_of_the_subset_can_be_an_index(lines: str) -> None:
    """Each table that names an index beside PyPI is accepted where a source of ``subset.toml`` has its URL."""
    text = f"{PROJECT}{lines}\n"
    assert of_project(text=text, toml=LINUX + OWN, reach=PIP) == ["pyproject.toml:4 lib"]
    assert "write in subset.toml" in bad_project(text, reach=PIP)[0] or "UV_INDEX" in lines


@pytest.mark.parametrize(
    "lines",
    [
        '[[tool.pdm.source]]\nname = "pypi"\nurl = "https://x/simple"',
        '[[tool.rye.sources]]\nname = "default"\nurl = "https://x/simple"',
        '[tool.hatch.envs.default.env-vars]\nPIP_INDEX_URL = "https://x/simple"',
        '[tool.pip-tools]\nindex-url = "https://x/simple"',
        '[tool.pixi.pypi-options]\nindex-url = "https://x/simple"',
    ],
)
def test_an_index_in_place_of_pypi_is_no_source(lines: str) -> None:
    """It serves every project; a source serves those that it names."""
    (fault,) = bad_project(f"{PROJECT}{lines}\n", toml=LINUX + OWN, reach=PIP)
    assert "[sources.corp]" not in fault


def test_projects_that_pdm_names() -> None:
    """``include_packages`` of PDM's index are the projects of the source; patterns that no source has are left out."""
    table = '[[tool.pdm.source]]\nname = "private"\nurl = "https://x"\ninclude_packages = ["Torch_*", "lib", "?x"]\n'
    (fault,) = bad_project(f"{PROJECT}{table}", reach=PIP)
    assert fault.endswith('[sources.private-2]\n    index = "https://x"\n    projects = ["torch-*", "lib"]')
