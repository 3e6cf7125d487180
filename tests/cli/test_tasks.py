"""``pypi-subset`` in any directory: the tasks about a subset, and their JSON."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli import bootstrap
from tests.support.checkout import ROOT
from tests.support.programs.commands import subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


@pytest.mark.slow
@pytest.mark.parametrize("goal", [goal.name for goal in bootstrap.read_goals(ROOT) if not goal.developer])
def test_help_says_what_it_does_and_the_defaults(goal: str, tmp_path: Path) -> None:
    """Every parameter is explained, with its default unless it must be given; every task has a paragraph."""
    text = subset("--help", goal, cwd=tmp_path).stdout
    docstring, _, options = text.partition("Options:\n")
    assert len(docstring.partition("Docstring:\n")[2].strip().split("\n\n")) == 2
    described = [" ".join(option.split()) for option in re.split(r"\n(?=  -)", options.rstrip())]
    names = next(each.variables for each in bootstrap.read_goals(ROOT) if each.name == goal)
    if not names:
        assert described == ["none"]
    assert len(described) == max(len(names), 1)
    for option in described if names else ():
        assert "(default: " in option or "--project" in option or "--name" in option, option
    if goal == "mirror":
        assert "X.Y is served for every X.Y.z" in " ".join(docstring.split())


def test_folder_without_requirements_is_said(tmp_path: Path) -> None:
    """Nothing to mirror: exit code 1, the folder is named, no traceback, nothing left behind."""
    done = subset("mirror", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: requirements: no such folder; ")
    assert "Traceback" not in done.stderr
    assert [*tmp_path.iterdir()] == []


@pytest.mark.slow
def test_mirror_why_clean(workspace: Workspace, index: Index) -> None:
    """A folder with ``requirements/`` is all it needs: mirror, again with nothing to do, why, clean."""
    index.add(make_wheel("demo", requires=["dep>=1"]), make_wheel("dep", "1.5"))
    workspace.write("base.txt", "demo\n")
    workspace.toml()
    first = subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert first.returncode == 0, first.stderr
    assert re.search(r"^ *here +2 +2 +[\d,]+ +\d+\.\d *$", first.stdout, re.MULTILINE)
    assert first.stdout.endswith("site is built: 1 locks resolved, 2 files fetched\n")
    index.close()
    again = subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert again.stdout.endswith("site is up to date: 0 locks resolved, 0 files fetched\n"), again.stderr
    for words in (["dep"], ["dep", "here"], ["--project=dep", "--target=here"]):
        because = subset("why", *words, cwd=workspace.root)
        assert "demo" in because.stdout, because.stderr
        assert "base.txt:1" in because.stdout
    assert "nowhere" in subset("why", "dep", "nowhere", cwd=workspace.root).stderr
    (workspace.root / "packages" / "README.md").write_text("kept", encoding="utf-8")
    cleaned = subset("clean", cwd=workspace.root)
    assert cleaned.returncode == 0, cleaned.stderr
    assert [path.name for path in (workspace.root / "packages").iterdir()] == ["README.md"]
    assert [path.name for path in (workspace.root / "site").iterdir()] == ["README.md"]
    assert [*workspace.paths.locks.iterdir()]


@pytest.mark.slow
def test_damage_that_kept_its_time_is_found_and_mended(workspace: Workspace, index: Index) -> None:
    """Mirror cannot see it; verify reads every byte and is red, and then mirror reads everything too."""
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"mac": "cp312-macosx_14_0_arm64"})
    assert subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url).returncode == 0
    path = workspace.paths.site / "find-links.html"
    facts, page = path.stat(), path.read_bytes()
    path.write_bytes(page.replace(b"demo", b"damo", 1))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert "up to date" in subset("mirror", cwd=workspace.root).stdout
    assert subset("verify", cwd=workspace.root).returncode != 0
    assert "site is built" in subset("mirror", cwd=workspace.root).stdout
    assert path.read_bytes() == page


def test_targets_are_listed_and_described(workspace: Workspace) -> None:
    """``targets`` needs no folder; ``target`` takes a target of the folder, a system or a tag."""
    listed = subset("targets", cwd=workspace.root).stdout
    assert re.search(r"^debian-12 +manylinux_2_36_x86_64 … manylinux1_x86_64 +x86_64, .* 3\.11", listed, re.MULTILINE)
    workspace.toml({"lab": {"on": "rhel8", "python": "3.12.4"}})
    shown = subset("target", "lab", cwd=workspace.root).stdout.splitlines()
    assert shown[0] == "lab: cp312-cp312-manylinux_2_28_x86_64, Python 3.12.4"
    assert {"  platform_release = open", "  python_full_version = '3.12.4'"} <= {*shown}
    assert "  cp312-cp312-manylinux2014_x86_64" in shown
    system = subset("target", "windows-11", "--py", "3.13t", cwd=workspace.root).stdout
    assert system.startswith("windows-11: cp313-cp313t-win_amd64, Python 3.13\n")
    bare = subset("target", "macos-14", cwd=workspace.root)
    assert (bare.returncode, bare.stderr.endswith("; as in `make target NAME=macos-14 PY=3.12`\n")) == (1, True)
    assert "  python_full_version = every 3.13.z\n" in system
    tag = subset("target", "cp312-win32", cwd=workspace.root).stdout
    assert "  platform_machine = 'x86'\n" in tag
    wrong = subset("target", "nonsense", cwd=workspace.root)
    assert (wrong.returncode, wrong.stderr.startswith("error: there is no system 'nonsense'")) == (1, True)


@pytest.mark.parametrize("text", ["[]", "{", '{"schema": 1}'])
def test_a_damaged_manifest_is_one_line(tmp_path: Path, text: str) -> None:
    """Whatever stands in manifest.json, nobody sees a traceback."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "manifest.json").write_text(text)
    for words in (["why", "demo"], ["verify"]):
        done = subset(*words, cwd=tmp_path)
        assert done.returncode == 1
        assert done.stderr.startswith("error: site/manifest.json: the")
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_json_of_a_mirror_is_one_document(workspace: Workspace, index: Index) -> None:
    """Standard output holds the result alone; warnings go to standard error; nothing to do is a document as well."""
    index.add(make_wheel("demo", requires=["dep>=1"]), make_wheel("dep", "1.5"))
    workspace.write("base.txt", "demo[none]\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    done = subset("mirror", "--json", cwd=workspace.root, PIP_INDEX_URL=index.url)
    document = json.loads(done.stdout)
    (row,) = document.pop("rows")
    assert (row["target"], row["projects"], row["files"]) == ("lab", 2, 2)
    assert row["bytes"] == sum(path.stat().st_size for path in workspace.paths.packages.glob("*.whl"))
    (warning,) = document.pop("warnings")
    assert "none" in warning
    assert done.stderr == f"warning: {warning}\n"
    # Every other key is a list, and there is nothing to list.
    counts = {key: document.pop(key) for key in ("resolved", "fetched", "published")}
    assert (counts, document.pop("schema")) == ({"resolved": 1, "fetched": 2, "published": True}, "1.0")
    assert document.keys() >= {"changes", "rejected", "bad_files", "built", "kept", "outdated", "accepted_gaps", "gone"}
    assert [value for value in document.values() if value != []] == []
    again = json.loads(subset("update", "-j", cwd=workspace.root, PIP_INDEX_URL=index.url).stdout)
    assert (again["resolved"], again["fetched"], again["published"]) == (1, 0, False)


@pytest.mark.slow
def test_json_of_a_plan_is_that_of_its_form(workspace: Workspace, index: Index) -> None:
    """``--json`` and ``--form=json`` print the same bytes."""
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    one, other = (
        subset("plan", flag, cwd=workspace.root, PIP_INDEX_URL=index.url) for flag in ("--json", "--form=json")
    )
    assert one.stdout == other.stdout
    assert [change["project"] for change in json.loads(one.stdout)["changes"]] == ["demo"]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["mirror", "plan"])
def test_json_of_an_error_is_a_document(workspace: Workspace, index: Index, task: str) -> None:
    """A gap and any other error are documents too; the line on standard error and the exit code stay."""
    other = subset(task, "--json", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert json.loads(other.stdout)["error"] == other.stderr.removeprefix("error: ").rstrip("\n")
    index.add(make_wheel("demo", tag="cp312-cp312-win_amd64"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    gap = subset(task, "--json", cwd=workspace.root, PIP_INDEX_URL=index.url)
    (found,) = json.loads(gap.stdout)["gaps"]
    assert (found["target"], found["project"]) == ("lab", "demo")
    assert gap.stderr.startswith("error: ")
    assert (other.returncode, gap.returncode) == (1, 1)
