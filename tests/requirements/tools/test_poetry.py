"""Poetry's tables, beside ``[project]`` and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.requirements.reach import Reach
from tests.support.stages.sources import LINUX, bad_project, of_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


PIP = Reach(index_urls=("https://one.example/simple",))
PROJECT = '[project]\nname = "app"\nversion = "1"\ndependencies = ["requests>=2", "lib"]\n'
REST = "the mirror cannot honour that; name what this writes as source: poetry export --without-urls"
INDEX = "--output requirements.txt; pip's extra-index-url adds an index"

#: Kind → poetry's lines, the lines of the set's table, and the fault.
BESIDE = {
    "git": (
        '[tool.poetry.dependencies]\nlib = { git = "https://user:secret@host/x" }',
        "",
        "dependencies] takes lib from git",
    ),
    "path": (
        '[tool.poetry.dependencies]\nLib = { path = "../lib", develop = true }',
        "",
        "dependencies] takes lib from a path",
    ),
    "file": ('[tool.poetry.dependencies]\nlib = { file = "lib.whl" }', "", "dependencies] takes lib from a path"),
    "url": (
        '[tool.poetry.dependencies]\nlib = { url = "https://host/x.whl" }',
        "",
        "dependencies] takes lib from a URL",
    ),
    "several": (
        '[tool.poetry.dependencies]\nlib = [{ version = "1", python = "<3.9" }, { git = "x" }]',
        "",
        "dependencies] takes lib from git",
    ),
    "index": (
        '[tool.poetry.dependencies]\nlib = { source = "corp" }',
        "",
        "dependencies] takes lib from the index 'corp'",
    ),
    "bound": ('[tool.poetry.dependencies]\nrequests = "^2.1"', "", "dependencies] says more of requests"),
    "pre-releases": (
        "[tool.poetry.dependencies]\nrequests = { allow-prereleases = true }",
        "",
        "dependencies] says more of requests",
    ),
    "source": (
        '[[tool.poetry.source]]\nname = "corp"\nurl = "https://user:secret@host/simple"',
        "",
        "] names the index 'corp', which pip is not configured for",
    ),
    "group": (
        '[tool.poetry.group.dev.dependencies]\nsix = "*"',
        'groups = ["Dev"]',
        "group] has a group 'Dev' of its own",
    ),
    "old group": (
        '[tool.poetry.dev-dependencies]\nsix = "*"',
        'groups = ["dev"]',
        "group] has a group 'dev' of its own",
    ),
    "extra": ('[tool.poetry.extras]\ngui = ["six"]', 'extras = ["gui"]', "extras] has an extra 'gui' of its own"),
    "in a group": (
        '[tool.poetry.group.dev.dependencies]\nlib = { path = "x" }',
        "",
        "group.dev.dependencies] takes lib from a path",
    ),
}


@pytest.mark.parametrize("kind", BESIDE)
def test_what_poetry_adds_to_a_project_is_refused(kind: str) -> None:
    """Poetry reads both tables; what its own one changes is one fault with table, project and export."""
    lines, table, what = BESIDE[kind]
    (fault,) = bad_project(f"{PROJECT}{lines}\n", table, reach=PIP)
    assert fault.startswith(
        f"pyproject.toml:{5 if kind in {'source', 'group', 'old group'} else 6}: [tool.poetry.{what}: {REST}".replace(
            ".]", "]"
        )
    )
    assert "secret" not in fault
    assert fault.endswith(INDEX if "index" in what else "--output requirements.txt")


@pytest.mark.parametrize(
    "lines",
    [
        '[tool.poetry.dependencies]\npython = "^3.10"\nlib = "*"\nthird = { git = "x" }',
        '[[tool.poetry.source]]\nname = "corp"\nurl = "https://host/simple"\npriority = "explicit"',
        '[[tool.poetry.source]]\nname = "own"\nurl = "https://one.example/simple/"',
        '[[tool.poetry.source]]\nname = "PyPI"\npriority = "primary"',
        '[tool.poetry.group.dev.dependencies]\npytest = "*"',
        "[tool.poetry]\npackages = [{ include = 'app' }]",
    ],
)
def test_what_changes_nothing_of_the_set_is_read(lines: str) -> None:
    """Other projects, sources that no entry names, the configured index, groups that are not chosen."""
    assert of_project("", f"{PROJECT}{lines}\n", reach=PIP) == ["pyproject.toml:4 requests>=2", "pyproject.toml:4 lib"]


SOURCE = '[[tool.poetry.source]]\nname = "corp"\nurl = "https://user:secret@host/simple"\npriority = "explicit"\n'
OWN = '[sources.mine]\nindex = "https://host/simple/"\nprojects = ["lib"]\n'


def test_a_source_of_the_subset_serves_the_project() -> None:
    """Poetry's source of a project is accepted where ``subset.toml`` has it, else refused with the lines to paste."""
    text = f'{PROJECT}[tool.poetry.dependencies]\nlib = {{ version = "*", source = "corp" }}\n{SOURCE}'
    (fault,) = bad_project(text, reach=PIP)
    assert "secret" not in fault
    assert fault.split("\n    ")[1:] == ["[sources.corp]", 'index = "https://host/simple"', 'projects = ["lib"]']
    pasted = "\n".join([LINUX, *fault.split("\n    ")[1:], ""])
    lines = ["pyproject.toml:4 requests>=2", "pyproject.toml:4 lib"]
    assert of_project(text=text, toml=pasted, reach=PIP) == lines
    assert of_project(text=text, toml=LINUX + OWN, reach=PIP) == lines
    (fault,) = bad_project(text, toml=LINUX + OWN.replace("lib", "other"), reach=PIP)
    assert "takes lib from the index 'corp'" in fault
    (fault,) = bad_project(text.replace('"*"', '"^1"'), toml=LINUX + OWN, reach=PIP)
    assert "says more of lib: " in fault


@pytest.mark.parametrize(
    ("more", "is_read"),
    [('priority = "supplemental"', True), ("", False), ('[[tool.poetry.source]]\nname = "PyPI"', True)],
)
def test_a_source_beside_pypi(more: str, is_read: bool) -> None:  # noqa: FBT001
    """One that Poetry asks beside PyPI may be a source; one that it asks in place of PyPI serves every project."""
    text = f'{PROJECT}[[tool.poetry.source]]\nname = "corp"\nurl = "https://host/simple"\n{more}\n'
    if is_read:
        assert of_project(text=text, toml=LINUX + OWN, reach=PIP)
    else:
        assert (
            "names the index 'corp', which pip is not configured for"
            in bad_project(text, toml=LINUX + OWN, reach=PIP)[0]
        )


POETRY = '[tool.poetry]\nname = "app"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.11"\nrequests = "^2"\n'


@pytest.mark.parametrize("table", ["", 'groups = ["dev"]'])
@pytest.mark.parametrize(
    "head", ["", '[project]\nname = "app"\ndynamic = ["dependencies"]\n', '[project]\nname = "app"\n']
)
def test_poetry_has_the_dependencies(head: str, table: str) -> None:
    """Dependencies in poetry's own form are one fault that names the export, whatever part of the document is chosen."""
    text = f'{head}{POETRY}[dependency-groups]\ndev = ["six"]\n[[tool.poetry.source]]\nname = "x"\nurl = "https://x"\n'
    more = " --with dev" if table else ""
    (fault,) = bad_project(text, table)
    number = text[: text.index("requests")].count("\n") + 1
    what = f"[tool.poetry.dependencies] has the dependencies, in a form of its own: {REST}{more}"
    assert fault == f"pyproject.toml:{number}: {what} --output requirements.txt"


def test_whether_a_group_is_optional_is_up_to_the_set() -> None:
    """A table that says no more of a standard group changes nothing; a group that only such a table has is not known."""
    text = '[project]\nname = "a"\ndependencies = ["six"]\n[dependency-groups]\ntest = ["attrs"]\n'
    text += "[tool.poetry.group.test]\noptional = true\n[tool.poetry.group.docs]\noptional = true\n"
    assert [one.split(" ")[1] for one in of_project('groups = ["test"]', text)] == ["six", "attrs"]
    (fault,) = bad_project(text.replace("true\n[", 'true\ninclude-groups = ["x"]\n[', 1), 'groups = ["test"]')
    assert "[tool.poetry.group] has a group 'test' of its own" in fault
    (fault,) = bad_project(text, 'groups = ["docs"]')
    assert "docs" in fault
    assert "poetry" not in fault
