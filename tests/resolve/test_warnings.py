"""What is allowed, and is unlikely to be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, THREE, WINDOWS, mirror, read_lock, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_what_is_unlikely_to_be_meant_is_said(workspace: Workspace, index: Index) -> None:
    """An extra that a release does not have and a yanked release are installed without, as by pip, but not in silence."""
    index.add(make_wheel("app", extras=["standard"], requires=["lib[fast]"]), make_wheel("lib"), make_wheel("old"))
    index.yank(make_wheel("old"), "broken")
    workspace.write("base.txt", "app[standart]\nold==1.0\n")
    workspace.toml(THREE)
    warnings = [line for line in mirror(workspace)[1].splitlines() if line.startswith("warning: ")]
    assert warnings == [
        "warning: app 1.0: lib 1.0 has no extra 'fast'; it has: none",
        "warning: base.txt:1: app 1.0 has no extra 'standart'; did you mean 'standard'?",
        "warning: old 1.0 was yanked: broken",
    ]
    assert "warning" not in mirror(workspace)[1]


@pytest.mark.slow
def test_a_32_bit_python_may_say_another_machine(workspace: Workspace, index: Index) -> None:
    """Where that would decide otherwise, the value taken is named once for a set and target, until the user gives one."""
    wide, both = "wide; platform_machine in 'AMD64 ARM64'", "both; platform_machine != 'arm64'"
    index.add(
        make_wheel("app", requires=[wide, both, "deep; platform_machine == 'x86' and extra == 'x'"], extras=["x"])
    )
    index.add(*map(make_wheel, ("wide", "both", "deep")))
    workspace.write("base.txt", "app[x]\nboth; platform_machine == 'x86'\n")
    workspace.toml({"small": "cp312-win32", "windows": WINDOWS})
    printed = mirror(workspace)[1]
    assert [line for line in printed.splitlines() if "platform_machine" in line] == [
        (
            "warning: base--small: whether base.txt:2 asks for both (and 2 more) was decided for "
            "platform_machine = 'x86'; a 32-bit Python on a 64-bit system says 'AMD64' or 'ARM64': add platform_machine = "
            '"AMD64" to the target in subset.toml, or "x86" if it is so'
        )
    ]
    assert set(versions(workspace, "base--small")) == {"app", "both", "deep"}
    for value, expected in {"x86": {"app", "both", "deep"}, "AMD64": {"app", "both", "wide"}}.items():
        text = f'[targets]\nsmall = {{ tag = "cp312-win32", platform_machine = "{value}" }}\n'
        (workspace.paths.requirements / "subset.toml").write_text(text)
        assert "platform_machine" not in mirror(workspace)[1]
        assert set(versions(workspace, "base--small")) == expected


def test_another_machine_that_an_open_value_decides(workspace: Workspace, index: Index) -> None:
    """A marker that is open on the other machine is one that it decides otherwise."""
    index.add(make_wheel("app", requires=["lib; platform_machine == 'AMD64' and platform_release >= '10'"]))
    workspace.write("base.txt", "app\n")
    workspace.toml({"small": "cp312-win32"})
    assert "whether app 1.0 asks for lib was decided for platform_machine = 'x86'" in mirror(workspace)[1]


def test_a_yanked_release_keeps_its_mark(workspace: Workspace, index: Index) -> None:
    """A pinned release that was yanked is mirrored with its mark and reason, and stays so from lock to page (PEP 592)."""
    index.add(make_wheel("app"), make_wheel("app", "2.0"))
    index.yank(index.projects["app"][0], "leaks <secrets>")
    workspace.write("base.txt", "app==1.0\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert read_lock(workspace, "base--linux").pins[0].distribution.yanked == "leaks <secrets>"
    page = (workspace.paths.site / "simple" / "app" / "index.html").read_text()
    assert 'data-yanked="leaks &lt;secrets&gt;"' in page
