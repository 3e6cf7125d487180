"""``pypi-subset`` in any directory: the commands that build a subset, and their JSON."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.programs.commands import complaints, subset
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


#: What each command says in a directory without requirements, after "error: ".
NOTHING_YET = {
    **dict.fromkeys(
        ("mirror", "update", "plan", "merge-reports", "workflow"), "requirements: no such directory; {0} makes it"
    ),
    **dict.fromkeys(
        ("why six", "verify", "publish --to=public"), "site/manifest.json: the site has no manifest; run {1}"
    ),
    "serve --port=0": "site: there is no site to serve; run {1}",
    "servers": "site: there is no site to publish; run {1}",
    "prune": "requirements/lock: there is no lock, so every file would be removed; run {1}",
    "add pandas": "requirements: there is no subset yet; {0} makes one",
    "remove pandas": "requirements: there is no subset yet; {0} makes one",
}


@pytest.mark.parametrize("command", NOTHING_YET)
def test_what_needs_requirements_names_init(tmp_path: Path, command: str) -> None:
    """Without requirements, every command that needs them names the command that writes them, and writes nothing."""
    done = subset(*command.split(), cwd=tmp_path)
    steps = ("`pypi-subset init pandas`", "`pypi-subset init`, then `pypi-subset mirror`")
    assert done.stderr.startswith(f"error: {NOTHING_YET[command].format(*steps)}"), done.stderr
    assert (done.returncode, done.stdout, [*tmp_path.iterdir()]) == (2, "", [])


def test_the_next_step_has_the_directories_of_the_run(tmp_path: Path) -> None:
    """What init leaves to do, and what writes a missing subset.toml, name the directory in use."""
    flags = ("--requirements", "my own")
    made = subset("init", "six", *flags, cwd=tmp_path)
    assert made.stdout.endswith("Next: `pypi-subset mirror --requirements 'my own'`\n"), made.stderr
    (tmp_path / "my own" / "subset.toml").unlink()
    refused = subset("plan", *flags, cwd=tmp_path)
    assert (
        "no such file, so there are no targets; `pypi-subset init --requirements 'my own'` writes it" in refused.stderr
    )
    again = subset("init", *flags, cwd=tmp_path)
    assert again.stdout.endswith("Next: `pypi-subset mirror --requirements 'my own'`\n"), again.stderr
    assert subset("clean", *flags, cwd=tmp_path).stdout == (
        "there is no directory packages\nthere is no directory site\nNext: `pypi-subset mirror --requirements 'my own'`\n"
    )


@pytest.mark.slow
def test_mirror_why_clean(workspace: Workspace, index: Index) -> None:
    """A folder with ``requirements/`` is all it needs: mirror, again with nothing to do, why, clean."""
    index.add(make_wheel("demo", requires=["dep>=1"]), make_wheel("dep", "1.5"))
    workspace.write("base.txt", "demo\n")
    workspace.toml()
    first = subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert first.returncode == 0, first.stderr
    assert re.search(r"^ *here +2 +2 +[\d,]+ +\d+\.\d *$", first.stdout, re.MULTILINE)
    assert re.search(
        r"^site is built: 1 lock resolved; 2 files fetched \(\d\.\d kB\)\nNext: `pypi-subset verify`\n\Z",
        first.stdout,
        re.MULTILINE,
    )
    index.close()
    again = subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert again.stdout.endswith(
        "site is up to date: 0 locks resolved, 1 unchanged; 0 files fetched, 2 here already\nNext: `pypi-subset verify`\n"
    ), again.stderr
    for words in (["dep"], ["dep", "here"]):
        because = subset("why", *words, cwd=workspace.root)
        assert "demo" in because.stdout, because.stderr
        assert "base.txt:1" in because.stdout
    assert "nowhere" in subset("why", "dep", "nowhere", cwd=workspace.root).stderr
    (workspace.root / "packages" / "README.md").write_text("kept", encoding="utf-8")
    cleaned = subset("clean", cwd=workspace.root)
    assert cleaned.returncode == 0, cleaned.stderr
    assert re.fullmatch(
        r"removed from packages: \d files, [\d.]+ kB\nremoved from site: \d\d files, [\d.]+ kB\nNext: .*\n",
        cleaned.stdout,
    )
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
    counts = {
        key: document.pop(key) for key in ("resolved", "fetched", "published", "reused", "present", "other_files")
    }
    assert counts == {"resolved": 1, "fetched": 2, "published": True, "reused": 0, "present": 0, "other_files": 0}
    assert (document.pop("schema"), document.pop("fetched_bytes")) == ("1.1", row["bytes"])
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
    said = [subset("plan", *more, cwd=workspace.root, PIP_INDEX_URL=index.url).stdout for more in ((), ("--update",))]
    assert [text.splitlines()[-1] for text in said] == ["Next: `pypi-subset mirror`", "Next: `pypi-subset update`"]


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
    misspelt = subset("mirror", "dmeo", *words, cwd=tmp_path, PIP_INDEX_URL=index.url)
    assert misspelt.returncode == 1
    first = subset("mirror", "demo", *words, cwd=tmp_path, PIP_INDEX_URL=index.url)
    assert first.stdout.startswith("dropped what an earlier call requested: dmeo\n")
    assert "stick is built: 1 lock resolved; 2 files fetched (" in first.stdout, first.stderr
    assert first.stdout.endswith("Next: `pypi-subset verify --site stick`\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".stick.subset", "stick"]
    assert (tmp_path / "stick" / "manifest.json").is_file()
    assert [path.name for path in (tmp_path / "stick" / "locks").glob("pylock.*")] == ["pylock.base--rhel-8.toml"]
    asked = len(index.requests)
    again = subset("mirror", "demo", *words, cwd=tmp_path, PIP_INDEX_URL=index.url)
    assert "stick is up to date: 0 locks resolved, 1 unchanged; 0 files fetched, 2 here already\n" in again.stdout
    assert len(index.requests) == asked
    assert "base.txt:2 demo" in subset("why", "dep", "--site=stick", cwd=tmp_path).stdout
    proven = subset("verify", "--into", "stick", "--processes=1", cwd=tmp_path)
    assert (proven.returncode, complaints(proven)) == (0, "")
    published = subset("publish", "--site=stick", "--to=public", "--grace=0", cwd=tmp_path)
    assert (published.returncode, complaints(published)) == (0, "")
    refused = subset("mirror", "other", *words, cwd=tmp_path, PIP_INDEX_URL=index.url)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: stick: an earlier call asked for more, and this one would drop demo; ")
    other = subset("mirror", "other", "--replace", *words, cwd=tmp_path, PIP_INDEX_URL=index.url)
    assert "1 lock resolved; 1 file fetched" in other.stdout, other.stderr
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


@pytest.mark.slow
def test_prune_lists_first_and_removes_when_it_is_asked(workspace: Workspace, index: Index) -> None:
    """Without ``--yes`` nothing is removed, and the line says how; in JSON both have the same files; snapshots keep theirs."""
    index.add(make_wheel("demo", "1.0"))
    workspace.write("base.txt", "demo\n")
    workspace.toml()
    assert subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url).returncode == 0
    assert subset("snapshot", "--name=old", "--force", cwd=workspace.root).returncode == 0
    index.add(make_wheel("demo", "2.0"))
    updated = subset("update", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert "; `pypi-subset prune` can remove them\n" in updated.stdout, updated.stderr
    old = workspace.paths.packages / "demo-1.0-py3-none-any.whl"
    kept = subset("prune", "--yes", cwd=workspace.root).stdout
    assert (old.exists(), kept.splitlines()[-1]) == (True, "packages has no file that nothing needs")
    assert re.search(r"^demo-1\.0-py3-none-any\.whl +[\d,]+ +the snapshot old has it *$", kept, re.MULTILINE)
    assert "demo-2.0" not in kept
    assert subset("snapshots", "--remove=old", cwd=workspace.root).returncode == 0
    listed = subset("prune", cwd=workspace.root)
    assert (listed.returncode, old.exists()) == (0, True)
    assert re.search(r"^demo-1\.0-py3-none-any\.whl +[\d,]+ +no lock names it *$", listed.stdout, re.MULTILINE)
    assert re.search(
        r"^nothing is removed yet: 1 file, \d+ bytes\nNext: `pypi-subset prune --yes`\n\Z", listed.stdout, re.MULTILINE
    )
    document = json.loads(subset("prune", "--json", cwd=workspace.root).stdout)
    assert [one["path"] for one in document["files"]] == [old.name]
    assert (document["removed"], document["bytes"]) == (False, old.stat().st_size)
    done = subset("prune", "-y", cwd=workspace.root)
    assert (done.returncode, old.exists(), "removed from packages: 1 file" in done.stdout) == (0, False, True)
    assert subset("prune", cwd=workspace.root).stdout == "packages has no file that nothing needs\n"
    shutil.rmtree(workspace.paths.locks)
    refused = subset("prune", "--yes", cwd=workspace.root)
    assert (refused.returncode, "there is no lock" in refused.stderr) == (2, True)


@pytest.mark.slow
def test_a_run_in_a_pipe_says_what_it_does(workspace: Workspace, index: Index) -> None:
    """Standard error has a line for each target and each phase, and the next command has the directories in use."""
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"linux": "cp312-manylinux_2_28_x86_64", "win": "cp312-win_amd64"})
    flags = ("--site", "out site")
    done = subset("mirror", *flags, cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert done.returncode == 0, done.stderr
    said = [re.sub(r"\d+\.\d (s|kB)", r"N \1", line) for line in done.stderr.splitlines()]
    assert {"resolve: base for linux, N s", "resolve: base for win, N s", "resolve: 2 done in N s"} <= {*said}
    assert {"index: 1 done in N s"} <= {*said}
    assert any(re.fullmatch(r"download: [\d,]+ bytes in N s", line) for line in said), said
    assert any(line.startswith("download: 1 file for ") for line in said)
    assert done.stdout.endswith("Next: `pypi-subset verify --site 'out site'`\n")
    quiet = subset("mirror", "--quiet", *flags, cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
