"""All tables of tools together: files in the place of ``[project]``, and projects that only others require."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from pypi_subset.errors import InputFaults
from pypi_subset.requirements.reach import NOWHERE, Reach
from tests.support.stages.sources import bad_project, faults_of, of_project, plan_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["setup.py", "setup.cfg"])
@pytest.mark.parametrize("table", ["", 'groups = ["dev"]'])
def test_files_of_setuptools_have_the_dependencies(name: str, table: str) -> None:
    """Without ``[project]`` they are not taken for nothing; with it they do not count."""
    files = {"pyproject.toml": '[dependency-groups]\ndev = ["six"]\n', name: ""}
    (fault,) = faults_of(files, f'source = "../pyproject.toml"\n{table}')
    what = f"there is no [project] table, and {name} beside it has the dependencies"
    command = f"uv pip compile --generate-hashes {name} --output-file requirements.txt"
    assert fault == f"pyproject.toml: {what}; name what this writes as source: {command}"
    files["pyproject.toml"] += '[project]\nname = "a"\ndependencies = ["six"]\n'
    assert plan_of(files, f'source = "../pyproject.toml"\n{table}').sets


def test_a_lock_of_the_tool_is_the_way_out() -> None:
    """If the tool's lock is beside the document, the fault names it; not where the lock has what no index offers."""
    uv = '[project]\nname = "a"\ndependencies = ["b"]\n[tool.uv.sources]\nb = { workspace = true }\n'
    poetry = '[tool.poetry.dependencies]\npython = ">=3.9"\nb = "^1"\n'
    for text, lock in ((uv, "uv.lock"), (poetry, "poetry.lock")):
        files = {"pyproject.toml": text, lock: ""}
        (fault,) = faults_of(files, 'source = "../pyproject.toml"')
        assert f"; name {lock} as source, or what this writes: " in fault
    (fault,) = faults_of(
        {"pyproject.toml": uv.replace("workspace = true", 'git = "https://host/b"'), "uv.lock": ""},
        'source = "../pyproject.toml"',
    )
    assert "; name what this writes as source: " in fault


def test_two_tools_are_two_faults() -> None:
    """Each tool has an export of its own."""
    text = '[project]\nname = "a"\ndependencies = ["six"]\n[tool.uv.sources]\nsix = { path = "x" }\n'
    text += '[tool.poetry.dependencies]\nsix = { path = "x" }\n'
    first, second = bad_project(text)
    assert "uv export" in first
    assert "poetry export" in second


def test_projects_from_elsewhere_are_known_to_the_set() -> None:
    """A requested project may require one that the document takes from elsewhere: the set knows both places."""
    text = '[project]\nname = "a"\ndependencies = ["six"]\n[tool.uv.sources]\nB_b = { git = "x", marker = "os_name == \'nt\'" }\n'
    text += '[tool.poetry.dependencies]\nc = { path = "x" }\nd = "1"\n'
    (app,) = plan_of({"pyproject.toml": text}, 'source = "../pyproject.toml"').sets
    assert app.elsewhere == (("b-b", "git", "os_name == 'nt'"), ("c", "a path", ""))


def test_the_digest_of_a_set_is_the_same_on_a_machine_that_proves() -> None:
    """Where pip asks two indexes, a source that names one counts; the machine that proves need not know that."""
    text = '[project]\nname = "a"\ndependencies = ["six"]\n[tool.uv]\nindex = [{ name = "x", url = "https://one.example", explicit = true }]\n'
    files = {"pyproject.toml": f'{text}sources = {{ lib = {{ index = "x" }} }}\n'}
    both = Reach(index_urls=("https://one.example", "https://two.example"))
    ((here,), (there,)) = (plan_of(files, 'source = "../pyproject.toml"', reach=one).sets for one in (both, NOWHERE))
    assert (here.elsewhere, there.elsewhere) == ((("lib", "the index 'x'", ""),), ())
    assert here.digest == there.digest


#: Names and values that tools give a meaning, and such as have none.
_NAMES = st.sampled_from(
    [
        *("sources", "source", "index", "index-url", "find-links", "constraint-dependencies", "override-dependencies"),
        *(
            "exclude-dependencies",
            "environments",
            "conflicts",
            "workspace",
            "members",
            "pip",
            "prerelease",
            "dynamic",
            "six",
        ),
        *(
            "dependencies",
            "group",
            "dev",
            "extras",
            "resolution",
            "overrides",
            "envs",
            "env-vars",
            "PIP_INDEX_URL",
            "metadata",
        ),
        *("hooks", "requirements_txt", "files", "file", "name", "url", "path", "git", "marker", "extra", "explicit"),
    ]
)
_LEAVES = st.sampled_from(
    [
        True,
        1,
        1.5,
        "six",
        "six>=1",
        "https://user:secret@one.example/",
        "[",
        "*",
        "allow",
        "../..",
        "",
        "a b",
        "os_name == 'nt'",
    ]
)
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3))
_TOOLS = st.sampled_from(["uv", "poetry", "pdm", "hatch", "pip-tools", "rye", "pixi", "flit", "setuptools"])


@settings(max_examples=300, deadline=None, database=None)
@given(
    tool=st.dictionaries(_TOOLS, st.dictionaries(_NAMES, _VALUES, max_size=4) | _LEAVES, max_size=3),
    dynamic=st.booleans(),
)
def test_whatever_a_table_holds_it_is_read_or_refused(tool: dict[str, object], dynamic: bool) -> None:  # noqa: FBT001 - drawn
    """No content of a table ends in anything but a set or faults, and none shows a password."""
    project = {"name": "a", "dependencies": ["six"], "optional-dependencies": {"dev": ["six"]}}
    document = {"project": project | ({"dynamic": ["dependencies"]} if dynamic else {}), "tool": tool}
    said = ""
    try:
        of_project('extras = ["dev"]', tomli_w.dumps(document), reach=Reach(index_urls=("https://two.example/",)))
    except InputFaults as error:
        said = str(error)
    assert "secret" not in said


def test_tables_of_another_form_are_no_tables() -> None:
    """Whatever TOML allows where a table is expected, nothing is raised."""
    for value in ("1", '"x"', "[]", "[1]", "{}", "{ x = 1 }", "[{ x = [1] }]"):
        for key in ("uv", "poetry", "pdm", "hatch", "pip-tools", "rye", "pixi", "flit", "setuptools"):
            assert of_project("", f'[project]\nname = "a"\ndependencies = ["six"]\n[tool]\n{key} = {value}\n')
        for key in (
            "uv.sources",
            "poetry.source",
            "poetry.group",
            "poetry.dependencies",
            "pdm.resolution",
            "hatch.envs",
        ):
            text = f'[project]\nname = "a"\ndependencies = ["six"]\n[tool]\n{key} = {value}\n'
            assert of_project("", text), key
