"""``pypi-subset`` in any directory: the commands that build a subset, and their JSON."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.programs.commands import subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


def test_folder_without_requirements_is_said(tmp_path: Path) -> None:
    """Nothing to mirror: exit code 2, the folder is named, no traceback, nothing left behind."""
    done = subset("mirror", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: requirements: no such directory; ")
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
    for words in (["dep"], ["dep", "here"]):
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


@pytest.mark.parametrize("text", ["[]", "{", '{"schema": 1}'])
def test_a_damaged_manifest_is_one_line(tmp_path: Path, text: str) -> None:
    """Whatever stands in manifest.json, nobody sees a traceback."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "manifest.json").write_text(text)
    for words in (["why", "demo"], ["verify"]):
        done = subset(*words, cwd=tmp_path)
        assert done.returncode == 2
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
    again = json.loads(subset("update", "--json", cwd=workspace.root, PIP_INDEX_URL=index.url).stdout)
    assert (again["resolved"], again["fetched"], again["published"]) == (1, 0, False)


@pytest.mark.slow
def test_json_of_a_plan(workspace: Workspace, index: Index) -> None:
    """``--json`` prints what would change, and nothing else."""
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    done = subset("plan", "--json", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert [change["project"] for change in json.loads(done.stdout)["changes"]] == ["demo"]
    assert done.stderr == ""


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
    assert (other.returncode, gap.returncode) == (2, 1)


@pytest.mark.slow
def test_one_line_from_nothing(tmp_path: Path, index: Index) -> None:
    """Projects on the command line need no files; later commands find the subset by its site alone."""
    index.add(make_wheel("demo", requires=["dep"]), make_wheel("dep"), make_wheel("other"))
    words = ["--on", "rhel8", "--python", "3.12", "--into", "stick"]
    first = subset("mirror", "demo", *words, cwd=tmp_path, PIP_INDEX_URL=index.url)
    assert first.stdout.endswith("stick is built: 1 locks resolved, 2 files fetched\n"), first.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [".stick.subset", "stick"]
    assert (tmp_path / "stick" / "manifest.json").is_file()
    assert [path.name for path in (tmp_path / "stick" / "locks").glob("pylock.*")] == ["pylock.base--rhel-8.toml"]
    asked = len(index.requests)
    again = subset("mirror", "demo", *words, cwd=tmp_path, PIP_INDEX_URL=index.url)
    assert again.stdout.endswith("stick is up to date: 0 locks resolved, 0 files fetched\n"), again.stderr
    assert len(index.requests) == asked
    assert "base.txt:2 demo" in subset("why", "dep", "--site=stick", cwd=tmp_path).stdout
    proven = subset("verify", "--into", "stick", "--processes=1", cwd=tmp_path)
    assert (proven.returncode, proven.stderr) == (0, "")
    published = subset("publish", "--site=stick", "--to=public", "--grace=0", cwd=tmp_path)
    assert (published.returncode, published.stderr) == (0, "")
    other = subset("mirror", "other", *words, cwd=tmp_path, PIP_INDEX_URL=index.url)
    assert "1 locks resolved, 1 files fetched" in other.stdout, other.stderr
    assert sorted(path.name for path in (tmp_path / "stick" / "simple").iterdir() if path.is_dir()) == ["other"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("six", "projects on the command line need a directory of their own; add `--into stick`, or"),
        ("--on rhel8", "--on and --python are about projects on the command line; name some, as in"),
        ("six --requirements mine --into stick", "projects on the command line take the place of a directory of"),
        ("six --on rhel88 --into stick", "there is no system 'rhel88'; did you mean 'rhel-8'"),
        ("six --into taken", "taken: there is a site that another directory of requirements asks for; name another"),
    ],
)
def test_projects_on_the_command_line_are_a_subset_of_their_own(tmp_path: Path, words: str, said: str) -> None:
    """Neither a directory of requirements nor its site is replaced, and nothing is written."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "manifest.json").write_text("{}")
    done = subset("mirror", *words.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {said}")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
