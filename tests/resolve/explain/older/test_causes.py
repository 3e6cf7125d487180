"""What is in the way of a newer release where a line admits some of them, and remedies that work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import OlderReleases
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, mirror

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def found(space: Workspace, *, update: bool = False) -> dict[str, tuple[str, str, bool]]:
    """Return cause, remedy and whether a line of the user is the cause, by project and version."""
    result, _ = mirror(space, update=update, allow_downgrade=True)
    return {f"{one.project} {one.version}": (one.why, one.step, one.own) for one in result.outdated}


def test_a_line_that_admits_a_newer_release_is_not_the_cause(workspace: Workspace, index: Index) -> None:
    """What is in the way of the newest release that the line admits is named, and the policy counts it."""
    index.add(make_sdist("low", "1.0"), *(make_wheel("top", one, requires=["low"]) for one in ("3.0", "2.0")))
    index.add(make_wheel("top", "1.0"), make_wheel("pinned", "1.0"), make_wheel("pinned", "2.0"))
    index.add(make_wheel("wild", "1.0"), make_wheel("wild", "1.1", requires=["low"]), make_wheel("wild", "2.0"))
    workspace.write("base.txt", "top<3\npinned==1.0\nwild==1.*\n")
    workspace.toml({"linux": LINUX})
    end = "at most: it requires low; low 1.0: sdist only"
    those = found(workspace)
    assert {name: (why, own) for name, (why, _, own) in those.items()} == {
        "top 1.0": (f"base.txt:1 admits 2.0 {end}", False),
        "pinned 1.0": ("base.txt:2 asks for pinned==1.0", True),
        "wild 1.0": (f"base.txt:3 admits 1.1 {end}", False),
    }
    assert "pip wheel --no-deps low==1.0" in those["top 1.0"][1]
    workspace.toml({"linux": LINUX}, more='[policy]\noutdated = "error"\n')
    with pytest.raises(OlderReleases) as caught:
        mirror(workspace)
    assert [one["project"] for one in caught.value.documents["outdated"] if not one["own"]] == ["top", "wild"]


def test_a_line_that_admits_a_blocked_final_release_does_not_excuse_a_pre_release(
    workspace: Workspace, index: Index
) -> None:
    """The newest final release is excluded by the line, and an older one, which it admits, has an sdist only."""
    index.add(make_wheel("top", "3.0"), make_sdist("top", "2.0"), make_wheel("top", "2.1rc1"))
    workspace.write("base.txt", "top<3\n")
    workspace.toml({"linux": LINUX})
    ((why, _, own),) = found(workspace).values()
    assert (why, own) == ("base.txt:1 admits 2.0 at most: sdist only", False)


def test_a_line_is_proposed_only_where_it_has_a_solution(workspace: Workspace, index: Index) -> None:
    """Where every release of the other project excludes the newest one, a set of its own is the way, and no line."""
    index.add(*(make_wheel("c2", one, requires=["shared<2"]) for one in ("1.0", "2.0")))
    index.add(make_wheel("shared", "1.0"), make_wheel("shared", "2.0"))
    # Three levels down, and the other side has one release.
    index.add(make_wheel("t1", "1.0"), make_wheel("t1", "2.0", requires=["t2"]), make_wheel("t2", requires=["t3"]))
    index.add(make_wheel("t3", requires=["base>=2"]), make_wheel("other", requires=["base<2"]))
    index.add(make_wheel("base", "1.0"), make_wheel("base", "2.0"))
    workspace.write("base.txt", "c2\nshared\nt1\nother\n")
    workspace.toml({"linux": LINUX})
    alone = "put it into a set of its own"
    assert {name: step for name, (_, step, _) in found(workspace).items()} == {"shared 1.0": alone, "t1 1.0": alone}


def test_the_line_has_the_extras_that_the_user_asked_for(workspace: Workspace, index: Index) -> None:
    """The proposed line replaces the user's."""
    index.add(make_wheel("app", "1.0", extras=["x"]), make_wheel("app", "2.0", requires=["core<2"], extras=["x"]))
    index.add(make_wheel("core", "1.0"), make_wheel("core", "2.0"))
    index.add(make_wheel("late", "1.0"), make_wheel("late", "2.0", requires=["core>=2"]))
    workspace.write("base.txt", "late\napp[x]\n")
    workspace.toml({"linux": LINUX})
    assert found(workspace)["app 1.0"][1].startswith("write 'app[x]>=2.0' in base.txt:2 and run ")


@pytest.mark.parametrize("refused", [False, True])
def test_a_yanked_release_in_a_chain_is_had_by_its_name(workspace: Workspace, index: Index, refused: bool) -> None:  # noqa: FBT001
    """No other machine gets it: the step is the line that names the version, and the acceptance if the policy refuses it."""
    index.add(make_wheel("app", "2.0", requires=["core>=2"]), make_wheel("app", "1.0"))
    index.add(make_wheel("core", "2.0"), make_wheel("core", "1.0"))
    index.yank(make_wheel("core", "2.0"), "broken")
    workspace.write("base.txt", "app\n")
    policy = '[policy]\nyanked = "refuse"\n' if refused else ""
    workspace.toml({"linux": LINUX}, more=policy)
    why, step, _ = found(workspace)["app 1.0"]
    assert why == "it requires core>=2; core 2.0: yanked: broken"
    line, accept = "write 'core==2.0' in the set", '[[policy.accept]] with rule = "yanked", project = "core"'
    assert (
        step == f"{line} to take it all the same"
        if not refused
        else step.startswith(f"{line}, for pip takes no yanked")
    )
    assert (accept in step) == refused
    workspace.write("base.txt", "app\ncore==2.0\n")
    if refused:
        entry = '[[policy.accept]]\nrule = "yanked"\nproject = "core"\nversion = "==2.0"\nreason = "x"\nuntil = 2099-01-01\n'
        workspace.toml({"linux": LINUX}, more=f"{policy}{entry}")
    assert found(workspace) == {}
