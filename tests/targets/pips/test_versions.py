"""What an old pip sees: compared with real pips, which list their tags and install from a mirrored site."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.tags import Tag
from packaging.version import Version

from pypi_subset.errors import InputFaults, NoSolution, TargetError
from pypi_subset.model.door import read_manifest
from pypi_subset.proof.run.suite import run_suite
from pypi_subset.requirements.of_site import target_of
from pypi_subset.requirements.subset import find_target, read_subset
from pypi_subset.targets.pips.versions import sees, with_pip
from pypi_subset.targets.tag import line_with, parse
from tests.support.gap.far import pythons
from tests.support.sites.workspace import ORIGINAL
from tests.support.stages.mirroring import mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.targets import Target
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: Found before a test hides the home directory: the Pythons here, and the pips that came with them.
PYTHONS = {version: path for version, path in pythons().items() if version.startswith("3.")}
BUNDLED = [
    (version, wheel)
    for version, python in sorted(PYTHONS.items())
    for wheel in sorted(python.parents[1].glob("lib/*/ensurepip/_bundled/pip-*.whl"))
]
#: Pips of PyPI: of RHEL 8, before and after each kind of tag, of Ubuntu 20.04, and of Debian 11.
ON_PYPI = ("9.0.3", "19.0.3", "19.3.1", "20.0.2", "20.2.4", "20.3.4")
#: Prints the tags of a pip, best first, as that pip lists them on this machine.
LIST = """
import json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
try:
    from pip._internal.utils.compatibility_tags import get_supported
except ImportError:
    try:
        from pip._internal.pep425tags import get_supported
    except ImportError:
        from pip.pep425tags import get_supported
print(json.dumps([str(one) if hasattr(one, "platform") else "-".join(one) for one in get_supported()]))
"""
#: A machine with a newer glibc than each of the old pips has heard of.
RHEL = "manylinux_2_28_x86_64"


def linux(minor: str = "38", pip: str = "", glibc: str = "2_28") -> Target:
    """Return a target on Linux, with *pip* if it is given."""
    target = parse("lab", f"cp{minor}-manylinux_{glibc}_x86_64")
    return with_pip(target, pip) if pip else target


def release(python: str) -> str:
    """Return the interpreter tag of a version of Python, without its letters: ``38``."""
    return "".join(python.split(".")[:2])


@pytest.mark.parametrize(
    ("pip", "first", "count"),
    [
        ("9.0.3", "manylinux1_x86_64", 2),
        ("18.1", "manylinux1_x86_64", 2),
        ("19.0", "manylinux2010_x86_64", 3),
        ("19.2.3", "manylinux2010_x86_64", 3),
        ("19.3", "manylinux2014_x86_64", 4),
        ("20.2.4", "manylinux2014_x86_64", 4),
        ("20.3", RHEL, 28),
        ("26.2", RHEL, 28),
    ],
)
def test_platforms_that_a_pip_knows(pip: str, first: str, count: int) -> None:
    """The best platform is the newest one that the pip knows; until 26.3 what was built on the machine comes last."""
    target = linux(pip=pip)
    assert (target.platforms[0], len(target.platforms)) == (first, count)
    assert target.platforms[-1] == "linux_x86_64"
    assert {*target.platforms} | {*target.unseen} == {*linux().platforms}
    assert (target.pip, target.system_pip) == (pip, "")
    # It is still that machine.
    assert target.tag == f"cp38-cp38-{RHEL}"


def test_a_pip_of_today_changes_nothing() -> None:
    """The newest pip sees each tag in the same order, so locks stay as they are."""
    assert linux(pip="26.3").digest == linux().digest
    assert linux(pip="26.3").notes == ()


def test_kinds_of_tags_beside_the_platform() -> None:
    """Before 20.0 there is no ``py38-none-<platform>``; before 21.2 no musllinux; before 26.1 no ``abi3t``."""
    old = {str(one) for one in linux(pip="19.3").tags}
    assert "py38-none-manylinux2014_x86_64" not in old
    assert "py3-none-manylinux2014_x86_64" in old
    assert "py38-none-manylinux2014_x86_64" in {str(one) for one in linux(pip="20.0.2").tags}
    alpine = parse("lab", "cp39-musllinux_1_2_x86_64")
    assert with_pip(alpine, "21.1.3").platforms == ("linux_x86_64",)
    assert with_pip(alpine, "21.2").platforms[0] == "musllinux_1_2_x86_64"
    free = parse("lab", "cp315-cp315t-manylinux_2_28_x86_64")
    assert {one.abi for one in with_pip(free, "26.0").tags} == {"cp315t", "none"}
    assert "abi3t" in {one.abi for one in with_pip(free, "26.1").tags}
    assert with_pip(parse("lab", "cp38-win_amd64"), "9.0.1").platforms == ("win_amd64",)


@pytest.mark.parametrize(
    ("pip", "name", "seen"),
    [
        ("20.2.4", "manylinux_2_17_x86_64", False),
        ("20.3", "manylinux_2_17_x86_64", True),
        ("20.2.4", "manylinux2014_x86_64", True),
        ("19.2", "manylinux2014_x86_64", False),
        ("9.0.3", "any", True),
        ("9.0.3", "linux_x86_64", True),
    ],
)
def test_a_tag_that_a_pip_sees(pip: str, name: str, seen: bool) -> None:  # noqa: FBT001 - one column of a table
    """Each kind of platform has a first pip."""
    assert sees(Version(pip), Tag("cp38", "cp38", name)) is seen


@pytest.mark.parametrize(
    ("tag", "pip", "what", "step"),
    [
        (f"cp38-{RHEL}", "new", "'new' is no version of pip", 'write pip = "20.2.4", say'),
        (f"cp38-{RHEL}", "8.1.2", "pip 8.1.2 ignores Requires-Python", 'write pip = "9.0" or newer'),
        ("cp39-macosx_12_0_arm64", "20.2", "pip 20.2 names macOS 12 in a way of its own", 'write pip = "20.3"'),
        ("cp314-pyemscripten_2026_0_wasm32", "25.0", "a pip cannot be named for pyemscripten", "drop the line"),
    ],
)
def test_a_pip_that_is_refused(tag: str, pip: str, what: str, step: str) -> None:
    """One line says what is wrong and what to write."""
    with pytest.raises(TargetError) as caught:
        with_pip(parse("lab", tag), pip)
    assert caught.value.what.startswith(what)
    assert caught.value.next_step.startswith(step)


def test_the_error_names_the_line(workspace: Workspace) -> None:
    """A mistake in ``pip`` is reported at its own line."""
    workspace.write("base.txt", "app\n")
    workspace.write("subset.toml", '[targets.lab]\non = "rhel-8"\n\npip = "latest"\n')
    with pytest.raises(InputFaults) as caught:
        read_subset(workspace.paths.requirements)
    (fault,) = caught.value.faults
    assert (fault.line, fault.what) == (4, "'latest' is no version of pip")


def test_a_site_keeps_the_tags(workspace: Workspace, configured_index: Index) -> None:
    """The manifest states the limited tags, and reading it gives the same target again."""
    configured_index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"lab": {"on": "rhel-8", "pip": "9.0.3"}, "musl": {"on": "alpine-3.18", "pip": "21.1"}})
    mirror(workspace)
    written = {one.name: one for one in read_subset(workspace.paths.requirements).targets}
    stated = read_manifest(workspace.paths.site).targets
    assert {one.name for one in stated} == {"lab", "musl"}
    for one in stated:
        assert target_of(one, workspace.paths.site).digest == written[one.name].digest


def test_the_line_of_a_target_keeps_its_pip() -> None:
    """A line that an error proposes has the pip that the user wrote."""
    assert line_with(linux(pip="20.2.4"), ["platform_release"]) == (
        'lab = { tag = "cp38-cp38-manylinux_2_28_x86_64", pip = "20.2.4", platform_release = "…" }'
    )


def test_systems_bring_a_pip(tmp_path: Path) -> None:
    """The pip of a named system is known for its own Python alone, and limits nothing by itself."""
    found = find_target("rhel-8", None, tmp_path)
    assert (found.system_pip, found.pip, found.platforms[1]) == ("9.0.3", "", RHEL)
    assert find_target("ubuntu-20.04", "3.8.10", tmp_path).system_pip == "20.0.2"
    assert find_target("rhel-8", "3.12", tmp_path).system_pip == ""
    assert find_target("windows-11", "3.12", tmp_path).system_pip == ""


def supply(index: Index) -> None:
    """Add ``app``, which requires ``core``; its first release has wheels for all pips, its others for newer ones."""
    index.add(make_wheel("app", requires=["core"]))
    for version, platform in (("1.0", "manylinux1"), ("2.0", "manylinux2014"), ("3.0", "manylinux_2_28")):
        index.add(make_wheel("core", version, tag=f"py3-none-{platform}_x86_64"))


def test_the_lock_follows_the_pip(workspace: Workspace, configured_index: Index) -> None:
    """The newest release that the named pip sees is locked, and a note says that wheels are left out."""
    supply(configured_index)
    workspace.write("base.txt", "app\n")
    targets = {name: {"on": "debian-11", "pip": pip} for name, pip in (("a", "18.1"), ("b", "20.2"), ("c", "20.3.4"))}
    workspace.toml({**targets, "d": "debian-11"})
    said = mirror(workspace)[1]
    assert [versions(workspace, f"base--{name}")["core"] for name in "abcd"] == ["1.0", "2.0", "3.0", "3.0"]
    notes = [line for line in said.splitlines() if line.startswith("note: ")]
    assert notes == [
        "note: a: pip 18.1 is too old for manylinux_2_31_x86_64 and 28 more platforms: wheels for them alone are left out",
        "note: b: pip 20.2 is too old for manylinux_2_31_x86_64 and 26 more platforms: wheels for them alone are left out",
    ]
    assert "warning" not in said


def test_a_gap_names_the_pip(workspace: Workspace, configured_index: Index) -> None:
    """If all wheels are too new for the pip, the error says so, and what to change."""
    configured_index.add(make_wheel("core", tag="py3-none-manylinux_2_28_x86_64"))
    workspace.write("base.txt", "core\n")
    workspace.toml({"lab": {"on": "rhel-8", "pip": "9.0.3"}})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "update pip there, and change pip in the target" in str(caught.value)


def test_a_pip_of_the_system_is_a_warning(workspace: Workspace, configured_index: Index) -> None:
    """One line for each target names what its own pip does not see, until one of two settings is written."""
    supply(configured_index)
    configured_index.add(make_wheel("pip", "21.3.1"))
    workspace.write("base.txt", "app\n")
    targets = {"old": "rhel-8", "new": "debian-12", "other": {"on": "rhel-8", "python": "3.12"}}
    workspace.toml(targets)
    expected = (
        "warning: old: pip 9.0.3, which rhel-8 brings, does not see 1 of 2 locked files, "
        "core-3.0-py3-none-manylinux_2_28_x86_64.whl for one: write pip = true below [bootstrap] to bring a newer pip, "
        'or add pip = "9.0.3" to the target to lock wheels that it sees'
    )
    for _ in range(2):
        summary, said = mirror(workspace)
        assert [line for line in said.splitlines() if line.startswith("warning: ")] == [expected]
        assert summary.warnings == (expected.removeprefix("warning: "),)
    workspace.toml(targets, more="[bootstrap]\npip = true\n")
    assert "warning" not in mirror(workspace)[1]
    workspace.toml({**targets, "old": {"on": "rhel-8", "pip": "9.0.3"}})
    assert "does not see" not in mirror(workspace)[1]
    assert versions(workspace, "base--old")["core"] == "1.0"


def listed(python: Path, wheel: Path) -> list[str]:
    """Return the tags of the pip in *wheel*, run by *python*."""
    done = subprocess.run([python, "-I", "-c", LIST, wheel], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


def agrees(version: str, wheel: Path) -> None:
    """Require that the tags of a target are those that a real pip lists, in the same order."""
    glibc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    target = linux(release(version), wheel.name.split("-")[1], glibc.split()[1].replace(".", "_"))
    ours, theirs = [str(one) for one in target.tags], listed(PYTHONS[version], wheel)
    assert [one for one in theirs if one in ours] == ours
    # An old pip lists names that no wheel has.
    assert [one for one in theirs if one not in ours and not one.endswith("-none-any")] == []


def installs(version: str, wheel: Path, space: Workspace, tmp_path: Path) -> None:
    """
    Require that a real pip installs from a mirrored site if the target names it.

    If the target does not name it, the same pip fails, as the warning said.
    """
    python, pip = PYTHONS[version], wheel.name.split("-")[1]
    tag = f"cp{release(version)}-{RHEL}"
    space.write("base.txt", "app\n")
    space.toml({"named": {"tag": tag, "pip": pip}, "unnamed": {"tag": tag}})
    mirror(space)
    for name, works in (("named", True), ("unnamed", Version(pip) >= Version("20.3"))):
        lock = space.paths.site / "locks" / f"base--{name}.requirements.txt"
        options = ["--isolated", "--no-cache-dir", "--disable-pip-version-check", "--no-index", "--require-hashes"]
        command = [str(python), "-I", f"{wheel}/pip", "install", *options]
        command += ["--find-links", str(space.paths.site / "find-links.html")]
        command += ["--target", str(tmp_path / name), "-r", str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert (done.returncode == 0) is works, done.stderr
        assert works or "No matching distribution found for core==3.0" in done.stderr
    known = [one.version for one in read_manifest(space.paths.site).files if one.project == "core"]
    assert (tmp_path / "named" / f"core-{min(known)}.dist-info").is_dir()
    assert run_suite(space.paths).totals.failed == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the C library of this system is not glibc")
@pytest.mark.parametrize(("version", "wheel"), BUNDLED, ids=lambda one: one if isinstance(one, str) else one.name)
def test_tags_are_those_of_a_real_pip(version: str, wheel: Path) -> None:
    """Each pip that came with a Python of this machine lists the tags of a target that names it."""
    agrees(version, wheel)


@pytest.mark.slow
@pytest.mark.skipif("3.6" not in {version[:3] for version in PYTHONS}, reason="there is no Python 3.6")
def test_a_real_pip_installs(workspace: Workspace, configured_index: Index, tmp_path: Path) -> None:
    """The pip of Python 3.6, 18.1, installs from the site that was made for it."""
    supply(configured_index)
    version, wheel = next(one for one in BUNDLED if one[0].startswith("3.6"))
    installs(version, wheel, workspace, tmp_path)


@pytest.mark.network
@pytest.mark.long
@pytest.mark.parametrize("minor", [6, 8])
@pytest.mark.parametrize("pip", ON_PYPI)
def test_old_pips_of_pypi(pip: str, minor: int, workspace: Workspace, configured_index: Index, tmp_path: Path) -> None:
    """The same holds for the pips that systems brought, from PyPI."""
    version = next((one for one in PYTHONS if one.startswith(f"3.{minor}")), "")
    if not version:
        pytest.skip(f"there is no Python 3.{minor}")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(tmp_path), f"pip=={pip}"]
    subprocess.run(command, check=True, env=ORIGINAL)
    (wheel,) = tmp_path.glob("pip-*.whl")
    agrees(version, wheel)
    supply(configured_index)
    installs(version, wheel, workspace, tmp_path)
