"""Who requires what, under the markers of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, WINDOWS, mirror, read_lock, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_extras_are_followed(workspace: Workspace, index: Index) -> None:
    """An extra, and an extra that asks for another, bring their dependencies; the reasons say through whom."""
    requires = ["core", "demo[fast]; extra == 'all'", "speed; extra == 'fast'", "docs; extra == 'doc'"]
    index.add(make_wheel("demo", requires=requires, extras=["all", "fast", "doc"]))
    index.add(*map(make_wheel, ("core", "speed", "docs")))
    workspace.write("base.txt", "demo[all]\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    pins = {str(pin.distribution.project): pin for pin in read_lock(workspace, "base--linux").pins}
    assert set(pins) == {"demo", "core", "speed"}
    assert pins["demo"].extras == ("all", "fast")
    assert [reason.by for reason in pins["speed"].reasons] == ["demo"]
    assert pins["demo"].requested
    assert not pins["core"].requested


def test_a_request_for_other_machines(workspace: Workspace, index: Index) -> None:
    """A request whose marker is false for a target is not requested there; a lock may even be empty."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app; sys_platform == 'win32'\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {}
    assert versions(workspace, "base--windows") == {"app": "1.0"}
