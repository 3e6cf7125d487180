"""Targets: what follows from a tag, held against real interpreters and the real pip."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import packaging
import pytest
from packaging.markers import default_environment

from pypi_subset.errors import TargetError
from pypi_subset.model.targets import KERNEL_MARKERS
from pypi_subset.targets.pips.flags import pip_flags
from pypi_subset.targets.tag import line_with, parse

#: As it was before a test set up its own: where the interpreters of this machine are to be found.
ENVIRONMENT = dict(os.environ)


MARKERS = {*default_environment()}


def test_free_threaded_takes_no_abi3() -> None:
    """A free-threaded Python takes abi3t (PEP 803), neither abi3 nor what was built for the ordinary one."""
    abis = {tag.abi for tag in parse("t", "cp313-cp313t-win_amd64").tags}
    assert abis == {"cp313t", "abi3t", "none"}
    assert {tag.abi for tag in parse("t", "cp313-win_amd64").tags} == {"cp313", "abi3", "none"}


@pytest.mark.parametrize(
    ("tag", "values"),
    [
        ("cp313-ios_13_0_arm64_iphoneos", {"os_name": "posix", "sys_platform": "ios"}),
        (
            "cp313-ios_13_0_arm64_iphonesimulator",
            {"os_name": "posix", "sys_platform": "ios", "platform_machine": "arm64"},
        ),
        (
            "cp313-android_24_arm64_v8a",
            {"sys_platform": "android", "platform_system": "Android", "platform_machine": "aarch64"},
        ),
        ("cp313-android_24_armeabi_v7a", {"sys_platform": "android", "platform_system": "Android"}),
        (
            "cp314-pyemscripten_2026_0_wasm32",
            {"sys_platform": "emscripten", "platform_system": "Emscripten", "platform_machine": "wasm32"},
        ),
    ],
)
def test_what_a_tag_of_a_small_device_leaves_open_is_absent(tag: str, values: dict[str, str]) -> None:
    """An iPhone says its model and perhaps iPadOS, a 32-bit ARM may be two machines: nothing is guessed (PEP 730, 738)."""
    environment = parse("t", tag).environment
    said = {name: environment[name] for name in environment if name.startswith(("platform_m", "platform_s", "sys_"))}
    assert said == {name: value for name, value in values.items() if name != "os_name"}
    assert environment["os_name"] == "posix"


def test_what_a_tag_leaves_open_may_be_given() -> None:
    """A value that is given is used, counts in the digest, and must not contradict the tag."""
    tag = "cp312-manylinux2014_x86_64"
    target = parse("t", tag, given={"platform_release": "5.14"})
    assert target.environment["platform_release"] == "5.14"
    assert target.digest != parse("t", tag).digest
    assert parse("t", "pp311-win_amd64", given={"implementation_version": "7.3.17"}).environment[
        "implementation_version"
    ] == ("7.3.17")
    # A 32-bit Python on a 64-bit kernel.
    assert parse("t", "cp312-win32", given={"platform_machine": "AMD64"}).environment["platform_machine"] == "AMD64"
    with pytest.raises(TargetError, match=r"platform_machine = 'arm64' contradicts the tag .* 'x86_64' follows"):
        parse("t", tag, given={"platform_machine": "arm64"})


@pytest.mark.parametrize(
    ("tag", "os_name", "sys_platform", "platform_system", "platform_machine"),
    [
        ("cp312-manylinux2014_x86_64", "posix", "linux", "Linux", "x86_64"),
        ("cp312-manylinux2014_aarch64", "posix", "linux", "Linux", "aarch64"),
        ("cp312-manylinux2014_i686", "posix", "linux", "Linux", "i686"),
        ("cp312-manylinux2014_armv7l", "posix", "linux", "Linux", "armv7l"),
        ("cp312-manylinux2014_ppc64le", "posix", "linux", "Linux", "ppc64le"),
        ("cp312-manylinux2014_s390x", "posix", "linux", "Linux", "s390x"),
        ("cp312-manylinux_2_38_loongarch64", "posix", "linux", "Linux", "loongarch64"),
        ("cp312-musllinux_1_2_riscv64", "posix", "linux", "Linux", "riscv64"),
        ("cp312-macosx_11_0_x86_64", "posix", "darwin", "Darwin", "x86_64"),
        ("cp312-macosx_11_0_arm64", "posix", "darwin", "Darwin", "arm64"),
        ("cp312-win_amd64", "nt", "win32", "Windows", "AMD64"),
        ("cp312-win32", "nt", "win32", "Windows", "x86"),
        ("cp312-win_arm64", "nt", "win32", "Windows", "ARM64"),
    ],
)
def test_markers_of_a_system(
    tag: str, os_name: str, sys_platform: str, platform_system: str, platform_machine: str
) -> None:
    """The machine is spelt as its system spells it, and the kernel's values are absent, not empty."""
    target = parse("t", tag, "3.12.4")
    assert target.environment == {
        "implementation_name": "cpython",
        "implementation_version": "3.12.4",
        "os_name": os_name,
        "platform_machine": platform_machine,
        "platform_python_implementation": "CPython",
        "platform_system": platform_system,
        "python_full_version": "3.12.4",
        "python_version": "3.12",
        "sys_platform": sys_platform,
    }
    assert list(target.markers) == sorted(target.markers)
    assert MARKERS - target.environment.keys() == {*KERNEL_MARKERS}


def test_markers_of_pypy_leave_its_own_version_open() -> None:
    """PyPy's version is not Python's and stands in no tag: absent."""
    environment = parse("t", "pp311-manylinux_2_28_x86_64").environment
    assert (environment["implementation_name"], environment["platform_python_implementation"]) == ("pypy", "PyPy")
    assert MARKERS - environment.keys() == {*KERNEL_MARKERS, "implementation_version"}


@pytest.mark.parametrize(("python", "version"), [(None, (3, 9, 0)), ("3.9", (3, 9, 0)), ("3.9.20", (3, 9, 20))])
def test_patch_level_is_0_unless_given(python: str | None, version: tuple[int, int, int]) -> None:
    """X.Y means X.Y.0, for markers and for pip; a full version is taken as it is."""
    target = parse("t", "cp39-win_amd64", python)
    text = ".".join(map(str, version))
    assert (target.python, target.environment["python_full_version"]) == (version, text)
    assert "python_version" in target.environment
    assert pip_flags(target)[2:4] == ("--python-version", text)


@pytest.mark.parametrize(
    ("python", "own"),
    [("3.15.0rc1", "3.15.0c1"), ("3.15.0a7", "3.15.0a7"), ("3.15.0b12", "3.15.0b12"), ("3.15.2rc3", "3.15.2c3")],
)
def test_a_pre_release_of_python(python: str, own: str) -> None:
    """Markers have the stage, as CPython spells it for each; pip's flag and Requires-Python have the numbers alone."""
    target = parse("next", "cp315-manylinux_2_28_x86_64", python)
    assert (target.version, target.release) == (python, python[:6])
    assert target.environment["python_full_version"] == python
    assert target.environment["implementation_version"] == own
    assert target.environment["python_version"] == "3.15"
    assert pip_flags(target)[-5:-4] == (python[:6],)
    assert target.exact


@pytest.mark.parametrize(
    ("tag", "python", "nearest"),
    [
        ("cp315-win_amd64", "3.15rc1", "3.15.0rc1"),
        ("cp315-win_amd64", "3.15.0-rc.1", "3.15.0rc1"),
        ("cp315-win_amd64", "3.15.0c1", "3.15.0rc1"),
        ("cp315-win_amd64", "3.15.0RC", "3.15.0rc1"),
        ("cp315-win_amd64", "3.15-beta3", "3.15.0b3"),
        ("cp315-win_amd64", "3.14.0rc1", "3.15.0"),
        ("pp311-win_amd64", "3.11.0rc1", "3.11.0"),
    ],
)
def test_a_pre_release_in_another_spelling_is_refused(tag: str, python: str, nearest: str) -> None:
    """The error has the spelling that is meant."""
    with pytest.raises(TargetError) as caught:
        parse("next", tag, python)
    assert caught.value.nearest == (nearest,)


@pytest.mark.parametrize(
    ("python", "nearest"),
    [("3.10.4", "3.12.4"), ("3.1", "3.12.0"), ("", "3.12.0"), ("3.12.x", "3.12.0"), ("2.12.1", "3.12.1")],
)
def test_version_that_contradicts_the_tag_is_refused(python: str, nearest: str) -> None:
    """The full version must be one of the tag's minor version."""
    with pytest.raises(TargetError) as caught:
        parse("windows", "cp312-win_amd64", python)
    assert (caught.value.nearest, caught.value.target) == ((nearest,), "windows")


@pytest.mark.parametrize(
    ("tag", "python", "step"),
    [
        ("cp313-win_amd64", "3.13t", "write tag = 'cp313-cp313t-win_amd64'"),
        ("cp314-cp314-manylinux2014_x86_64", "3.14.1t", "write tag = 'cp314-cp314t-manylinux2014_x86_64'"),
        ("cp312-win_amd64", "3.13t", "drop the 't'"),
    ],
)
def test_free_threading_beside_a_tag_stands_in_the_tag(tag: str, python: str, step: str) -> None:
    """A ``t`` in the version is right beside the name of a system only; the tag that is meant is named."""
    with pytest.raises(TargetError, match="free threading stands in the tag") as caught:
        parse("box", tag, python)
    assert caught.value.next_step == step


#: Runs in any Python from 2.7 up; where packaging cannot, it says only which Python it is.
TELL = """
import json, sys
print(json.dumps([sys.executable, list(sys.version_info[:3])]))
sys.stdout.flush()
if sys.version_info >= (3, 9):
    sys.path.insert(0, sys.argv[1])
    from packaging.tags import sys_tags
    print(json.dumps([str(tag) for tag in sys_tags()]))
"""


def candidates() -> list[str]:
    """Return whatever looks like a Python: on PATH, and in pyenv's directory."""
    folders = [Path(folder) for folder in ENVIRONMENT.get("PATH", "").split(os.pathsep) if folder]
    pyenv = shutil.which("pyenv", path=ENVIRONMENT.get("PATH"))
    root = (
        subprocess.run([pyenv, "root"], capture_output=True, text=True, check=True, env=ENVIRONMENT) if pyenv else None
    )
    home = Path(root.stdout.strip()) if root else Path(ENVIRONMENT.get("HOME", "")) / ".pyenv"
    folders += sorted(home.glob("versions/*/bin"))
    names = re.compile(r"(python3(\.\d+)?t?|pypy3(\.\d+)?)(\.exe)?")
    found = (path for folder in folders if folder.is_dir() for path in folder.iterdir() if names.fullmatch(path.name))
    return sorted({sys.executable, *(str(path) for path in found)})


@pytest.mark.slow
def test_parse_gives_what_every_interpreter_here_says_of_itself(tmp_path: Path) -> None:
    """For each Python here from 3.9 up, a target with its tag has exactly its `sys_tags`, in order."""
    # packaging alone on their path: nothing else that this environment holds can get in.
    shutil.copytree(Path(packaging.__file__).parent, tmp_path / "packaging")
    command = ["-I", "-B", "-c", TELL, str(tmp_path)]
    running = {
        python: subprocess.Popen(
            [python, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
        )
        for python in candidates()
    }
    told = {python: (*process.communicate(), process.returncode) for python, process in running.items()}
    proven: dict[str, list[int]] = {}
    for python, (out, err, code) in told.items():
        lines = [json.loads(line) for line in out.splitlines()]
        if not lines:
            # A shim of pyenv for a version that is not chosen: no interpreter.
            assert code != 0, python
            continue
        (executable, version), *rest = lines
        assert code == 0, (python, err)
        if version < [3, 9]:
            continue
        native: list[str] = rest[0]
        first = next(tag for tag in native if "-linux_" not in tag)
        # The one difference is known: pip, and so we, have pp311-none-any there.
        native = [tag.replace("pp3-none-any", f"pp3{version[1]}-none-any") for tag in native]
        assert [str(tag) for tag in parse("copy", first).tags] == native, executable
        if sys.platform == "linux" and "manylinux" in first:
            _, glibc = os.confstr("CS_GNU_LIBC_VERSION").split()  # type: ignore[union-attr]
            assert f"manylinux_{glibc.replace('.', '_')}_" in first
        proven[executable] = version
    assert [*sys.version_info[:3]] in proven.values()


@pytest.mark.parametrize(
    ("tag", "python", "given"),
    [
        ("cp312-manylinux_2_28_x86_64", None, {}),
        ("cp313-cp313t-win_amd64", "3.13.4", {"platform_version": "10.0.22631"}),
        ("cp312-win32", None, {"platform_machine": "AMD64"}),
        ("pp311-macosx_14_0_arm64", None, {"implementation_version": "7.3.20"}),
    ],
)
def test_the_line_of_a_target_describes_it(tag: str, python: str | None, given: dict[str, str]) -> None:
    """The line of `line_with` is the target again, with each value to be filled in."""
    target = parse("lab", tag, python, given=given)
    table = tomllib.loads(line_with(target, ["platform_release"]))["lab"]
    assert table.pop("platform_release") == "…"
    own = table.pop("tag")
    assert parse("lab", own, table.pop("python", None), given=table) == target
