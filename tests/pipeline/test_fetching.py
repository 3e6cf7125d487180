"""Documents at URLs: fetched once, recorded with their hash, and fetched again by update."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import InputFaults
from pypi_subset.pipeline.plan import plan
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.fixture
def url(workspace: Workspace, index: Index) -> str:
    """Return the URL of constraints that the set of the workspace includes."""
    index.add(*(make_wheel("demo", number) for number in ("1.0", "2.0")))
    index.overrides["/limits/upper.txt"] = b"demo<2\n"
    url = f"http://{index.host}/limits/upper.txt"
    workspace.write("base.txt", f"-c {url}\ndemo\n")
    workspace.toml({"linux": LINUX})
    return url


def test_a_document_is_fetched_once(workspace: Workspace, index: Index, url: str) -> None:
    """A second mirror asks for nothing; the lock has the hash, and what proves reads the same set without a network."""
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"demo": "1.0"}
    (document,) = read_subset(workspace.paths.requirements).sets[0].fetched
    assert read_lock(workspace, "base--linux").fetched == ((url, document.sha256),)
    assert document.data == b"demo<2\n"
    index.requests.clear()
    assert mirror(workspace)[0].resolved == 0
    assert index.requests == []


def test_update_fetches_again(workspace: Workspace, index: Index, url: str) -> None:
    """Until then the document stays as it was; a comment alone changes the recorded hash and no version."""
    mirror(workspace)
    index.overrides["/limits/upper.txt"] = b"# newer\ndemo<2\n"
    mirror(workspace)
    (_, before) = read_lock(workspace, "base--linux").fetched[0]
    plan(workspace.paths, update=True)
    assert read_lock(workspace, "base--linux").fetched == ((url, before),)
    mirror(workspace, update=True)
    (_, after) = read_lock(workspace, "base--linux").fetched[0]
    assert before != after
    index.overrides["/limits/upper.txt"] = b""
    assert mirror(workspace, update=True)[0].changes == ("base--linux: demo 1.0 -> 2.0",)


def test_a_document_that_is_not_there_is_a_fault(
    workspace: Workspace, index: Index, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the line that names it, and nothing is kept of a run that failed."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    del index.overrides["/limits/upper.txt"]
    with pytest.raises(InputFaults, match=f"base.txt:1: there is nothing at {url}; correct the URL"):
        mirror(workspace)
    index.on_request = lambda path: 500 if path.endswith("upper.txt") else None
    with pytest.raises(InputFaults, match=f"base.txt:1: {url} answered 500"):
        mirror(workspace)
    assert not workspace.paths.locks.exists()
