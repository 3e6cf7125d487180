"""uv's settings in a project: honoured where pip can do the same, refused where they change which files are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from pypi_subset.requirements.reach import Reach
from tests.support.programs.commands import run
from tests.support.stages.sources import LINUX, TWO, bad_project, faults_of, lines_of, of_project, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


PIP = Reach(index_urls=("https://one.example/simple",))
NAME = '[project]\nname = "app"\nversion = "1"\n'
#: What follows the finding in each message.
REST = "the mirror cannot honour that; name what this writes as source: uv export --no-default-groups"
LAST = "--output-file requirements.txt"
OWN = "--no-emit-project --no-emit-local"
INDEX = "; pip's extra-index-url adds an index"

#: Kind → lines below the project's, the lines of the set's table, and the fault behind the line's number.
KINDS = {
    "workspace": ("lib = { workspace = true }", "", f"lib from this workspace: {REST} {OWN} {LAST}"),
    "path": ('lib = { path = "../lib", editable = true }', "", f"lib from a path: {REST} {OWN} {LAST}"),
    "git": (
        'lib = { git = "https://user:secret@host/lib" }',
        "",
        f"lib from git: {REST} {OWN} --no-emit-package lib {LAST}",
    ),
    "url": ('Lib = { url = "https://host/lib.whl" }', "", f"lib from a URL: {REST} {OWN} --no-emit-package Lib {LAST}"),
    "index": ('lib = { index = "corp" }', "", f"lib from the index 'corp': {REST} {OWN} {LAST}{INDEX}"),
    "unknown": ("lib = { moon = true }", "", f"lib from elsewhere: {REST} {OWN} --no-emit-package lib {LAST}"),
    "no table": ("lib = true", "", f"lib from elsewhere: {REST} {OWN} --no-emit-package lib {LAST}"),
    "marker": (
        'lib = [{ path = "../lib", marker = "sys_platform == \'linux\'" }]',
        "",
        f"lib from a path: {REST} {OWN} {LAST}",
    ),
    "open marker": (
        'lib = { path = "x", marker = "platform_version == \'x\'" }',
        "",
        f"lib from a path: {REST} {OWN} {LAST}",
    ),
    "group": (
        'Dev_Lib = { path = "../x", group = "dev" }',
        'groups = ["lint"]',
        f"dev.lib from a path: {REST} --group lint {OWN} {LAST}",
    ),
    "extra": (
        'gui-lib = { index = "corp", extra = "gui" }',
        'extras = ["gui"]',
        f"gui-lib from the index 'corp': {REST} --extra gui {OWN} {LAST}{INDEX}",
    ),
}
SOURCES = f"""\
{NAME}dependencies = ["lib>=1", "other; sys_platform == 'win32'"]
optional-dependencies = {{ gui = ["gui-lib"] }}
[dependency-groups]
dev = ["dev.lib"]
lint = [{{ include-group = "dev" }}]
[tool.uv.sources]
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_elsewhere_is_refused(kind: str) -> None:
    """What a project takes from elsewhere is never taken from the index: one fault with table, project and export."""
    line, table, rest = KINDS[kind]
    text = SOURCES if kind in {"group", "extra"} else SOURCES.replace('"lib>=1"', '"lib"')
    base = text if kind not in {"group", "extra"} else text.replace('"lib>=1", ', "")
    assert bad_project(f"{base}{line}\n", table) == [f"pyproject.toml:10: [tool.uv.sources] takes {rest}"]


@pytest.mark.parametrize(
    "line",
    [
        'third = { git = "https://host/third" }',
        'lib = { path = "x", marker = "sys_platform == \'win32\'" }',
        'lib = { index = "corp", extra = "gui" }',
        'dev-lib = { path = "x" }',
        'other = { path = "x" }',
    ],
)
def test_a_source_of_what_is_not_requested_is_no_fault(line: str) -> None:
    """Another project, platform, extra or group: the index has what the set asks for on its target."""
    assert of_project("", f"{SOURCES}{line}\n") == [
        "pyproject.toml:4 lib>=1",
        'pyproject.toml:4 other; sys_platform == "win32"',
    ]


def test_a_source_counts_on_each_target() -> None:
    """A project that comes from elsewhere on one target alone is refused for a set that serves it."""
    text = f"{SOURCES}other = {{ path = 'x' }}\n"
    assert bad_project(text, toml=TWO)[0].startswith("pyproject.toml:10: [tool.uv.sources] takes other from a path")
    assert of_project('targets = ["linux"]', text, TWO)


def test_all_findings_are_one_fault() -> None:
    """A document has one fault for all that uv's tables change, eight of them in full."""
    lines = [f'p{number} = {{ path = "x" }}' for number in range(10)]
    text = f"{NAME}dependencies = {[f'p{number}' for number in range(10)]}\n[tool.uv.sources]\n" + "\n".join(lines)
    (fault,) = bad_project(f'{text}\n[tool.uv]\nexclude-newer = "2025-01-01"\n')
    assert fault.startswith("pyproject.toml:6: [tool.uv.sources] takes p0 from a path, takes p1 from a path, ")
    assert " and 3 more: the mirror cannot honour that; " in fault


#: Setting → why it is refused.
SETTINGS = {
    'exclude-newer = "7 days"': "excludes files by their upload time",
    "exclude-newer-package = { six = false }": "excludes files of some projects by their upload time",
    'dependency-metadata = [{ name = "six" }]': "replaces the metadata of projects",
    "no-binary = true": "asks for sdists",
    'no-binary-package = ["six"]': "asks for sdists of some projects",
    'resolution = "lowest"': "sets resolution to 'lowest'",
    'prerelease = "disallow"': "sets prerelease to 'disallow'",
    "no-index = true": "sets no-index to True",
    'index-url = "https://user:secret@host/simple"': "names an index, which pip is not configured for",
    'find-links = ["./wheels"]': "names a place of files, which pip is not configured for",
    'index = [{ name = "corp", url = "https://host/simple" }]': "names the index 'corp', which pip is not configured for",
    'index = [{ url = "https://one.example/", explicit = true, exclude-newer = "7 days" }]': (
        "excludes files of an index by their upload time"
    ),
    'dev-dependencies = ["six"]': "has a group 'dev' of its own",
    'conflicts = [[{ extra = "a" }, { group = "Dev" }]]': "says that 'Dev' and 'a' are not to be chosen together",
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("table", ["tool.uv", "tool.uv.pip"])
def test_a_setting_that_changes_the_choice_is_refused(setting: str, table: str) -> None:
    """What pip cannot be asked for is one fault, in ``[tool.uv]`` and in ``[tool.uv.pip]``."""
    if table == "tool.uv.pip" and setting.startswith(("dev-", "conflicts")):
        return
    text = f'{NAME}dependencies = ["lib"]\noptional-dependencies = {{ a = [] }}\n[dependency-groups]\ndev = ["six"]\n'
    (fault,) = bad_project(f"{text}[{table}]\n{setting}\n", 'extras = ["a"]\ngroups = ["dev"]', reach=PIP)
    assert fault.startswith(
        f"pyproject.toml:9: [{table}] {SETTINGS[setting]}: {REST} --extra a --group dev {OWN} {LAST}"
    )
    assert "secret" not in fault


@pytest.mark.parametrize(
    "setting",
    [
        'prerelease = "if-necessary"',
        'resolution = "highest"',
        "no-index = false",
        "override-dependencies = []",
        'index-url = "https://one.example/simple/"',
        'index = [{ name = "pypi", url = "https://one.example/simple", default = true }]',
        'index = [{ name = "corp", url = "https://two.example/simple", explicit = true }]\nsources = { six = { index = "corp" } }',
        'index = [{ name = "corp", url = "https://one.example/simple" }]\nsources = { lib = { index = "corp" } }',
        "required-environments = [\"sys_platform == 'darwin'\"]",
        'required-version = ">=0.1"',
        "package = false",
        'conflicts = [[{ extra = "a" }, { extra = "b" }]]',
    ],
)
def test_a_setting_that_changes_nothing_is_read(setting: str) -> None:
    """The configured index, pip's own way of choosing, and what concerns other things than the choice of files."""
    text = f'{NAME}dependencies = ["lib"]\noptional-dependencies = {{ a = ["x"], b = [] }}\n[tool.uv]\n{setting}\n'
    assert of_project('extras = ["a"]', text, reach=PIP) == ["pyproject.toml:4 lib", "pyproject.toml:5 x"]


def test_one_of_several_indexes_cannot_be_held() -> None:
    """Where pip asks two indexes, a source that names one of them might come from the other."""
    text = (
        f'{NAME}dependencies = ["lib"]\n[tool.uv]\nindex = [{{ name = "corp", url = "https://one.example/simple" }}]\n'
    )
    text += 'sources = { lib = { index = "corp" } }\n'
    both = Reach(index_urls=("https://one.example/simple", "https://two.example/simple"))
    assert "[tool.uv.sources] takes lib from the index 'corp'" in bad_project(text, reach=both)[0]


def test_constraints_and_pre_releases_are_honoured() -> None:
    """``constraint-dependencies`` are the set's constraints, and ``prerelease = "allow"`` is pip's ``--pre``."""
    text = f'{NAME}dependencies = ["lib"]\n[tool.uv]\nprerelease = "allow"\nconstraint-dependencies = ["lib<2",\n"six<1"]\n'
    (app,) = plan_of({"pyproject.toml": text}, 'source = "../pyproject.toml"').sets
    assert [f"{one.origin} {one}" for one in app.constraints] == ["pyproject.toml:7 lib<2", "pyproject.toml:8 six<1"]
    assert app.pre


def test_environments_shut_out_a_target() -> None:
    """uv resolves for its environments alone: another target is a mistake."""
    text = f'{NAME}dependencies = ["lib"]\n[tool.uv]\nenvironments = ["sys_platform == \'win32\'"]\n'
    assert bad_project(text) == [
        (
            "pyproject.toml:6: the target 'linux' is in none of the environments of [tool.uv]; "
            "add its marker there, or leave it out of targets in [sets.app]"
        )
    ]
    assert of_project('targets = ["windows"]', text, TWO)


def test_a_group_may_need_a_newer_python() -> None:
    """``requires-python`` of a chosen group is that of the project for this set."""
    text = f'{NAME}[dependency-groups]\ndev = ["lib"]\n[tool.uv.dependency-groups]\nDev = {{ requires-python = ">=3.12" }}\n'
    assert bad_project(text, 'groups = ["dev"]') == [
        (
            "pyproject.toml:7: requires-python '>=3.12' shuts out the target 'linux', Python 3.10; "
            "leave it out of targets in [sets.app], or give it another python"
        )
    ]


def test_a_script_has_the_same_tables() -> None:
    """In inline metadata (PEP 723) too, with lines of the script and uv's export of a script."""
    lines = ['dependencies = ["lib"]', "[tool.uv]", 'constraint-dependencies = ["six<2"]', "[tool.uv.sources]"]
    script = "".join(f"# {line}\n" for line in ["/// script", *lines, "third = { workspace = true }", "///"])
    (app,) = plan_of({"tool.py": script}, 'source = "../tool.py"').sets
    assert [str(one) for one in app.constraints] == ["six<2"]
    assert faults_of({"tool.py": script.replace("third", "lib")}, 'source = "../tool.py"') == [
        (
            "tool.py:6: [tool.uv.sources] takes lib from this workspace: the mirror cannot honour that; "
            "name what this writes as source: uv export --script tool.py --output-file requirements.txt"
        )
    ]
    assert lines_of({"tool.py": script}, 'source = "../tool.py"', LINUX) == ["tool.py:2 lib"]


def test_the_export_that_a_fault_names_can_be_read(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv writes what it locks without the workspace's own projects, and a set is made of that."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    index.add(make_wheel("six"), make_wheel("part"))
    text = f'{NAME}requires-python = ">=3.10"\ndependencies = ["lib", "six"]\n[tool.uv.sources]\nlib = {{ workspace = true }}\n'
    text += '[tool.uv.workspace]\nmembers = ["lib"]\n'
    lib = '[project]\nname = "lib"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["part"]\n'
    (fault,) = faults_of({"pyproject.toml": text, "lib/pyproject.toml": lib}, 'source = "../pyproject.toml"')
    command = fault.rpartition("name what this writes as source: uv ")[2].split()
    done = run([find_uv_bin(), *command], tmp_path)
    assert done.returncode == 0, done.stderr
    found = lines_of({}, 'source = "../requirements.txt"')
    assert [line.split(" ")[1] for line in found] == ["part==1.0", "six==1.0"]
