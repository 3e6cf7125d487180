"""``pypi-subset add`` and ``remove`` in any directory."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli.editing import joined
from tests.support.checkout import ROOT
from tests.support.programs.commands import subset

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["p", "add", "a", "b>=1,<2"], ["p", "add", "a\nb>=1,<2"]),
        (["p", "add", "--set", "gpu", "a", "--json", "b"], ["p", "add", "a\nb", "--set", "gpu", "--json"]),
        (["p", "remove", "--build=x", "a"], ["p", "remove", "a", "--build=x"]),
        (["p", "remove", "--target", "lab"], ["p", "remove", "--target", "lab"]),
        (["p", "why", "a", "lab"], ["p", "why", "a", "lab"]),
        (["p"], ["p"]),
    ],
)
def test_words_are_joined(given: list[str], wanted: list[str]) -> None:
    """Bare words count wherever they are between the flags; other tasks stay as they are."""
    assert joined(given) == wanted


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
    assert (document["schema"], document["written"]) == ("1.0", True)
    assert {change["path"]: change["added"] for change in document["changes"]} == {
        "requirements/base.txt": ["six"],
        "requirements/subset.toml": ["[targets]", 'lab = "rhel-10"'],
    }
    failed = subset("remove", "rich", "--json", cwd=tmp_path)
    assert failed.returncode == 1
    assert "asks for rich" in json.loads(failed.stdout)["error"]


def test_nothing_to_do(tmp_path: Path) -> None:
    """No word and no flag is an error with an example."""
    done = subset("add", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "name a project, as in `pypi-subset add pandas`" in done.stderr
