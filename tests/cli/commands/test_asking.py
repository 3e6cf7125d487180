"""The commands that answer a question, in any directory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.programs.commands import subset

if TYPE_CHECKING:
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
