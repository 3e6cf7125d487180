"""Settings of uv in other files than the project's own: the root of its workspace, and ``uv.toml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stages.sources import faults_of, lines_of, plan_of


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


def test_other_files_beside_are_none_of_its_own() -> None:
    """A script has its settings in itself."""
    files = {"tool.py": '# /// script\n# dependencies = ["six"]\n# ///\n', "uv.toml": 'exclude-newer = "2025-01-01"\n'}
    assert lines_of(files, 'source = "../tool.py"') == ["tool.py:2 six"]


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
