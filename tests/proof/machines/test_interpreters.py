"""Whom the proof believes: marker values that real machines reported, and interpreters that ran."""

from __future__ import annotations

import dataclasses
import os
import pickle
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement

from pypi_subset.errors import ProofFailed, SubsetError
from pypi_subset.model.targets import KERNEL_MARKERS
from pypi_subset.proof.machines import interpreters, matching
from pypi_subset.proof.machines.interpreters import Interpreter
from pypi_subset.proof.reference import markers, recorded_markers
from pypi_subset.targets import host as targets_host
from pypi_subset.targets import tag as targets

if TYPE_CHECKING:
    from collections.abc import Mapping

LINUX = targets.parse("linux", "cp310-manylinux2014_x86_64")


@pytest.mark.parametrize("group", ["machines", "implementations"])
def test_recordings_of_one_kind_agree(group: str) -> None:
    """Every record names its source, and two machines of one kind reported the same."""
    values: dict[str, Mapping[str, str]] = {}
    for record in recorded_markers.recordings()[group]:
        assert record["source"]
        assert values.setdefault(record["kind"], record["values"]) == record["values"]


@pytest.mark.parametrize(
    "tag",
    [
        "cp312-win_amd64",
        "cp312-win_arm64",
        "cp312-win32",
        "cp310-macosx_12_0_arm64",
        "cp310-macosx_10_9_x86_64",
        "cp313-cp313t-manylinux_2_28_x86_64",
        "cp310-manylinux2014_aarch64",
        "cp311-musllinux_1_2_x86_64",
        "cp311-musllinux_1_2_aarch64",
        "cp311-manylinux_2_31_armv7l",
        "cp311-manylinux2014_i686",
        "cp311-manylinux2014_ppc64le",
        "cp312-manylinux_2_39_riscv64",
        "pp310-manylinux_2_28_x86_64",
    ],
)
def test_recordings_agree_with_targets(tag: str) -> None:
    """What real machines reported is what the tool derives from the tag; the two come from different places."""
    target = targets.parse("one", tag)
    assert recorded_markers.recorded(target) == target.environment


def test_host_is_recorded_as_it_is() -> None:
    """For the host, the kernel's values are those that the target brings along."""
    host = targets_host.describe_host("here")
    assert recorded_markers.recorded(host) == host.environment
    assert recorded_markers.recorded(host).keys() >= set(KERNEL_MARKERS)


def test_unrecorded_machine_is_no_guess() -> None:
    """A kind of machine that nobody recorded is an error that says so."""
    with pytest.raises(ProofFailed, match="no real machine of the kind linux_s390x was ever recorded"):
        recorded_markers.recorded(targets.parse("mainframe", "cp312-manylinux_2_28_s390x"))


def test_undefined_marker_is_an_error() -> None:
    """A marker that reads a value nobody gave is named, instead of being answered with this machine's value."""
    marker = Requirement("aa; platform_release >= '20'").marker
    with pytest.raises(ProofFailed, match="reads platform_release, which nobody gave"):
        markers.holds(marker, recorded_markers.recorded(LINUX))
    # The word inside a string is no reading.
    assert not markers.holds(
        Requirement("aa; sys_platform == 'platform_release'").marker, recorded_markers.recorded(LINUX)
    )


@pytest.fixture(scope="module")
def here() -> tuple[Interpreter, ...]:
    """Return the interpreters of this machine."""
    root = interpreters.pyenv_root({"HOME": pwd.getpwuid(os.getuid()).pw_dir, **os.environ})
    return interpreters.find(interpreters.candidates(os.environ["PATH"], root))


def test_no_interpreter_here_is_missed(here: tuple[Interpreter, ...]) -> None:
    """Every interpreter from 3.9 up on PATH and among pyenv's versions, started under each of its names, is found."""
    home = Path(os.environ.get("PYENV_ROOT", Path(pwd.getpwuid(os.getuid()).pw_dir, ".pyenv")))
    files = [*home.glob("versions/*/bin/python3"), Path(sys.executable)]
    files += [Path(folder, "python3") for folder in os.environ["PATH"].split(os.pathsep)]
    code = "import sys; print(*sys.version_info[:3], sys.base_prefix)"
    wanted = set()
    for file in filter(Path.is_file, files):
        said = subprocess.run([file, "-I", "-c", code], capture_output=True, text=True, check=False).stdout.split()
        if said and (int(said[0]), int(said[1])) >= (3, 9):
            wanted.add((tuple(map(int, said[:3])), Path(said[3])))
    found = {(one.version, prefix) for one in here for _, prefix in wanted if one.path.is_relative_to(prefix)}
    assert wanted - found == set()
    assert len({one.path for one in here}) == len(here)


def test_pyenvs_shims_are_left_out(tmp_path: Path) -> None:
    """What pyenv's shims would start is found where it stands; nothing is started for them."""
    for place in ("shims/python3.12", "versions/3.12.1/bin/python3.12"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text("#!/bin/sh\n")
        (tmp_path / place).chmod(0o755)
    found = interpreters.candidates(str(tmp_path / "shims"), tmp_path)
    assert [path for path in found if path.is_relative_to(tmp_path)] == [tmp_path / "versions/3.12.1/bin/python3.12"]


def test_a_shim_that_does_not_run_is_no_interpreter(tmp_path: Path) -> None:
    """A ``python3.10`` on PATH that exits with 127, one that says nothing, and one that hangs are passed over."""
    for name, line in {
        "python3.10": "exit 127",
        "python3.11": "echo hello",
        "python3.12": "exec cat /dev/zero",
    }.items():
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "python3").symlink_to(sys.executable)
    found = interpreters.candidates(str(tmp_path), tmp_path / "none")
    assert {file.name for file in found} >= {"python3.10", "python3.11", "python3.12"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interpreters, "PATIENCE", 0.3)
        assert [interpreters.probe(file) for file in found if file.parent == tmp_path and file.name != "python3"] == [
            None
        ] * 3
    (only,) = interpreters.find([tmp_path / "python3"])
    assert only.path == Path(os.path.realpath(sys.executable))


def test_named_interpreter_must_be_there(tmp_path: Path) -> None:
    """PYTHONS= takes a file, a name and a folder; a slip of the pen is an error, not a weaker proof."""
    folder = Path(sys.executable).parent
    assert Path(sys.executable) in interpreters.candidates("", tmp_path, [str(folder)])
    with pytest.raises(SubsetError, match="there is no Python interpreter 'python4'"):
        interpreters.candidates("", tmp_path, ["python4"])


def an_interpreter(**changes: Any) -> Interpreter:
    """Return CPython 3.10.13 on x86_64 Linux with glibc 2.36, with *changes*."""
    plain = Interpreter(
        path=Path("/usr/bin/python3.10"),
        implementation="cp",
        version=(3, 10, 13),
        abi="cp310",
        kind="linux_x86_64",
        glibc=36,
        macos=None,
        markers=(),
    )
    return dataclasses.replace(plain, **changes)


@pytest.mark.parametrize(
    ("tag", "python", "changes", "fits"),
    [
        ("cp310-manylinux2014_x86_64", None, {}, True),
        ("cp310-manylinux_2_39_x86_64", None, {}, False),
        ("cp310-manylinux2014_x86_64", None, {"glibc": None}, False),
        ("cp310-musllinux_1_2_x86_64", None, {}, False),
        ("cp310-manylinux2014_aarch64", None, {}, False),
        ("cp311-manylinux2014_x86_64", None, {}, False),
        ("cp310-manylinux2014_x86_64", "3.10.13", {}, True),
        ("cp310-manylinux2014_x86_64", "3.10.4", {}, False),
        ("cp310-manylinux2014_x86_64", "3.10.0", {}, False),
        ("pp310-manylinux2014_x86_64", None, {}, False),
        ("cp313-manylinux2014_x86_64", None, {"version": (3, 13, 0), "abi": "cp313t"}, False),
        ("cp313-cp313t-manylinux2014_x86_64", None, {"version": (3, 13, 0), "abi": "cp313t"}, True),
        ("cp310-macosx_12_0_arm64", None, {"kind": "macos_arm64", "glibc": None, "macos": (12, 6)}, True),
        ("cp310-macosx_12_0_arm64", None, {"kind": "macos_arm64", "glibc": None, "macos": (14, 1)}, False),
        ("cp310-macosx_10_9_x86_64", None, {"kind": "macos_x86_64", "glibc": None, "macos": (10, 15)}, False),
        ("cp310-win_amd64", None, {"kind": "win_amd64", "glibc": None}, True),
    ],
)
def test_who_can_stand_for_a_target(tag: str, python: str | None, changes: dict[str, Any], *, fits: bool) -> None:
    """Same implementation, minor, ABI, machine, named patch level, and a system that is equal or can be held to it."""
    assert matching.fits(targets.parse("one", tag, python), an_interpreter(**changes)) is fits


def test_host_is_this_interpreter_alone(here: tuple[Interpreter, ...]) -> None:
    """The host is proven by the interpreter that runs the tool, even if another has its version."""
    chosen = matching.fitting(targets_host.describe_host("here"), here)
    assert chosen is not None
    assert chosen.path == Path(os.path.realpath(sys.executable))
    assert not matching.fits(
        targets_host.describe_host("here"), dataclasses.replace(chosen, path=Path("/usr/bin/python3"))
    )
    assert pickle.loads(pickle.dumps(chosen)) == chosen  # noqa: S301 - our own bytes
