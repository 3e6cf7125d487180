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
        f"note: {place} has 4 files ({', '.join(names)}, …) with a damaged entry, "
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
    assert f"has 1 file ({OLD.filename}) with other bytes on another index, which counts only" in said
    (one,) = result.unusable
    assert (one.index, one.fault, one.first) == (index.url.rstrip("/"), "two contents", (OLD.filename,))


def test_what_the_first_source_leaves_out_is_noted(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line has the files of all later indexes; JSON has them by index. A run without such files has no line."""
    index.add(ALPHA, BETA)
    with Index() as second, Index() as third:
        second.add(BETA, make_wheel("alpha", readme="second"))
        third.add(make_wheel("beta", "2.0", readme="third"))
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{second.url} {third.url}")
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX}, more="[policy]\nfirst_source_wins = true\n")
        found = plan(workspace.paths)
        result, said = mirror(workspace)
        places = sorted(one.url.rstrip("/") for one in (second, third))
        assert mirror(workspace)[0].unusable == ()
    line = (
        f"note: first_source_wins leaves out 2 files ({ALPHA.filename}, {BETA.filename}) of {' and '.join(places)}: "
        "the first source has other bytes of the same name"
    )
    assert said.splitlines().count(line) == 1
    assert [(one.index, one.fault, one.files) for one in result.unusable] == [
        (place, "left out", 1) for place in places
    ]
    assert found.unusable == result.unusable


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
