"""Files with a fault that no target takes are noted, with real pip and indexes on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.pipeline.plan import plan
from pypi_subset.upstream.places.unusable import DAMAGED, UnusableFiles
from tests.support.servers.index import Index
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

ALPHA, BETA, OLD = make_wheel("alpha", requires=["beta"]), make_wheel("beta", "2.0"), make_wheel("beta", "0.5")


@pytest.mark.parametrize("style", ["json", "html"])
def test_damaged_entries_are_noted(workspace: Workspace, index: Index, style: str) -> None:
    """mirror and plan have a line with their number and the first three, and JSON has the same."""
    index.add(ALPHA, BETA)
    if style == "json":
        index.strange["beta"] = [{"filename": f"beta-0.{n}-py3-none-any.whl", "url": 5} for n in range(1, 5)]
    else:
        index.style = "html"
        links = "".join(f'<a href="http://[/beta-0.{n}-py3-none-any.whl">x</a>' for n in range(1, 5))
        links += f'<a href="/files/{BETA.filename}#sha256={BETA.sha256}">x</a>'
        index.overrides["/simple/beta/"] = f"<html><body>{links}</body></html>".encode()
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    found = plan(workspace.paths)
    result, said = mirror(workspace)
    place, names = index.url.rstrip("/"), [f"beta-0.{n}-py3-none-any.whl" for n in range(1, 4)]
    line = (
        f"note: {place} has 4 files with a damaged entry ({', '.join(names)}, …), "
        "which counts only if a target would take the file"
    )
    assert said.splitlines().count(line) == 1
    expected = {"index": place, "fault": "damaged entry", "files": 4, "first": tuple(names)}
    assert result.document()["unusable"] == (expected,)
    assert found.unusable == result.unusable


def test_an_entry_without_a_name_is_noted(workspace: Workspace, index: Index) -> None:
    """The note has its place on the page."""
    index.add(ALPHA, BETA)
    index.strange["beta"] = [None, "beta"]
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    (one,) = mirror(workspace)[0].unusable
    assert (one.files, one.first) == (2, ("entry 2 of beta", "entry 3 of beta"))


def test_two_contents_are_noted(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old release that differs between two indexes stops no run; a line names the first index and the file."""
    index.add(ALPHA, BETA, OLD)
    with Index() as other:
        other.add(make_wheel("beta", "0.5", readme="other"))
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        result, said = mirror(workspace)
    assert f"has 1 file with other bytes on another index ({OLD.filename}), which counts only" in said
    (one,) = result.unusable
    assert (one.index, one.fault, one.first) == (index.url.rstrip("/"), "two contents", (OLD.filename,))


def test_a_damaged_entry_that_stops_the_run_is_noted(workspace: Workspace, index: Index) -> None:
    """The note is true beside the error about the same file."""
    index.add(ALPHA, BETA)
    index.strange["beta"] = [{"filename": "beta-3.0-py3-none-any.whl", "url": 5}]
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(UpstreamError, match=r"damaged entry of beta-3\.0"):
        mirror(workspace)


def test_a_file_counts_once() -> None:
    """Its page may be read for several targets, and again when memory is short."""
    files = UnusableFiles()
    for _ in range(3):
        files.add("http://example/simple/beta/", "beta", DAMAGED, "beta-0.1.tar.gz")
    assert [(one.index, one.files) for one in files.found()] == [("http://example/simple", 1)]
