"""What `plan` says about other files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.cli.present import show_plan
from pypi_subset.errors import InputFaults
from pypi_subset.packages.other_changes import OtherChange
from pypi_subset.pipeline.plan import plan
from tests.support.others.entries import DATA, SHA256, TO, carrying, entry
from tests.support.stages.mirroring import mirror

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_plan_names_each_change(workspace: Workspace, index: Index) -> None:
    """A file that comes, changes or goes is a line; nothing is copied or fetched; a wrong hash ends the run as in mirror."""
    index.overrides["/files/b"] = DATA
    remote = entry("b", url=f"http://{index.host}/files/b")
    carrying(workspace, index, entry(path="../small.onnx"), remote)
    path, size = f"files/{TO}", len(DATA)
    new = OtherChange(path=path, before="", after=SHA256, bytes=size, fetch=False)
    assert plan(workspace.paths).other_files == (
        OtherChange(path="files/b", before="", after=SHA256, bytes=None, fetch=True),
        new,
    )
    assert index.gets("/files/b") == 0
    assert not (workspace.paths.packages / ".files").exists()
    mirror(workspace)
    assert plan(workspace.paths).other_files == ()
    carrying(workspace, index, entry(path="../small.onnx", sha256="0" * 64))
    with pytest.raises(InputFaults, match="and the entry says 0000"):
        plan(workspace.paths)
    kept = entry("kept", url=f"http://{index.host}/files/elsewhere")
    carrying(workspace, index, entry("new", path="../small.onnx"), entry(sha256="0" * 64, url=f"{index.url}c"), kept)
    found = plan(workspace.paths)
    assert found.other_files == (
        OtherChange(path="files/b", before=SHA256, after="", bytes=size, fetch=False),
        OtherChange(path="files/kept", before="", after=SHA256, bytes=size, fetch=False),
        OtherChange(path=path, before=SHA256, after="0" * 64, bytes=None, fetch=True),
        OtherChange(path="files/new", before="", after=SHA256, bytes=size, fetch=False),
    )
    said = io.StringIO()
    show_plan(found, Display(Console(file=said, width=200)))
    assert "- files/b (32.0 kB)\n" in said.getvalue()
    assert f"~ {path} (size not known, to fetch)\n+ files/new (32.0 kB)\n" in said.getvalue()
