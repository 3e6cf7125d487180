"""``pypi-subset add`` and ``remove`` in any directory."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pypi_subset.requirements.subset import read_subset
from tests.support.checkout import ROOT
from tests.support.programs.commands import subset

if TYPE_CHECKING:
    from pathlib import Path


def test_the_example_of_the_manual(tmp_path: Path) -> None:
    """Each command of the page runs, and leaves the files that the page shows."""
    page = (ROOT / "docs" / "reference" / "editing.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ pypi-subset (.+)$", page, re.MULTILINE)
    shown = dict(re.findall(r"^`requirements/(\S+)`:\n\n```\w+\n(.*?)```$", page, re.MULTILINE | re.DOTALL))
    assert (len(commands), sorted(shown)) == (3, ["base.txt", "subset.toml"])
    for command in commands:
        done = subset(*command.replace("'", "").split(), cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    for name, text in shown.items():
        assert (tmp_path / "requirements" / name).read_text() == text


def test_json(tmp_path: Path) -> None:
    """The document has the changes; an error is one too."""
    done = subset("add", "six", "--target", "lab=rhel-10", "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert (document["schema"], document["written"]) == ("1.1", True)
    assert {change["path"]: change["added"] for change in document["changes"]} == {
        "requirements/base.txt": ["six"],
        "requirements/subset.toml": ["[targets]", 'lab = "rhel-10"'],
    }
    failed = subset("remove", "rich", "--json", cwd=tmp_path)
    assert failed.returncode == 2
    assert "requests rich" in json.loads(failed.stdout)["error"]


def test_what_stops_mirror_is_a_warning(tmp_path: Path) -> None:
    """The edit is done all the same."""
    subset("add", "six", "--target", "lab=rhel-10", cwd=tmp_path)
    with (tmp_path / "requirements" / "subset.toml").open("a") as settings:
        settings.write('[[policy.accept]]\nrule = "deny"\nproject = "six"\nreason = "r"\nuntil = 2026-01-01\n')
    done = subset("add", "rich", cwd=tmp_path)
    assert done.returncode == 0
    said = " ".join((done.stdout + done.stderr).split())
    assert "warning: mirror stops at this: requirements/subset.toml:" in said
    assert "the acceptance of deny for six ended on 2026-01-01" in said
    assert (tmp_path / "requirements" / "base.txt").read_text() == "six\nrich\n"


def test_nothing_to_do(tmp_path: Path) -> None:
    """No word and no flag is an error with an example."""
    done = subset("add", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "name a project, as in `pypi-subset add pandas`" in done.stderr


def test_words_may_be_among_the_options(tmp_path: Path) -> None:
    """Bare words count wherever they are; a dry run writes nothing."""
    words = ["a", "--set", "gpu", "--target=lab=rhel-10,win=windows-11", "--python", "3.12", "b>=1,<2", "--dry-run"]
    done = subset("add", *words, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "requirements/subset.toml: + [targets]",
        'requirements/subset.toml: + lab = {on = "rhel-10", python = "3.12"}',
        'requirements/subset.toml: + win = {on = "windows-11", python = "3.12"}',
        "requirements/gpu.txt: + a",
        "requirements/gpu.txt: + b<2,>=1",
        "nothing was changed (`--dry-run`)",
    ], done.stderr
    assert [*tmp_path.iterdir()] == []


def test_init_beside_a_project_names_its_lock(tmp_path: Path) -> None:
    """Without projects on the command line, the table for the most exact document is printed, and it is one that is read."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\ndependencies = ["six"]\n')
    said = subset("init", "--on=rhel9", cwd=tmp_path).stdout.splitlines()[-1]
    assert said == (
        'Or write [sets.app] and source = "../pyproject.toml" below it in requirements/subset.toml: '
        "a set as in pyproject.toml"
    )
    with (tmp_path / "requirements" / "subset.toml").open("a") as stream:
        stream.write('[sets.app]\nsource = "../pyproject.toml"\n')
    assert [one.name for one in read_subset(tmp_path / "requirements").sets] == ["app"]
    (tmp_path / "uv.lock").touch()
    assert '"../uv.lock"' in subset("init", "--requirements=other", cwd=tmp_path).stdout
    assert "Or write" not in subset("init", "six", "--requirements=third", cwd=tmp_path).stdout
