"""Targets: what follows from a tag, held against real interpreters and the real pip."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import packaging
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging import tags as packaging_tags
from packaging.markers import default_environment

from pypi_subset.errors import TargetError
from pypi_subset.model.targets import KERNEL_MARKERS
from pypi_subset.targets.host import describe_host
from pypi_subset.targets.pip_flags import pip_flags
from pypi_subset.targets.suggest import EXAMPLES
from pypi_subset.targets.tag import parse

#: As it was before a test set up its own: where the interpreters of this machine are to be found.
ENVIRONMENT = dict(os.environ)
MARKERS = {*default_environment()}
TAGS = (
    "cp310-manylinux2014_x86_64",
    "cp39-manylinux2010_i686",
    "cp38-manylinux1_x86_64",
    "cp37-manylinux_2_24_x86_64",
    "cp314-manylinux_2_41_riscv64",
    "cp312-manylinux_2_28_aarch64",
    "cp313-cp313t-manylinux_2_28_x86_64",
    "cp311-musllinux_1_2_aarch64",
    "cp312-musllinux_1_1_x86_64",
    "cp310-macosx_12_0_arm64",
    "cp313-macosx_26_0_arm64",
    "cp39-macosx_10_9_x86_64",
    "cp311-macosx_13_0_x86_64",
    "cp312-win_amd64",
    "cp311-win32",
    "cp314-cp314t-win_arm64",
    "cp313-ios_13_0_arm64_iphoneos",
    "cp314-ios_17_4_x86_64_iphonesimulator",
    "cp313-android_24_arm64_v8a",
    "cp314-android_21_x86_64",
    "cp314-pyemscripten_2026_0_wasm32",
    "cp315-cp315t-manylinux_2_28_x86_64",
    "pp311-pypy311_pp73-manylinux_2_28_x86_64",
    "pp310-win_amd64",
)


def options(tag: str) -> tuple[str, ...]:
    """Return the platforms of a target, best first, without the architecture."""
    return tuple(re.sub("_(x86_64|aarch64|i686)$", "", platform) for platform in parse("t", tag).platforms)


@pytest.mark.parametrize(
    ("tag", "full"),
    [
        ("cp310-win_amd64", "cp310-cp310-win_amd64"),
        ("cp313-cp313t-manylinux_2_28_x86_64", "cp313-cp313t-manylinux_2_28_x86_64"),
        ("cp37-win32", "cp37-cp37m-win32"),
        ("pp311-win_amd64", "pp311-pypy311_pp73-win_amd64"),
        ("pp311-pypy311_pp80-win_amd64", "pp311-pypy311_pp80-win_amd64"),
    ],
)
def test_abi_of_an_ordinary_build_may_be_left_out(tag: str, full: str) -> None:
    """A target knows its tag in full, and the two spellings are one target."""
    target = parse("t", tag)
    assert target == parse("t", full)
    assert target.tag == full
    assert (target.interpreter, target.abi, target.platform) == tuple(full.split("-"))
    assert target.abis == (target.abi,)
    assert str(target.tags[0]) == full.replace("manylinux_2_28", "linux")


def test_manylinux_expands_down_with_both_names() -> None:
    """A glibc takes wheels of all older ones down to 2.17, on x86 to 2.5, under the old names as well (PEP 600)."""
    older = [name for minor in range(16, 12, -1) for name in [f"manylinux_2_{minor}"]]
    oldest = [f"manylinux_2_{minor}" for minor in range(11, 5, -1)]
    until_2014 = ("linux", "manylinux_2_17", "manylinux2014")
    rest = (*older, "manylinux_2_12", "manylinux2010", *oldest, "manylinux_2_5", "manylinux1")
    assert options("cp310-manylinux2014_x86_64") == options("cp310-manylinux_2_17_i686") == (*until_2014, *rest)
    assert options("cp310-manylinux_2_18_x86_64") == ("linux", "manylinux_2_18", *until_2014[1:], *rest)
    assert options("cp310-manylinux_2_18_aarch64") == ("linux", "manylinux_2_18", *until_2014[1:])


def test_musllinux_expands_down_and_never_fits_manylinux() -> None:
    """A musl takes wheels of all older ones (PEP 656), and none that want a glibc."""
    assert options("cp311-musllinux_1_2_aarch64") == ("linux", "musllinux_1_2", "musllinux_1_1", "musllinux_1_0")


def test_macos_expands_to_older_systems_and_universal2() -> None:
    """A Mac takes wheels of its architecture and universal2, for its own and older systems."""
    platforms = parse("t", "cp310-macosx_12_3_arm64").platforms
    assert platforms[:4] == tuple(f"macosx_{v}_0_{a}" for v in (12, 11) for a in ("arm64", "universal2"))
    assert platforms == parse("t", "cp310-macosx_12_0_arm64").platforms
    assert "macosx_10_9_universal2" in platforms
    assert not any("x86_64" in platform for platform in platforms)


def test_windows_is_as_it_is() -> None:
    """Windows has one platform tag each."""
    assert [parse("t", f"cp312-{one}").platforms for one in ("win_amd64", "win32")] == [("win_amd64",), ("win32",)]


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


@pytest.mark.parametrize(
    ("tag", "nearest"),
    [
        ("cp310-macosx_12_arm64", ["cp310-macosx_12_0_arm64"]),
        ("cp310-macosx_12", ["cp310-macosx_12_0_arm64", "cp310-macosx_12_0_x86_64"]),
        ("cp310-macos_12_0_arm64", ["cp310-macosx_12_0_arm64"]),
        ("cp310-macosx_12_0_aarch64", ["cp310-macosx_12_0_arm64"]),
        ("cp310-macosx_10_9_arm64", ["cp310-macosx_11_0_arm64"]),
        ("cp310-macosx_20_0_arm64", ["cp310-macosx_15_0_arm64"]),
        ("cp310-macosx_12_0_universal2", ["cp310-macosx_12_0_arm64", "cp310-macosx_12_0_x86_64"]),
        ("cp310-darwin", ["cp310-macosx_14_0_arm64", "cp310-macosx_14_0_x86_64"]),
        ("cp310-manylinux_2_28_amd64", ["cp310-manylinux_2_28_x86_64"]),
        ("cp310-manylinux_2_28_arm64", ["cp310-manylinux_2_28_aarch64"]),
        ("cp310-manylinux_2_28", ["cp310-manylinux_2_28_x86_64", "cp310-manylinux_2_28_aarch64"]),
        ("cp310-manylinux_2_28-x86_64", ["cp310-manylinux_2_28_x86_64"]),
        ("cp310-manylinux2_28_x86_64", ["cp310-manylinux_2_28_x86_64"]),
        ("cp310-manylinux_2014_x86_64", ["cp310-manylinux2014_x86_64"]),
        ("cp310-manylinux_2_12_aarch64", ["cp310-manylinux2014_aarch64"]),
        ("cp310-manylinux2010_aarch64", ["cp310-manylinux2014_aarch64"]),
        ("cp310-linux_x86_64", ["cp310-manylinux_2_28_x86_64", "cp310-musllinux_1_2_x86_64"]),
        ("cp310-MANYLINUX2014_X86_64", ["cp310-manylinux2014_x86_64"]),
        ("cp310-win64", ["cp310-win_amd64"]),
        ("cp310-win_x86_64", ["cp310-win_amd64"]),
        ("cp310-windows_arm64", ["cp310-win_arm64"]),
        ("cp3.10-win_amd64", ["cp310-win_amd64"]),
        ("python3.10-win_amd64", ["cp310-win_amd64"]),
        ("3.10-win_amd64", ["cp310-win_amd64"]),
        ("pypy311-win_amd64", ["pp311-win_amd64"]),
        ("cp313t-win_amd64", ["cp313-cp313t-win_amd64"]),
        ("cp312-cp312t-win_amd64", ["cp312-win_amd64"]),
        ("cp312-cp311-win_amd64", ["cp312-win_amd64"]),
        ("cp39-abi3-win_amd64", ["cp39-win_amd64"]),
        ("cp310-win-amd64", ["cp310-win_amd64"]),
        ("cp312-macosx-14-arm64", ["cp312-macosx_14_0_arm64"]),
        ("cp312-manylinux-2.28-x86_64", ["cp312-manylinux_2_28_x86_64"]),
        ("win_amd64", ["cp312-win_amd64"]),
        (
            "cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64",
            ["cp310-cp310-manylinux_2_17_x86_64", "cp310-cp310-manylinux2014_x86_64"],
        ),
        ("cp310-manylinx2014_x86_64", ["cp310-manylinux2014_x86_64", "cp310-manylinux2014_i686"]),
        ("py3-none-any", list(EXAMPLES)),
        ("", list(EXAMPLES)),
    ],
)
def test_unknown_tag_names_the_nearest(tag: str, nearest: list[str]) -> None:
    """What people write instead of a tag is met with the tag that they mean."""
    with pytest.raises(TargetError) as caught:
        parse("box", tag)
    assert (list(caught.value.nearest), caught.value.target) == (nearest, "box")
    assert repr(tag) in caught.value.what


@pytest.mark.parametrize(
    "tag",
    [
        "cp27-win32", "cp35-win32", "cp331-win32", "cp3-win32", "cp310-win32-x", "cp310--win32", "cp310-win32 ",
        "cp310-manylinux_2_4_x86_64", "cp310-manylinux_2_16_aarch64", "cp310-manylinux_2_51_x86_64",
        "cp310-manylinux_2_028_x86_64", "cp310-manylinux_3_0_x86_64", "cp310-manylinux2014_ppc", "cp310-manylinux5_x86_64",
        "cp310-musllinux_2_0_x86_64", "cp310-musllinux_1_10_x86_64", "cp310-macosx_10_17_x86_64", "cp310-macosx_10_3_x86_64",
        "cp310-macosx_40_0_arm64", "cp310-macosx_12_0_ppc", "cp313-cp313td-win32", "pp311-cp311-win32", "cp311-pypy311_pp73-win32",
        "cp310-manylinux_2_٢_x86_64",
    ],
)  # fmt: skip
def test_tag_of_no_machine_is_refused(tag: str) -> None:
    """Only what some machine with some release of Python has is taken; a slip never becomes a target."""
    with pytest.raises(TargetError):
        parse("box", tag)


def mangled(tag: str, at: int, what: str) -> str:
    """Return *tag* with the character at a place replaced."""
    return tag[: at % len(tag)] + what + tag[at % len(tag) + 1 :]


@settings(max_examples=150, deadline=None, database=None)
@given(st.one_of(st.text(), st.builds(mangled, st.sampled_from(TAGS), st.integers(0), st.text(max_size=2))))
@example("-")
@example("--")
@example("cp310-macosx_")
@example("cp310-t-cp313t-win_amd64")
def test_any_text_is_a_target_or_met_with_valid_tags(tag: str) -> None:
    """Whatever is written, the answer is a target or a `TargetError` whose suggestions are targets."""
    try:
        target = parse("t", tag)
    except TargetError as error:
        nearest = error.nearest
    else:
        assert len(target.tags) == len({*target.tags})
        nearest = (target.tag,)
    assert 1 <= len(nearest) <= 3
    for one in nearest:
        assert parse("t", one)


def test_kernel_update_leaves_the_digest_of_the_host() -> None:
    """The digest covers tags and markers except the kernel's two."""
    host = describe_host("here")
    newer = tuple((name, "999" if name in KERNEL_MARKERS else value) for name, value in host.markers)
    other = tuple((name, "999" if name == "python_full_version" else value) for name, value in host.markers)
    assert dataclasses.replace(host, markers=newer).digest == host.digest
    assert dataclasses.replace(host, markers=other).digest != host.digest


def test_host_is_the_running_interpreter() -> None:
    """The host has the tags of this interpreter, in their order, and all eleven marker values."""
    host = describe_host("here")
    assert host.tags == tuple(packaging_tags.sys_tags())
    assert host.environment == default_environment()
    assert (host.name, host.host, host.python) == ("here", True, sys.version_info[:3])


def test_host_has_a_tag_that_describes_it() -> None:
    """The host's tag, read as a target's, gives the same tags on a released CPython."""
    host = describe_host("here")
    assert parse("copy", host.tag).tags == host.tags


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
    """Return whatever looks like a Python: on PATH, and in pyenv's folder."""
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


#: Prints the tags that pip looks for, by its own parser of the command line.
DERIVE = """
import json, sys
from pip._internal.cli.cmdoptions import make_target_python
from pip._internal.commands import create_command
derived = []
for flags in json.load(sys.stdin):
    options, _ = create_command("download").parse_args([*flags, "--only-binary=:all:", "project"])
    target = make_target_python(options)
    derived.append([target.py_version_info, [str(tag) for tag in target.get_sorted_tags()]])
print(json.dumps(derived))
"""


def test_pip_derives_exactly_the_tags_of_a_target() -> None:
    """From the flags, pip reaches the target's version and its tags, all of them, in order, none twice."""
    targets = [describe_host("here"), *(parse(tag, tag) for tag in TAGS), parse("full", "cp312-win_amd64", "3.12.4")]
    flags = json.dumps([pip_flags(target) for target in targets])
    command = [sys.executable, "-I", "-W", "ignore", "-c", DERIVE]
    derived = json.loads(subprocess.run(command, input=flags, capture_output=True, text=True, check=True).stdout)
    for target, (version, tags) in zip(targets, derived, strict=True):
        assert version == list(target.python), target.name
        assert tags == [str(tag) for tag in target.tags], target.name
        assert len(tags) == len({*tags}), target.name


def test_flags_leave_nothing_to_the_host() -> None:
    """All four kinds of flags are given: a missing one would mean this interpreter's."""
    for target in (describe_host("here"), *(parse("t", tag) for tag in TAGS)):
        assert {"--platform", "--python-version", "--implementation", "--abi"} <= {*pip_flags(target)}


@pytest.mark.parametrize(
    ("tag", "first"),
    [
        ("cp37-macosx_11_0_arm64", "cp38-macosx_11_0_arm64"),
        ("cp312-ios_13_0_arm64_iphoneos", "cp313-ios_13_0_arm64_iphoneos"),
        ("cp312-android_24_x86_64", "cp313-android_24_x86_64"),
    ],
)
def test_a_machine_that_never_was(tag: str, first: str) -> None:
    """A system for which that CPython was never made is refused, with the first that was."""
    with pytest.raises(TargetError, match="there is no CPython 3") as caught:
        parse("t", tag)
    assert caught.value.nearest == (first,)
    assert parse("t", first).tag.startswith(first[:5])
