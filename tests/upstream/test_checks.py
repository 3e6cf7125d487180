"""Files are compared with what the index promised."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import (
    HashMismatch,
)
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_same_name_other_bytes_is_fatal(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wheel name with two contents on two indexes stops the run and names both sources."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with Index({"app": [make_wheel("app", files={"app.py": b"evil = True\n"})]}) as other:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        with pytest.raises(HashMismatch) as caught:
            mirror(workspace)
    assert f"{index.url}app/" in str(caught.value)
    assert f"{other.url}app/" in str(caught.value)
    assert not workspace.paths.site.exists()


def test_a_wheel_of_the_user_with_the_name_of_another(workspace: Workspace, index: Index) -> None:
    """The error names the file to remove and the setting, and not pip's configuration, which does not have the directory."""
    wheel = make_wheel("app")
    index.add(make_wheel("app", files={"app.py": b"other = True\n"}))
    own = workspace.paths.requirements / "wheels" / wheel.filename
    workspace.write("base.txt", "app\n")
    own.parent.mkdir()
    own.write_bytes(wheel.data)
    workspace.toml({"linux": LINUX}, more="[sources.wheels]\nonly = false\n")
    with pytest.raises(HashMismatch) as caught:
        mirror(workspace)
    assert caught.value.next_step == (
        f"remove {own}; or drop only = false of [sources.wheels]: then all of app comes from there"
    )
    # As the remedy says.
    workspace.toml({"linux": LINUX})
    mirror(workspace)


def test_a_file_of_find_links_with_the_name_of_another(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory of pip's configuration is named with the file."""
    index.add(make_wheel("app", files={"app.py": b"other = True\n"}))
    own = workspace.root / "links" / make_wheel("app").filename
    own.parent.mkdir()
    own.write_bytes(make_wheel("app").data)
    monkeypatch.setenv("PIP_FIND_LINKS", str(own.parent))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(HashMismatch) as caught:
        mirror(workspace)
    assert caught.value.next_step == f"remove {own}; or drop one of the two sources from pip's configuration"


def test_an_index_that_lies_about_a_hash(workspace: Workspace, index: Index) -> None:
    """A file that is not what the page promised is refused, wherever pip meets it; no half file stays."""
    wheel = make_wheel("app")
    index.add(wheel)
    index.overrides[f"/files/{wheel.filename}"] = wheel.data[:-1] + b"\1"
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(HashMismatch, match=r"app-1\.0-py3-none-any\.whl has sha256 .* promised"):
        mirror(workspace)
    assert not list(workspace.paths.packages.rglob("*.whl"))


def test_metadata_with_another_hash(workspace: Workspace, index: Index) -> None:
    """Metadata that is not what the page promised counts for nothing: the wheel has its own."""
    wheel = make_wheel("app")
    index.add(wheel)
    index.overrides[f"/files/{wheel.filename}.metadata"] = wheel.metadata + b"Requires-Dist: evil\n"
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    one = read_lock(workspace, "base--linux").pins[0].distribution
    assert one.metadata == hashlib.sha256(wheel.metadata).hexdigest()


def test_a_wrong_size_without_a_hash(workspace: Workspace, index: Index) -> None:
    """A file that is longer than the page promised is refused: nothing else on the page says that it is the right one."""
    wheel = make_wheel("app")
    index.add(wheel)
    index.entries[wheel.filename] = {"size": 1, "hashes": {}}
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(HashMismatch, match=r"has more than the 1 bytes that .* promised"):
        mirror(workspace)
