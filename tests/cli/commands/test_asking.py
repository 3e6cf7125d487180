"""The commands that answer a question, in any directory."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.programs.commands import subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


def test_targets_are_listed_and_described(workspace: Workspace) -> None:
    """``targets`` needs no folder; ``target`` takes a target of the folder, a system or a tag."""
    listed = subset("targets", cwd=workspace.root).stdout
    assert re.search(r"^debian-12 +manylinux_2_36_x86_64 … manylinux1_x86_64 +x86_64, .* 3\.11", listed, re.MULTILINE)
    workspace.toml({"lab": {"on": "rhel8", "python": "3.12.4"}})
    shown = subset("target", "lab", cwd=workspace.root).stdout.splitlines()
    assert shown[0] == "lab: cp312-cp312-manylinux_2_28_x86_64, Python 3.12.4"
    assert {"  platform_release = open", "  python_full_version = '3.12.4'"} <= {*shown}
    assert "  cp312-cp312-manylinux2014_x86_64" in shown
    system = subset("target", "windows-11", "--python", "3.13t", cwd=workspace.root).stdout
    assert system.startswith("windows-11: cp313-cp313t-win_amd64, Python 3.13\n")
    bare = subset("target", "macos-14", cwd=workspace.root)
    assert (bare.returncode, bare.stderr.endswith("; as in `pypi-subset target macos-14 --python 3.12`\n")) == (2, True)
    assert "  python_full_version = every 3.13.z\n" in system
    tag = subset("target", "cp312-win32", cwd=workspace.root).stdout
    assert "  platform_machine = 'x86'\n" in tag
    wrong = subset("target", "nonsense", cwd=workspace.root)
    assert (wrong.returncode, wrong.stderr.startswith("error: there is no system 'nonsense'")) == (2, True)


@pytest.mark.slow
def test_doctor_examines_and_says_what_is_wrong(workspace: Workspace, index: Index) -> None:
    """Each finding is a line, each target a row; an error is exit code 1, in JSON as well."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"win": "cp312-win_amd64"})
    good = subset("doctor", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert good.returncode == 0, good.stderr
    lines = good.stdout.splitlines()
    assert lines[0].startswith("ok: python: CPython 3.")
    assert f"ok: index: http://{index.host}/simple answers in " in good.stdout
    assert lines[-2].split() == ["win", "cp312-cp312-win_amd64", "unpacked", "-"]
    assert lines[-1] == "Next: `pypi-subset mirror`"
    index.close()
    bad = subset("doctor", "--json", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert bad.returncode == 1
    assert bad.stderr.splitlines()[-1] == "error: doctor found 1 error; see the lines above"
    document = json.loads(bad.stdout)
    assert [one["name"] for one in document["findings"] if one["state"] == "error"] == ["index"]
    missing = subset("doctor", "--pythons", str(workspace.root / "none"), cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert (missing.returncode, "there is no Python interpreter" in missing.stderr) == (2, True)


@pytest.mark.slow
def test_why_names_what_requires_a_project_that_a_lock_requests(workspace: Workspace, index: Index) -> None:
    """The lock of another tool requests each project: the chain says nothing of who requires it, so a last line does."""
    wheels = make_wheel("app", requires=["lib"]), make_wheel("lib")
    index.add(*wheels)
    packages = "".join(
        f'[[packages]]\nname = "{one.filename.partition("-")[0]}"\nversion = "1.0"\n'
        f'wheels = [{{ name = "{one.filename}", url = "http://{index.host}/files/{one.filename}", '
        f'hashes = {{ sha256 = "{one.sha256}" }} }}]\n'
        for one in wheels
    )
    (workspace.root / "pylock.toml").write_text(f'lock-version = "1.0"\ncreated-by = "a-tool"\n{packages}')
    workspace.toml({"win": "cp312-win_amd64"}, more='[sets.lab]\nsource = "../pylock.toml"\n')
    made = subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url)
    assert made.returncode == 0, made.stderr
    done = subset("why", "lib", "win", cwd=workspace.root)
    page = "site/project/lib/index.html"
    assert done.stdout.splitlines()[1:] == [
        f"pylock.toml requests each project by itself; lib is required by app, see {page}"
    ]
    first = subset("why", "app", cwd=workspace.root).stdout.splitlines()
    assert first[1:] == ["pylock.toml requests each project by itself; no other project requires app"]
    document = json.loads(subset("why", "lib", "--json", cwd=workspace.root).stdout)
    assert document["required_by"] == ["app"]
    assert re.search(r'<a href="[^"]*app/[^"]*">app</a>', (workspace.root / page).read_text())
