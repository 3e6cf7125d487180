"""Hashes that the set gives, and files that do not have them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import Gaps, NoSolution, SubsetError
from tests.support.wheels import make_sdist, make_wheel

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


def test_a_line_without_wheels_for_two_targets_is_one_gap(workspace: Workspace, index: Index) -> None:
    """The line is named once with its targets, and each target's wheel below it."""
    linux, windows, mac = (
        make_wheel("app", tag=f"cp310-cp310-{one}")
        for one in ("manylinux2014_x86_64", "win_amd64", "macosx_13_0_arm64")
    )
    index.add(linux, windows, mac)
    workspace.write("base.txt", f"app==1.0 --hash=sha256:{linux.sha256}\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS, "mac": "cp310-macosx_13_0_arm64"})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    step = "make the lock for this target too: its wheel is"
    assert caught.value.lines == (
        f"base on windows, mac: the lock has no wheel of app==1.0: base.txt:1 has the hashes of {linux.filename}",
        f"    base on windows: {step} {windows.filename}, sha256:{windows.sha256}",
        f"    base on mac: {step} {mac.filename}, sha256:{mac.sha256}",
    )


def test_several_hashes_on_a_line(workspace: Workspace, index: Index) -> None:
    """Lines with the hashes of other platforms, and lines with wrong ones, are read as a line with one hash is."""
    wheels = [make_wheel("app", tag=f"cp310-cp310-{one}") for one in ("manylinux2014_x86_64", "macosx_11_0_arm64")]
    windows, lib = make_wheel("app", tag="cp310-cp310-win_amd64"), make_wheel("lib")
    index.add(*wheels, windows, lib)
    workspace.toml({"windows": WINDOWS})
    hashes = " ".join(f"--hash=sha256:{one.sha256}" for one in wheels)
    workspace.write("base.txt", f"app==1.0 {hashes}\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    names = ", ".join(one.filename for one in wheels)
    assert f"base.txt:1 has the hashes of {names}; make the lock for this target too: its wheel is" in str(caught.value)
    assert (caught.value.project, caught.value.requests) == ("app", ("base.txt:1",))
    workspace.write("base.txt", f"lib==1.0 --hash=sha256:{'0' * 64} --hash=sha256:{'1' * 64}\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert f"lib==1.0 has sha256 {lib.sha256}, the set wants {'0' * 64}, {'1' * 64}; correct" in str(caught.value)


def test_several_hashes_of_a_page_without_any(workspace: Workspace, index: Index) -> None:
    """Where no page states a hash, pip reads the file, and its own words are understood."""
    lib = make_wheel("lib")
    index.add(lib)
    index.hashes = False
    workspace.toml({"windows": WINDOWS})
    workspace.write("base.txt", f"lib==1.0 --hash=sha256:{'0' * 64} --hash=sha256:{'1' * 64}\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert f"lib==1.0 has sha256 {lib.sha256}, the set wants {'0' * 64}, {'1' * 64}; correct" in str(caught.value)


def test_every_wrong_hash_is_found_with_the_other_gaps(workspace: Workspace, index: Index) -> None:
    """One run names all lines with wrong hashes, and what else has no solution; what has one is no gap."""
    index.add(make_wheel("good"), *(make_wheel(name) for name in ("a", "b", "c")), make_wheel("d", requires=["good"]))
    workspace.toml({"linux": LINUX})
    names = ["a", "b", "nowhere", "d"]
    lines = [f"{name}==1.0 --hash=sha256:{str(number) * 64}" for number, name in enumerate(names)]
    workspace.write("base.txt", "\n".join([*lines, f"c==1.0 --hash=sha256:{make_wheel('c').sha256}", ""]))
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    assert [(one.project, one.requests) for one in caught.value.gaps] == [
        ("a", ("base.txt:1",)),
        ("b", ("base.txt:2",)),
        ("d", ("base.txt:4",)),
        ("nowhere", ("base.txt:3",)),
    ]


def test_the_hash_of_an_sdist(workspace: Workspace, index: Index) -> None:
    """The remedy says that the line needs the hash of the wheel, and with the wheel in place it prints that hash."""
    sdist, built = make_sdist("antlr", "4.9.3"), make_wheel("antlr", "4.9.3")
    index.add(sdist)
    workspace.toml({"linux": LINUX})
    line = f"antlr==4.9.3 --hash=sha256:{hashlib.sha256(sdist.data).hexdigest()}"
    workspace.write("base.txt", f"{line}\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.next_step.endswith("; then write the hash of that wheel in base.txt:1")
    own = workspace.paths.requirements / "wheels" / built.filename
    own.parent.mkdir()
    own.write_bytes(built.data)
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value) == (
        f"base--linux: base.txt:1 has no hash of {built.filename}, which is in a directory of this machine; "
        f"write --hash=sha256:{built.sha256} in that line as well, if that is the file that was meant"
    )
    workspace.write("base.txt", f"{line} --hash=sha256:{built.sha256}\n")
    mirror(workspace)
