"""Hashes that the set gives, and files that do not have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, SubsetError
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, WINDOWS, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.mark.slow
def test_hashes_in_pips_constraints_bind(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash in the user's own constraint file is obeyed, as pip obeys it."""
    app = make_wheel("app")
    index.add(app)
    limit = workspace.root / "constraints.txt"
    monkeypatch.setenv("PIP_CONSTRAINT", str(limit))
    workspace.write("base.txt", "app==1.0\n")
    workspace.toml({"linux": LINUX})
    limit.write_text(f"app==1.0 --hash=sha256:{app.sha256}\n")
    mirror(workspace)
    limit.write_text(f"app==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SubsetError, match=r"(?i)hash"):
        mirror(workspace)


def test_hashes_of_the_set_that_are_missing_or_wrong(workspace: Workspace, index: Index) -> None:
    """One line that names the project and what to do, not pip's several."""
    app, lib = make_wheel("app", requires=["lib"]), make_wheel("lib")
    index.add(app, lib)
    workspace.toml({"linux": LINUX})
    for text, message in {
        f"app==1.0 --hash=sha256:{app.sha256}\n": "a --hash; lib (from app==1.0) has not; add them",
        f"app==1.0 --hash=sha256:{app.sha256}\nlib\n": "everything needs '==' and a --hash; lib has not; add them",
        f"app==1.0 --hash=sha256:{lib.sha256}\n": (
            f"base.txt:1: app==1.0 has sha256 {app.sha256}, the set wants {lib.sha256}; correct the hash"
        ),
    }.items():
        workspace.write("base.txt", text)
        with pytest.raises(NoSolution, match=re.escape(message)) as caught:
            mirror(workspace)
        assert "\n" not in str(caught.value)


def test_hashes_of_another_platform(workspace: Workspace, index: Index) -> None:
    """The error says that a lock for one platform has no wheel for the other, and names that wheel."""
    linux, windows = (make_wheel("app", tag=f"cp310-cp310-{one}") for one in ("manylinux2014_x86_64", "win_amd64"))
    index.add(linux, windows)
    workspace.write("base.txt", f"app==1.0 --hash=sha256:{linux.sha256}\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value) == (
        f"base--windows: the lock has no wheel of app==1.0 for windows: base.txt:1 has the hashes of {linux.filename}; "
        f"make the lock for this target too: its wheel is {windows.filename}, sha256:{windows.sha256}"
    )
