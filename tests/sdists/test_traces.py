"""Where a build script looks at the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.sdists.traces import traces_in
from tests.support.stages.mirroring import mirror
from tests.support.stages.sdists import make_buildable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

SETUP = """import os, subprocess
from setuptools import setup
# sys.platform is not read here
if os.name == "nt":
    pass
data = []
if platform.system() == "Linux": data.append("man")
setup(name="x", version=open("time.txt").read())
"""


def test_the_lines_are_named(tmp_path: Path) -> None:
    """Imports and comments look at nothing; a script without such a line, or no script, has no trace."""
    (tmp_path / "setup.py").write_text(SETUP)
    assert traces_in(tmp_path) == ("line 4: os.name", "line 7: platform.system")
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup()\n")
    assert traces_in(tmp_path) == ()
    (tmp_path / "setup.py").unlink()
    assert traces_in(tmp_path) == ()


@pytest.mark.usefixtures("configured_index")
def test_a_note_says_so_of_a_pure_wheel(workspace: Workspace, index: Index) -> None:
    """The tag promises that the wheel is the same everywhere, and nothing can show that it is."""
    index.add(make_buildable("leaf", files={"setup.py": SETUP}))
    workspace.write("base.txt", "leaf\n")
    workspace.toml(more='[sdists]\nbuild = ["leaf"]\n')
    result, said = mirror(workspace)
    assert (
        "note: leaf 1.0 is built for every system, and its setup.py looks at this one (line 4: os.name, line 7:" in said
    )
    assert result.warnings == ()
