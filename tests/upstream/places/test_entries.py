"""Only files that matter stop a run: damaged entries, and names with two contents, count where a target takes the file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import HashMismatch, SubsetError, UpstreamError
from tests.support.servers.index import Index
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

ALPHA, BETA, OLD = make_wheel("alpha", requires=["beta"]), make_wheel("beta", "2.0"), make_wheel("alpha", "0.5")
WINDOWS = make_wheel("alpha", "2.0", tag="cp310-cp310-win_amd64")

#: Entries that no target takes: names that are none, and files for another system or of an older release.
STRANGE: dict[str, object] = {
    "nothing": None,
    "a word": "alpha-9.0-py3-none-any.whl",
    "no name": {"url": "x.whl", "hashes": {}},
    "a name that is a number": {"filename": 9, "url": "x.whl", "hashes": {}},
    "a file for Windows without an address": {"filename": WINDOWS.filename, "hashes": {}},
    "an sdist with a hash that is none": {"filename": "alpha-9.0.tar.gz", "url": "x", "hashes": {"sha256": "zz"}},
    "an older wheel with a hash that is none": {"filename": OLD.filename, "url": "x", "hashes": {"sha256": "zz"}},
    "a file of another kind": {"filename": "alpha-9.0.exe", "url": 5, "hashes": 5},
}


@pytest.mark.parametrize("kind", STRANGE)
def test_an_entry_that_no_target_takes(kind: str, workspace: Workspace, index: Index) -> None:
    """It stops nothing."""
    index.add(ALPHA, BETA)
    index.strange["alpha"] = [STRANGE[kind]]
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"alpha": "1.0", "beta": "2.0"}


@pytest.mark.parametrize("facts", [{"hashes": {"sha256": "zz"}, "url": "x"}, {"hashes": {}}, {"url": 5, "hashes": {}}])
def test_an_entry_that_a_target_would_take(facts: dict[str, object], workspace: Workspace, index: Index) -> None:
    """No older release is taken in its place: the error names the file, and the index that is to blame."""
    index.add(ALPHA, BETA)
    index.strange["alpha"] = [{"filename": "alpha-3.0-py3-none-any.whl", **facts}]
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(UpstreamError, match=r"simple/alpha/ has a damaged entry of alpha-3\.0-py3-none-any\.whl"):
        mirror(workspace)


def test_two_contents_of_a_file_that_no_target_takes(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old release, and one for another system, may differ between two indexes."""
    index.add(ALPHA, BETA, OLD, WINDOWS)
    with Index() as other:
        other.add(
            ALPHA, make_wheel("alpha", "0.5", readme="other"), make_wheel("alpha", "2.0", tag=WINDOWS_TAG, readme="x")
        )
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
    assert versions(workspace, "base--linux") == {"alpha": "1.0", "beta": "2.0"}


WINDOWS_TAG = "cp310-cp310-win_amd64"


def test_the_first_source_wins_by_the_policy_alone(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two contents of a file that a target takes are an error, which names the key that lets the first one count."""
    index.add(ALPHA, BETA)
    with Index() as other:
        other.add(make_wheel("alpha", readme="other"))
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        with pytest.raises(HashMismatch, match=r"has two contents: .*first_source_wins = true below \[policy\]"):
            mirror(workspace)
        workspace.toml({"linux": LINUX}, more="[policy]\nfirst_source_wins = true\n")
        mirror(workspace)
    assert read_lock(workspace, "base--linux").pins[0].distribution.sha256 == ALPHA.sha256
    workspace.toml({"linux": LINUX}, more='[policy]\nfirst_source_wins = "yes"\n')
    with pytest.raises(SubsetError, match="first_source_wins must be true or false"):
        mirror(workspace)


@pytest.mark.parametrize("same", [True, False])
def test_hashes_of_two_kinds(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch, *, same: bool
) -> None:
    """If one index states md5 and the other SHA-256, the bytes are compared with both."""
    index.add(ALPHA, BETA)
    data = ALPHA.data if same else b"other"
    with Index() as other:
        other.add(ALPHA)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        other.entries[ALPHA.filename] = {"hashes": {"md5": md5}}
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        if same:
            mirror(workspace)
        else:
            with pytest.raises(HashMismatch, match=f"has two contents: md5 .*{md5} on {other.url}alpha/"):
                mirror(workspace)
