"""Faults about the document that a set is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.stages.sources import PROJECT, faults_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("table", "faults"),
    [
        ('source = "../gone.toml"', ["subset.toml:4: gone.toml is no document that is understood; name a pyproject.toml, a lock (uv.lock, pylock.toml, …), a script.py, or a requirements file *.txt"]),
        ('source = "../pixi.lock"', ["subset.toml:4: pixi.lock is no document that is understood; name what this writes: pixi run python -m pip list --format=freeze > requirements.txt"]),
        ('source = "../uv.lock"', ["subset.toml:4: uv.lock: No such file or directory; mend the path"]),
        ('source = "../pyproject.toml"', ["subset.toml:4: pyproject.toml: No such file or directory; mend the path"]),
        ('source = "../gone.txt"', ["subset.toml:4: gone.txt: No such file or directory; mend the path"]),
        ('source = "https://user:secret@host/pylock.toml"', ["subset.toml:4: a URL as source is refused; copy the document here and name its path"]),
        ("source = 3.10", ['subset.toml:4: source is the number 3.10, 3.1 to TOML; quote it: "3.10"']),
        ('sauce = "x"\nsource = "../ok.txt"', ["subset.toml:4: unknown key 'sauce'; did you mean 'source'?"]),
        ('source = "../ok.txt"\nextras = ["a"]\ngroups = ["b"]', [f"subset.toml:{line}: {key} without a source that is a pyproject.toml or a lock; drop the line" for line, key in ((5, "extras"), (6, "groups"))]),
        ('source = "../ok.txt"\n[sets.base]\ngroups = ["b"]', ["subset.toml:6: groups without a source that is a pyproject.toml or a lock; drop the line"]),
        ('source = "../bad/pyproject.toml"\nextras = "x"', ['subset.toml:5: extras must be a list of names; write extras = ["…"]']),
        ('source = "../ok.txt"\n[sets.base]\nsource = "../ok.txt"', ["subset.toml:6: the set 'base' has a source and a file base.txt; drop the line, or rename one of the two"]),
        ('source = "../ok.txt"\n[sets."My.App"]\nsource = "../ok.txt"', ["subset.toml:3: 'My.App' is no name: lower-case letters, digits, and single - or _ between them; call the set 'my-app', say"]),
        ('source = "../empty.txt"', ["empty.txt: the set 'app' asks for nothing; add a requirement, or remove the file"]),
        ("", ["subset.toml:3: there is no app.txt for [sets.app]; the files are: base"]),
    ],
)  # fmt: skip
def test_fault_about_a_source_stands_in_subset_toml(table: str, faults: list[str]) -> None:
    """What cannot be a source, or not be read, is met at the line that names it."""
    files = {"ok.txt": "six\n", "empty.txt": "", "bad/pyproject.toml": PROJECT, "requirements/base.txt": "six\n"}
    assert faults_of(files, table) == faults


def test_faults_of_all_sources_come_at_once() -> None:
    """One run names every mistake of every document, in the order of files and lines."""
    files = {
        "pyproject.toml": '[project]\ndependencies = ["pan das"]\n',
        "tool.py": "",
        "reqs/app.txt": "--no-index\nsix\n",
    }
    table = 'source = "../tool.py"\n[sets.b]\nsource = "../pyproject.toml"\n[sets.c]\nsource = "../reqs/app.txt"\n'
    places = [fault.split(" ")[0] for fault in faults_of(files, f"{table}[policy]\nx = 1")]
    assert places == ["pyproject.toml:2:", "reqs/app.txt:1:", "subset.toml:10:", "tool.py:"]
