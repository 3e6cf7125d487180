"""Settings of uv in other files than the project's own: the root of its workspace, and ``uv.toml``."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin

from pypi_subset.requirements.reach import Reach
from tests.support.servers.index import Index
from tests.support.stages.sources import faults_of, lines_of, plan_of
from tests.support.wheels import make_wheel


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


ROOT = """\
[project]
name = "root"
[tool.uv]
constraint-dependencies = ["six<2"]
[tool.uv.sources]
lib = { workspace = true }
[tool.uv.workspace]
members = ["packages/*", "tools/**"]
exclude = ["packages/apart"]
"""
PIP = Reach(index_urls=("https://one.example/simple",))
MEMBER = '[project]\nname = "app"\ndependencies = ["lib"]\n'
LIB = {"packages/lib/pyproject.toml": '[project]\nname = "Lib"\n'}
SET = 'source = "../packages/app/pyproject.toml"'


def test_a_member_obeys_the_root_of_its_workspace() -> None:
    """Sources of the root count for each member, and so do its constraints, which a member's own do not."""
    files = {**LIB, "pyproject.toml": ROOT, "packages/app/pyproject.toml": MEMBER}
    (fault,) = faults_of(files, SET)
    assert "pyproject.toml:6: [tool.uv.sources] takes lib from this workspace: the mirror cannot honour that" in fault
    own = MEMBER.replace("lib", "six") + '[tool.uv]\nconstraint-dependencies = ["six<1"]\n'
    (app,) = plan_of({**files, "packages/app/pyproject.toml": own}, SET).sets
    assert [*map(str, app.constraints)] == ["six<2"]
    assert app.elsewhere == (("lib", "this workspace", ""),)


@pytest.mark.parametrize(("folder", "is_member"), [("packages/apart", False), ("other", False), ("tools/a/b", True)])
def test_the_root_says_who_is_a_member(folder: str, is_member: bool) -> None:  # noqa: FBT001 - a table's value
    """A pattern in ``exclude`` wins, and a project that no pattern names belongs to no workspace."""
    files = {**LIB, "pyproject.toml": ROOT, f"{folder}/pyproject.toml": MEMBER}
    table = f'source = "../{folder}/pyproject.toml"'
    if is_member:
        assert "takes lib from this workspace" in faults_of(files, table)[0]
    else:
        assert lines_of(files, table) == ["pyproject.toml:3 lib"]


def test_a_requested_member_without_a_source_is_refused() -> None:
    """uv refuses it as well: an index may have another project of the member's name."""
    root = ROOT.replace("lib = { workspace = true }", "")
    files = {**LIB, "pyproject.toml": root, "packages/app/pyproject.toml": MEMBER}
    (fault,) = faults_of(files, SET)
    assert (
        "pyproject.toml:7: [tool.uv.workspace] has lib as a member of this workspace: the mirror cannot"
        in fault.replace("[tool.uv] has", "[tool.uv.workspace] has")
    )


def test_a_root_that_may_not_be_read_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory above that ``subset.toml`` does not name might be the root; nothing of it is read or shown."""
    (tmp_path / "pyproject.toml").write_text("secret = [", encoding="utf-8")
    (tmp_path / "repo" / "app").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repo")
    files = {"app/pyproject.toml": MEMBER}
    (fault,) = faults_of(files, 'source = "../app/pyproject.toml"')
    assert fault.startswith(
        f"{tmp_path}/pyproject.toml: it may concern a source, and it stands outside {tmp_path}/repo; "
    )
    assert fault.endswith('outside = ["PATH"]')
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    toml = 'outside = ["../../pyproject.toml"]\n[targets]\nlinux = "cp310-manylinux2014_x86_64"\n'
    assert lines_of(files, 'source = "../app/pyproject.toml"', toml) == ["pyproject.toml:3 lib"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('exclude-newer = "2025-01-01"', "excludes files by their upload time"),
        (
            'constraint-dependencies = ["six"]',
            "sets constraint-dependencies, which counts for projects only in pyproject.toml",
        ),
        ('index = [{ url = "https://x", exclude-newer = "1 day" }]', "excludes files of an index by their upload time"),
        ("[pip]\nno-deps = true", "leaves out what projects require"),
    ],
)
@pytest.mark.parametrize("folder", ["", "packages/app/"])
def test_a_file_of_uv_beside_the_project_is_read(line: str, what: str, folder: str) -> None:
    """``uv.toml`` beside the project, or beside the root of its workspace, has what ``[tool.uv]`` has."""
    root = ROOT.replace("lib = { workspace = true }", "")
    files = {"pyproject.toml": root, "packages/app/pyproject.toml": MEMBER, f"{folder}uv.toml": f"{line}\n"}
    (fault,) = faults_of(files, SET)
    number = 2 if line.startswith("[") else 1
    assert f"{folder}uv.toml:{number}: uv.toml {what}: the mirror cannot honour that; " in fault


@pytest.mark.parametrize("text", [b"\xff", b"a = [", b"\0"])
def test_a_file_that_cannot_be_read_is_a_fault(text: bytes) -> None:
    """It may change which files are meant."""
    faults = faults_of({"pyproject.toml": MEMBER, "uv.toml": text}, 'source = "../pyproject.toml"')
    assert [one.startswith("uv.toml:") for one in faults] == [True]


SCRIPT = '# /// script\n# dependencies = ["six"]\n{}# ///\n'
CORP = 'index-url = "https://corp.example/simple"\n'
INDEX = "names an index, which pip is not configured for: the mirror cannot honour that; "


@pytest.mark.parametrize("beside", ["uv.toml", "pyproject.toml"])
def test_a_directory_sets_what_uv_does_below_it(beside: str) -> None:
    """uv asks the index of the first directory above that sets anything; a project that is no member is no exception."""
    table = "" if beside == "uv.toml" else '[tool.uv]\nconstraint-dependencies = ["six<1"]\nsources.lib.path = "x"\n'
    files = {beside: f"{table}{CORP}", "repo/pyproject.toml": "[tool.ruff]\n", "repo/app/pyproject.toml": MEMBER}
    (fault,) = faults_of(files, 'source = "../repo/app/pyproject.toml"', reach=PIP)
    name = "uv.toml" if beside == "uv.toml" else "[tool.uv]"
    number = 1 + table.count("\n")
    assert f"{beside}:{number}: {name} {INDEX}" in fault
    for nearer in ("repo/app/uv.toml", "repo/uv.toml"):
        assert lines_of({**files, nearer: ""}, 'source = "../repo/app/pyproject.toml"', reach=PIP)
        Path(nearer).unlink()
    files["repo/app/pyproject.toml"] = f"{MEMBER}[tool.uv]\n"
    assert lines_of(files, 'source = "../repo/app/pyproject.toml"', reach=PIP) == ["pyproject.toml:3 lib"]


@pytest.mark.parametrize("beside", ["uv.toml", "tools/uv.toml"])
def test_a_directory_sets_what_uv_does_for_a_script(beside: str) -> None:
    """``uv lock --script`` asks the index of the directory where it runs; a key of the script's own takes its place."""
    files = {"tools/tool.py": SCRIPT.format(""), beside: CORP}
    (fault,) = faults_of(files, 'source = "../tools/tool.py"', reach=PIP)
    assert f"{beside}:1: uv.toml {INDEX}name what this writes as source: uv export --script " in fault
    files["tools/tool.py"] = SCRIPT.format('# [tool.uv]\n# index-url = "https://one.example/simple"\n')
    assert lines_of(files, 'source = "../tools/tool.py"', reach=PIP) == ["tool.py:2 six"]


def test_uv_asks_the_index_of_a_directory_above(tmp_path: Path) -> None:
    """uv itself locks the release of that index, and not the one of the index that is configured."""
    folder = tmp_path / "repo" / "app"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'{MEMBER}version = "1"\nrequires-python = ">=3.11"\n', encoding="utf-8")
    with Index({"lib": [make_wheel("lib", "9.0")]}) as corp:
        (tmp_path / "uv.toml").write_text(f'index-url = "{corp.url}"\n', encoding="utf-8")
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache")}
        subprocess.run([find_uv_bin(), "lock", "--quiet"], cwd=folder, env=environment, check=True)
        assert corp.url.rstrip("/") in (folder / "uv.lock").read_text(encoding="utf-8")


def test_pre_releases_that_a_file_of_uv_allows_are_refused() -> None:
    """They count for the lock of uv, and no requirement here says so; the default changes nothing."""
    files = {"pyproject.toml": MEMBER, "uv.toml": 'prerelease = "allow"\n'}
    (fault,) = faults_of(files, 'source = "../pyproject.toml"')
    assert fault.startswith("uv.toml:1: uv.toml sets prerelease: the mirror cannot honour that; ")
    files["uv.toml"] = 'prerelease = "if-necessary"\n'
    assert lines_of(files, 'source = "../pyproject.toml"') == ["pyproject.toml:3 lib"]


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ('[tool.pdm.workspace]\nmembers = ["packages/*"]\n', "[tool.pdm] has lib as a member of this workspace"),
        ('[tool.rye.workspace]\nmembers = ["packages/*"]\n', "[tool.rye] has lib as a member of this workspace"),
        ("[tool.rye]\nworkspace = {}\n", "[tool.rye] has lib as a member of this workspace"),
        (
            '[tool.pdm]\nworkspace.members = ["packages/*"]\nsource = [{ name = "corp", url = "https://corp.example" }]\n',
            "[tool.pdm] has lib as a member of this workspace and names the index 'corp', which pip is not configured for",
        ),
    ],
)
def test_members_of_the_workspace_of_another_tool(table: str, what: str) -> None:
    """PDM and Rye take a member in place of the index's project, from the root and from each other member."""
    root = f'[project]\nname = "root"\ndependencies = ["lib"]\n{table}'
    files = {**LIB, "pyproject.toml": root, "packages/app/pyproject.toml": MEMBER, "apart/pyproject.toml": MEMBER}
    for source in ("../pyproject.toml", "../packages/app/pyproject.toml"):
        (fault,) = faults_of(files, f'source = "{source}"', reach=PIP)
        assert what in fault.replace(".workspace] has", "] has")
    if "members" in table:
        assert lines_of(files, 'source = "../apart/pyproject.toml"', reach=PIP) == ["pyproject.toml:3 lib"]


FILES = {
    "hatch": (
        "hatch.toml",
        '[envs.default.env-vars]\nPIP_EXTRA_INDEX_URL = "https://corp.example"\n',
        "2: hatch.toml names an index or a place of files",
    ),
    "pip-tools": (
        ".pip-tools.toml",
        '[tool.pip-tools.compile]\nextra-index-url = ["https://corp.example"]\n',
        "2: [tool.pip-tools.compile] names an index or a place of files",
    ),
    "pdm": ("pdm.toml", '[pypi.corp]\nurl = "https://corp.example"\n', " pdm.toml names the index 'corp'"),
    "pdm in place": ("pdm.toml", '[pypi]\nurl = "https://corp.example"\n', " pdm.toml names the index 'pypi'"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_another_tool_beside_the_project_is_read(kind: str) -> None:
    """A file of its own has what the tool reads from ``pyproject.toml`` otherwise."""
    name, text, what = FILES[kind]
    (fault,) = faults_of({"pyproject.toml": MEMBER, name: text}, 'source = "../pyproject.toml"', reach=PIP)
    assert fault.startswith(f"{name}:{what}, which pip is not configured for: the mirror cannot honour that; ")
    plain = text.replace("corp.example", "one.example/simple")
    assert lines_of({"pyproject.toml": MEMBER, name: plain}, 'source = "../pyproject.toml"', reach=PIP)
    assert faults_of({"pyproject.toml": MEMBER, name: "["}, 'source = "../pyproject.toml"')


def test_members_are_looked_for_below_the_root() -> None:
    """A pattern of two asterisks has any depth; hidden directories and those of other tools are left out."""
    root = ROOT.replace("lib = { workspace = true }", "")
    files = {"pyproject.toml": root, "packages/app/pyproject.toml": MEMBER}
    (fault,) = faults_of({**files, "tools/a/b/pyproject.toml": '[project]\nname = "lib"\n'}, SET)
    assert "has lib as a member of this workspace" in fault
    (Path("tools") / "a" / "b" / "pyproject.toml").unlink()
    for folder in ("tools/.venv/lib", "tools/node_modules/lib", "packages/apart", "elsewhere"):
        files[f"{folder}/pyproject.toml"] = '[project]\nname = "lib"\n'
    assert lines_of(files, SET) == ["pyproject.toml:3 lib"]
