"""What poetry.lock asks for, beside what poetry itself exports from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.programs.lock_tools import held, installed, output, read, wheels
from tests.support.servers.index import Index
from tests.support.stages.sources import LINUX, TWO, faults_of, lines_of, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sites.workspace import Workspace

SHA = "sha256:" + "0" * 64
PROJECT = """\
[project]
name = "lab-app"
version = "1"
requires-python = ">=3.10,<3.15"
dependencies = ["web[http2]", "service; sys_platform == 'linux'"]

[project.optional-dependencies]
cli = ["shell", "color; sys_platform == 'win32'"]
gui = ["color"]

[dependency-groups]
lint = ["lint"]

[tool.poetry]
package-mode = false

[tool.poetry.group.dev.dependencies]
check = "*"
fast = [{ version = "<2", python = "<3.12" }, { version = ">=2", python = ">=3.12" }]

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
docs = "*"

[[tool.poetry.source]]
name = "own"
url = "URL"
priority = "primary"
"""


@pytest.fixture(scope="module")
def projects() -> Iterator[Index]:
    """Yield an index of the projects that are locked."""
    with Index() as index:
        index.add(*wheels())
        yield index


@pytest.fixture(scope="module")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return poetry with its plugin for exports, from PyPI."""
    return installed(tmp_path_factory.mktemp("tool") / "poetry", "poetry>=2.2", "poetry-plugin-export") / "poetry"


@pytest.mark.network
def test_lock_asks_for_what_poetry_exports(workspace: Workspace, projects: Index, poetry: Path) -> None:
    """Extras, groups and their markers: each machine gets what poetry exports for it; a changed project is named."""
    workspace.write("../pyproject.toml", PROJECT.replace("URL", projects.url))
    output([poetry, "lock"], workspace.root)
    for lines, options in (
        ((), ("--with", "dev,lint")),
        (("groups = []", 'extras = ["cli", "gui"]'), ("-E", "cli", "-E", "gui")),
        (('groups = ["docs", "dev"]', 'extras = ["cli"]'), ("--only", "main,docs,dev", "-E", "cli")),
    ):
        own = read(workspace, "poetry.lock", *lines)
        text = output([poetry, "export", "--without-urls", *options], workspace.root)
        assert held(workspace, own, text) > 3
        assert own.notices == ()
    workspace.write("../pyproject.toml", PROJECT.replace('"*"', '">0"'))
    (notice,) = read(workspace, "poetry.lock").notices
    assert notice.endswith("pyproject.toml has changed since; `poetry lock` renews it")


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def package(name: str, *more: str, version: str = "1.0", groups: str = '["main"]') -> str:
    """Return a package of a lock."""
    lines = [
        f'name = "{name}"',
        f'version = "{version}"',
        f"groups = {groups}",
        f'files = [{{ file = "x", hash = "{SHA}" }}]',
    ]
    return "\n".join(["[[package]]", *lines, *more, ""])


META = '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.10"\ncontent-hash = "0"\n'


def files(*packages: str, meta: str = META, project: str = "") -> dict[str, str]:
    """Return the files of a project."""
    own = {"pyproject.toml": project} if project else {}
    return {"poetry.lock": "\n".join([*packages, meta]), **own}


SOURCE = 'source = "../poetry.lock"\n'


@pytest.mark.usefixtures("inside")
def test_groups_have_markers_of_their_own() -> None:
    """A package counts if the marker of a chosen group is true; ``extra`` is what the set chooses."""
    packages = [
        package("a", "markers = \"sys_platform == 'win32'\""),
        package("b", "markers = { main = \"extra == 'gui'\" }", groups='["main", "dev"]'),
        package("c", groups='["Docs"]'),
    ]
    extras = '[extras]\ngui = ["b"]\n'
    project = "[tool.poetry.group.docs]\noptional = true\n[tool.poetry.group.dev]\n"

    def names(table: str) -> list[str]:
        found = lines_of(files(*packages, meta=extras + META, project=project), SOURCE + table, TWO)
        return [line.split(" --")[0].split(" ", 1)[1] for line in found]

    assert names("") == ['a==1.0; sys_platform == "win32"', "b==1.0"]
    assert names("groups = []") == ['a==1.0; sys_platform == "win32"']
    assert names('groups = []\nextras = ["gui"]') == ['a==1.0; sys_platform == "win32"', "b==1.0"]
    assert names('groups = ["docs"]') == ['a==1.0; sys_platform == "win32"', "c==1.0"]
    (app,) = plan_of(files(*packages, meta=extras + META, project=project), SOURCE, TWO).sets
    assert app.notices == ("poetry.lock is out of date: pyproject.toml has changed since; `poetry lock` renews it",)


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("content", "table", "faults"),
    [
        (files(package("a"), meta=META.replace("2.1", "1.1")), "", ["poetry.lock:8: the lock is of version 1.1, of poetry 1, which does not state the groups of packages; write it again with poetry 2: poetry lock"]),
        (files(package("a"), meta=META.replace("2.1", "3.0")), "", ["poetry.lock:8: the lock is of version '3.0', and only version 2.1 is known; write it again with poetry 2: poetry lock"]),
        (files(meta=""), "", ["poetry.lock: the lock is of version None, and only version 2.1 is known; write it again with poetry 2: poetry lock"]),
        (files(package("a", "markers = 1")), "", ["poetry.lock:1: expected 'str | object | null', got 'int' - at '$.package[0].markers'; write it again: poetry lock"]),
        (files(package("a", 'markers = "?"')), "", ["poetry.lock:1: not a marker: '?'; write it again: poetry lock"]),
        (files(package("a", groups='["dev"]')), "", ['subset.toml:4: which groups of poetry.lock poetry installs is in pyproject.toml, and there is none beside it; name them: groups = ["…"]']),
        (files(package("a", '[package.source]\ntype = "git"\nurl = "x"').replace(SHA, SHA).replace("files", "f")), "", ["poetry.lock:1: a comes from git: an index offers releases; lock a release from an index, or choose extras and groups without it"]),
        (files(package("a"), meta=META.replace(">=3.10", "^3.11")), "", ["poetry.lock:9: python-versions '^3.11' shuts out the target 'linux', Python 3.10; leave it out of targets in [sets.app], or give it another python"]),
        (files(package("a"), meta=META.replace(">=3.10", "what")), "", ["poetry.lock:9: python-versions is no version specifier; write it again: poetry lock"]),
        (files(package("a")), 'extras = ["gui"]\ngroups = ["dev"]', ["subset.toml:5: poetry.lock has no extra 'gui'; it has: nothing", "subset.toml:6: poetry.lock has no group 'dev'; it has: main"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line(content: dict[str, str], table: str, faults: list[str]) -> None:
    """Each fault has the file, the line and what to do."""
    assert faults_of(content, SOURCE + table, LINUX) == faults
