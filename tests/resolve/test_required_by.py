"""Who requires what, under the markers of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import Gaps, NoSolution, UndefinedMarker
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.prove import prove
from pypi_subset.requirements.subset import read_subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

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


#: A name for each kind of marker that reads an open value and does not depend on it → the marker, and whether it holds.
DECIDED = {
    "another-system": ("platform_system == 'Darwin' and 'arm' not in platform_version", False),
    "another-system-in-brackets": ("(platform_release >= '20' or os_name == 'nt') and sys_platform == 'win32'", False),
    "this-system-or-open": ("sys_platform == 'linux' or platform_release >= '20'", True),
    "an-extra-without-request": ("extra == 'slow' and platform_release >= '20'", False),
    "a-requested-extra": ("platform_release >= '20' or extra == 'fast'", True),
    "another-python": ("python_version < '3' and platform_version == '#1'", False),
}


@pytest.mark.parametrize("kind", DECIDED)
def test_an_open_value_that_decides_nothing(workspace: Workspace, index: Index, tmp_path: Path, kind: str) -> None:
    """If the rest of a marker decides, mirror needs no value, and the proof agrees."""
    marker, truth = DECIDED[kind]
    index.add(make_wheel("app", requires=[f"lib; {marker}"], extras=["fast", "slow"]), make_wheel("lib"))
    workspace.write("base.txt", "app[fast]\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert ("lib" in versions(workspace, "base--linux")) == truth
    case = cases_of(read_subset(workspace.paths.requirements), workspace.paths, (), tmp_path / "proof")[0]
    assert {(check.status, check.reason) for check in prove(case) if check.proof == "unpacked"} <= {
        ("passed", ""),
        ("passed", "the same files as by find-links"),
    }


def test_an_open_marker_of_a_release_that_is_not_taken(workspace: Workspace, index: Index) -> None:
    """pip may look at a release whose marker is open; if it takes another, no value is needed."""
    index.add(make_wheel("app", "2.0", requires=["lib; platform_release >= '20'", "other>=2"]))
    index.add(make_wheel("app", "1.0"), make_wheel("lib"), make_wheel("other", "1.0"))
    workspace.write("base.txt", "app\nother\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0", "other": "1.0"}


def test_an_open_marker_takes_no_release_away(workspace: Workspace, index: Index) -> None:
    """The newest release is the answer, and its marker an error, although what it may require does not exist."""
    index.add(make_wheel("app", "2.0", requires=["lib; platform_release >= '20'"]), make_wheel("app", "1.0"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(UndefinedMarker, match=r"app 2\.0 requires"):
        mirror(workspace)


#: A name for each place of a marker that depends on an open value → the files, and what the error says first.
OPEN = {
    "metadata": (
        {"base.txt": "app\n"},
        "app 1.0 requires 'lib; platform_release >= \"20\"'; its marker depends on platform_release,",
    ),
    "metadata-of-an-extra": (
        {"base.txt": "app[fast]\n"},
        (
            'app 1.0 requires \'lib; extra == "fast" and platform_version == "#1"\'; '
            "its marker depends on platform_version,"
        ),
    ),
    "request": (
        {"base.txt": "lib; platform_version == '1' or platform_release == '1'\n"},
        (
            'base.txt:1: lib; platform_version == "1" or platform_release == "1"; '
            "its marker depends on platform_release and platform_version,"
        ),
    ),
    "constraint": (
        {"base.txt": "lib\n-c limits.txt\n", "limits.txt": "lib<1; platform_release == 'x'\n"},
        'the constraint lib<1; platform_release == "x"; its marker depends on platform_release,',
    ),
}


@pytest.mark.parametrize("kind", OPEN)
def test_a_marker_that_depends_on_an_open_value(workspace: Workspace, index: Index, kind: str) -> None:
    """The error names the line or the release, the marker, the target and the line to write; that line is enough."""
    documents, message = OPEN[kind]
    open_ = ["lib; platform_release >= '20'"] if kind == "metadata" else []
    fast = ["lib; extra == 'fast' and platform_version == '#1'"]
    index.add(make_wheel("app", requires=[*open_, *fast], extras=["fast"]), make_wheel("lib"))
    for name, text in documents.items():
        workspace.write(name, text)
    # On a Mac that states its kernel nothing is open.
    mac = '{ tag = "cp312-macosx_13_0_arm64", platform_release = "22.6.0", platform_version = "Darwin" }'
    linux = f'{{ tag = "{LINUX}", python = "3.10.4" }}'
    toml = workspace.write("subset.toml", f"[targets]\nmac = {mac}\nlinux = {linux}\n")
    with pytest.raises(UndefinedMarker) as caught:
        mirror(workspace)
    assert caught.value.what.startswith(f"base--linux: {message}")
    assert caught.value.what.endswith("which the target leaves open")
    line = caught.value.next_step.removeprefix("write in [targets]: ").partition(" (describe_target.py")[0]
    assert line.startswith('linux = { tag = "cp310-cp310-manylinux2014_x86_64", python = "3.10.4", platform_')
    toml.write_text(f"[targets]\nmac = {mac}\n{line.replace('…', '1')}\n")
    mirror(workspace)


def test_a_constraint_that_admits_the_answer_needs_no_value(workspace: Workspace, index: Index) -> None:
    """Whether its marker is true or false, the answer is the same; one on a project that nothing requires does not count."""
    index.add(make_wheel("lib"), make_wheel("other"))
    workspace.write("base.txt", "lib\n-c limits.txt\n")
    workspace.write("limits.txt", "lib<2; platform_release >= '20'\nother<1; platform_release >= '20'\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"lib": "1.0"}


def test_an_open_marker_is_one_gap_of_all_targets(workspace: Workspace, index: Index) -> None:
    """Its requirement is named once, and each target has its own line to write."""
    index.add(make_wheel("app", requires=["lib; platform_release >= '20'"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX, "mac": "cp312-macosx_13_0_arm64"})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    first, *steps = caught.value.lines
    assert first.startswith(
        "base on linux, mac: app 1.0 requires 'lib; platform_release >= \"20\"'; its marker depends on"
    )
    assert [one.partition(" = ")[0] for one in steps] == [
        "    base on linux: write in [targets]: linux",
        "    base on mac: write in [targets]: mac",
    ]


@pytest.mark.parametrize(
    ("line", "requires", "message"),
    [
        ("lib; python_version ~= 'x'", [], "base.txt:1: lib; python_version ~= "),
        (
            "app",
            ["lib; platform_machine ~= 'x86' or sys_platform == 'linux'"],
            "app 1.0 requires 'lib; platform_machine",
        ),
    ],
)
def test_a_comparison_that_is_not_defined(
    workspace: Workspace, index: Index, line: str, requires: list[str], message: str
) -> None:
    """pip would end with a traceback; the error names the line or the release."""
    index.add(make_wheel("app", requires=requires), make_wheel("lib"))
    workspace.write("base.txt", f"{line}\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(UndefinedMarker, match="its marker has a comparison that is not defined; correct it") as caught:
        mirror(workspace)
    assert caught.value.what.startswith(f"base--linux: {message}")


def test_a_constraint_on_a_project_that_is_not_taken(workspace: Workspace, index: Index) -> None:
    """A constraint whose marker is open is no error where it has no project to apply to."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n-c limits.txt\n")
    workspace.write("limits.txt", "lib<2; platform_release >= '20'\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_open_markers_are_gaps(workspace: Workspace, index: Index) -> None:
    """Each target that leaves a value open is one of the gaps, beside those of another kind."""
    index.add(make_wheel("app", requires=["lib; platform_release >= '20' and sys_platform != 'win32'"]))
    index.add(make_wheel("lib"), make_wheel("fast", tag="cp310-cp310-manylinux2014_x86_64"))
    workspace.write("base.txt", "app\n")
    workspace.write("more.txt", "fast\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    found = [(one.set_name, one.target, one.project, type(one).__name__) for one in caught.value.gaps]
    assert found == [("base", "linux", "lib", "UndefinedMarker"), ("more", "windows", "fast", "NoSolution")]


def test_a_pre_release_of_python(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """A target may name one: Requires-Python holds as for the final release, and markers read the pre-release."""
    full, minor = "old; python_full_version < '3.15.0'", "new; python_version >= '3.15'"
    stage, final = "stage; python_full_version == '3.15.0rc1'", "final; python_full_version >= '3.15'"
    index.add(make_wheel("app", requires=[full, minor, stage], requires_python=">=3.15"))
    index.add(make_wheel("late", requires=[final]))
    index.add(make_wheel("new", tag="cp315-cp315-manylinux2014_x86_64"))
    index.add(*map(make_wheel, ("old", "final", "stage")))
    workspace.write("base.txt", "app\n")
    workspace.write("more.txt", "late\n")
    workspace.toml({"next": {"on": "debian-12", "python": "3.15.0rc1"}})
    mirror(workspace)
    assert set(versions(workspace, "base--next")) == {"app", "new", "stage"}
    # uv takes a pre-release for the release itself here; pip and the specification do not.
    assert set(versions(workspace, "more--next")) == {"late"}
    subset = read_subset(workspace.paths.requirements)
    checks = prove(cases_of(subset, workspace.paths, (), tmp_path / "proof")[0])
    assert [(check.status, check.reason) for check in checks if check.proof == "second opinion"] == [("passed", "")]
    assert [check.status for check in checks] == ["passed"] * 4


PYPY = "pp310-manylinux_2_28_x86_64"


def test_projects_that_pypy_brings(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """What an interpreter brings answers requests and requirements that it satisfies, as pip there finds it installed."""
    index.add(make_wheel("app", requires=["cffi>=1.12", "greenlet!=0.4.17", "lib"]), make_wheel("lib"))
    index.add(make_wheel("cffi", "2.0.0"))
    workspace.write("base.txt", "app\nreadline\n")
    workspace.toml({"pypy": {"tag": PYPY, "implementation_version": "7.3.17"}, "linux": LINUX}, sets=PAIR)
    workspace.write("other.txt", "cffi\n")
    printed = mirror(workspace)[1]
    assert versions(workspace, "base--pypy") == {"app": "1.0", "lib": "1.0"}
    assert versions(workspace, "other--linux") == {"cffi": "2.0.0"}
    brings = "PyPy 7.3.17 brings cffi 1.17.0, greenlet 0.4.13, readline 6.2.4.1, which are not mirrored"
    assert f"warning: base--pypy: {brings}\n" in printed
    subset = read_subset(workspace.paths.requirements)
    cases = [one for one in cases_of(subset, workspace.paths, (), tmp_path / "proof") if one.target.name == "pypy"]
    for case in cases:
        checks = [check for check in prove(case) if check.proof == "unpacked"]
        assert [check.reason for check in checks if check.status != "passed"] == []
        assert len(checks) == 3


#: One set for each of two targets.
PAIR = {"base": {"targets": ["pypy"]}, "other": {"targets": ["linux"]}}


@pytest.mark.parametrize("wanted", ["cffi>=2", "cffi==2.0.0"])
def test_a_newer_one_than_pypy_brings(workspace: Workspace, index: Index, tmp_path: Path, wanted: str) -> None:
    """What does not satisfy is taken from the index, over what the interpreter brings."""
    index.add(make_wheel("app", requires=[wanted]), make_wheel("cffi", "2.0.0"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"pypy": PYPY})
    assert "brings" not in mirror(workspace)[1]
    assert versions(workspace, "base--pypy") == {"app": "1.0", "cffi": "2.0.0"}
    subset = read_subset(workspace.paths.requirements)
    for case in cases_of(subset, workspace.paths, (), tmp_path / "proof"):
        assert {check.status for check in prove(case) if check.proof == "unpacked"} == {"passed"}


def test_pypy_brings_too_old_a_one(workspace: Workspace, index: Index) -> None:
    """If neither the interpreter nor the index has a version that satisfies, that is a gap."""
    index.add(make_wheel("app", requires=["greenlet>=1"]))
    workspace.write("base.txt", "app\n")
    workspace.toml({"pypy": PYPY})
    with pytest.raises(NoSolution, match="greenlet"):
        mirror(workspace)


def test_the_newest_pypy_is_assumed(workspace: Workspace, index: Index) -> None:
    """Without its version the newest is meant, and the sentence says so."""
    index.add(make_wheel("app", requires=["cffi"]))
    workspace.write("base.txt", "app\n")
    workspace.toml({"pypy": PYPY})
    sentence = "PyPy 3.10 brings cffi 1.18.0.dev0, which is not mirrored; the newest PyPy is assumed: add implementation_version"
    assert sentence in mirror(workspace)[1]
