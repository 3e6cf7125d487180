"""Why a project has an older release than the newest, or a pre-release."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.programs.commands import PYPI_SUBSET
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.planning import LINUX, WINDOWS, foresee, held

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_the_tag_in_the_way_is_named(workspace: Workspace, index: Index) -> None:
    """A newer release whose wheels start at a newer glibc, want another Python, or are for other systems alone."""
    index.add(
        *(make_wheel("numpy", "2.2.6", tag=f"cp310-cp310-{one}") for one in ("manylinux2014_x86_64", "win_amd64"))
    )
    index.add(
        *(make_wheel("numpy", "2.5.5", tag=f"cp310-cp310-{one}") for one in ("manylinux_2_27_x86_64", "win_amd64"))
    )
    index.add(make_wheel("tool", "1.0"), make_wheel("tool", "2.0", requires_python=">=3.12"))
    index.add(make_wheel("fast", "1.0"), make_wheel("fast", "2.0", tag="cp312-cp312-win_arm64"))
    workspace.write("base.txt", "numpy\ntool\nfast\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    assert held(foresee(workspace)) == {
        ("linux", "numpy"): "2.5.5: wheels start at manylinux_2_27, the target stops at 2_17",
        ("linux", "tool"): "2.0: Requires-Python >=3.12, the target has 3.10",
        ("linux", "fast"): "2.0: wheels for win_arm64",
        ("windows", "tool"): "2.0: Requires-Python >=3.12, the target has 3.10",
        ("windows", "fast"): "2.0: wheels for win_arm64",
    }


def test_what_another_target_has_is_explained(workspace: Workspace, index: Index) -> None:
    """Where the newest release is for neither, why the one has not even what the other has is said beside that."""
    index.add(make_wheel("pandas", "3.1", tag="cp312-cp312-win_amd64"), make_wheel("pandas", "2.2"))
    index.add(
        *(make_wheel("pandas", "2.3", tag=f"cp310-cp310-{one}") for one in ("manylinux_2_24_x86_64", "win_amd64"))
    )
    workspace.write("base.txt", "pandas\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS, "newer": "cp312-win_amd64"})
    assert held(foresee(workspace)) == {
        ("linux", "pandas"): (
            "3.1: wheels for win_amd64; 2.3, as on windows: wheels start at manylinux_2_24, the target stops at 2_17"
        ),
        ("windows", "pandas"): "3.1: wheels for cp312, not for cp310-cp310",
    }


def test_what_some_patch_levels_get_is_explained(workspace: Workspace, index: Index) -> None:
    """Where patch levels get different releases, each older one is explained by what it has against the newest."""
    index.add(make_wheel("lib", "2.0", requires_python="!=3.10.4"), make_wheel("lib", "1.0"))
    index.add(make_wheel("late", "2.0", requires_python=">=3.10.2"), make_wheel("late", "1.0"))
    workspace.write("base.txt", "lib\nlate\n")
    workspace.toml({"linux": LINUX})
    assert held(foresee(workspace)) == {
        ("linux", "lib"): "2.0: Requires-Python !=3.10.4, the target has 3.10.4",
        ("linux", "late"): "2.0: Requires-Python >=3.10.2, the target has 3.10.0",
    }


def test_the_requirement_in_the_way_is_named(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of the set, a constraint of the set or of pip's configuration, another project, or its own requirements."""
    for name in ("asked", "limited", "set-up", "deep", "picky"):
        index.add(make_wheel(name, "1.0"), make_wheel(name, "2.0", requires=["absent"] if name == "picky" else []))
    index.add(make_wheel("app", requires=["deep<2"]), make_wheel("yanked", "2.0"), make_wheel("yanked", "1.0"))
    index.add(make_wheel("early", "1.0"), make_wheel("early", "2.0rc1"))
    index.yank(make_wheel("yanked", "2.0"))
    workspace.write("limits.in", "limited<2\n")
    workspace.write("base.txt", "asked<2\n-c limits.in\nlimited\nset-up\napp\npicky\nyanked\nearly\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(workspace.write("own.limits", "set-up<2\n")))
    workspace.toml({"linux": LINUX})
    assert held(foresee(workspace)) == {
        ("linux", "asked"): "2.0: base.txt:1 asks for asked<2",
        ("linux", "limited"): "2.0: limits.in:1 asks for limited<2",
        ("linux", "set-up"): "2.0: pip's setting 'constraint' asks for set-up<2",
        ("linux", "deep"): "2.0: app 1.0 asks for deep<2",
        ("linux", "picky"): "2.0: it requires absent, which no index has",
    }


def test_a_requirement_is_in_the_way_of_what_fits(workspace: Workspace, index: Index) -> None:
    """Where the newest release has no wheel, what keeps away the newest that has one is named beside that."""
    for version, tag in {"1.0": "cp310", "2.0": "cp310", "3.0": "cp312"}.items():
        index.add(*(make_wheel(name, version, tag=f"{tag}-{tag}-win_amd64") for name in ("pinned", "deep", "free")))
    index.add(make_wheel("app", requires=["deep<2"]))
    workspace.write("base.txt", "pinned==1.0\napp\nfree\n")
    workspace.toml({"windows": WINDOWS})
    newest = "3.0: wheels for cp312, not for cp310-cp310"
    assert held(foresee(workspace)) == {
        ("windows", "pinned"): f"{newest}; 2.0 fits, but base.txt:1 asks for pinned==1.0",
        ("windows", "deep"): f"{newest}; 2.0 fits, but app 1.0 asks for deep<2",
        ("windows", "free"): newest,
    }


def test_what_a_release_requires_itself_is_named(workspace: Workspace, index: Index) -> None:
    """A release that fits may require what does not: no wheel for the target, or a version that the rest shuts out."""
    index.add(make_wheel("core", "2.0", tag="cp310-cp310-win_amd64"), make_wheel("core", "1.0"))
    index.add(make_wheel("app", "2.0", requires=["core==2.0"]), make_wheel("app", "1.0", requires=["core==1.0"]))
    index.add(make_wheel("top", "2.0", requires=["shared>=2"]), make_wheel("top", "1.0", requires=["shared"]))
    index.add(make_wheel("shared", "2.0"), make_wheel("shared", "1.0"), make_wheel("old", requires=["shared<2"]))
    index.add(make_wheel("deep", "2.0", requires=["absent; extra == 'no'", "via"]), make_wheel("deep", "1.0"))
    index.add(make_wheel("via", requires=["absent"]))
    workspace.write("base.txt", "app\nold\ntop\ndeep\n")
    workspace.toml({"linux": LINUX})
    assert held(foresee(workspace)) == {
        ("linux", "app"): "2.0: it requires core==2.0; core 2.0: wheels for win_amd64",
        ("linux", "core"): "2.0: wheels for win_amd64",
        ("linux", "shared"): "2.0: old 1.0 asks for shared<2",
        ("linux", "top"): "2.0: it requires shared>=2, and old 1.0 asks for shared<2",
        ("linux", "deep"): "2.0: it requires via; via 1.0 requires absent, which no index has",
    }


@pytest.mark.slow
def test_a_pre_release_is_told(workspace: Workspace, index: Index) -> None:
    """Where pip took a pre-release, why it is no settled release is said, in the text and in JSON."""
    index.add(make_wheel("fast", "2.0rc1"), make_wheel("fast", "1.0", tag="cp310-cp310-win_amd64"))
    index.add(make_wheel("asked", "2.0rc1"), make_wheel("asked", "1.0"), make_wheel("young", "1.0b1"))
    workspace.write("base.txt", "fast\nasked==2.0rc1\nyoung\n")
    workspace.toml({"linux": LINUX})
    assert [(one.project, one.version, one.newest, one.why) for one in foresee(workspace).early] == [
        ("asked", "2.0rc1", "1.0", "base.txt:2 asks for asked==2.0rc1"),
        ("fast", "2.0rc1", "1.0", "wheels for win_amd64"),
        ("young", "1.0b1", "", "there is no other release yet"),
    ]
    assert plan(workspace).stdout.splitlines()[3:6] == [
        "asked 2.0rc1 (a pre-release), not 1.0: base.txt:2 asks for asked==2.0rc1 (base--linux)",
        "fast 2.0rc1 (a pre-release), not 1.0: wheels for win_amd64 (base--linux)",
        "young 1.0b1 (a pre-release): there is no other release yet (base--linux)",
    ]
    assert json.loads(plan(workspace, "--form", "json").stdout)["early"][2]["project"] == "young"


def test_constraints_with_hashes_are_read(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands behind a requirement in pip's own constraints does not keep the plan from naming it."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"))
    limits = workspace.write("own.limits", f"app==1.0 --hash=sha256:{make_wheel('app', '1.0').sha256}\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(limits))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    assert held(foresee(workspace)) == {("linux", "app"): "2.0: pip's setting 'constraint' asks for app==1.0"}


def plan(space: Workspace, *flags: str) -> subprocess.CompletedProcess[str]:
    """Return what the command says."""
    command = [*PYPI_SUBSET, "plan", *flags]
    return subprocess.run(command, cwd=space.root, capture_output=True, text=True, check=False)
