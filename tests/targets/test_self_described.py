"""Machines that describe themselves: held against every interpreter here, and against its own pip."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import platform
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from pypi_subset.cli.display import Display
from pypi_subset.errors import InputFaults, TargetError
from pypi_subset.model.targets import KERNEL_MARKERS
from pypi_subset.pipeline import mirror
from pypi_subset.proof.machines import interpreters
from pypi_subset.requirements.subset import read_subset
from pypi_subset.targets.pips.flags import pip_flags
from pypi_subset.targets.self_described import read_description
from tests.support.servers.index import Index
from tests.support.stages.tags import DERIVE
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.sites.workspace import Workspace
from tests.support.stages.descriptions import ENVIRONMENT, describe, facts, write

#: What pip 18.1 lists on a Python 3.6 with glibc.
PIP_18 = (
    *(f"cp36-{abi}-{one}_x86_64" for abi in ("cp36m", "abi3", "none") for one in ("manylinux1", "linux")),
    *(f"cp3{minor}-abi3-{one}_x86_64" for minor in range(5, 1, -1) for one in ("manylinux1", "linux")),
    *(f"py3-none-{one}_x86_64" for one in ("manylinux1", "linux")),
    *(
        f"{python}-none-any"
        for python in ("cp36", "cp3", "py36", "py3", *(f"py3{minor}" for minor in range(5, -1, -1)))
    ),
)


@dataclass(frozen=True)
class Machine:
    """An interpreter found here, what it printed of itself, and the same for a reader."""

    interpreter: interpreters.Interpreter
    file: Path

    @property
    def document(self) -> dict[str, Any]:
        """What it printed."""
        document: dict[str, Any] = json.loads(self.file.read_bytes())
        return document

    @property
    def pip(self) -> Version:
        """Its pip's version; 0 where it has none."""
        return Version((self.document["pip"] or {"version": "0"})["version"])


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> list[Machine]:
    """Return all interpreters here from 3.6 up, described."""
    folder = tmp_path_factory.mktemp("machines")
    files = interpreters.candidates(ENVIRONMENT.get("PATH", ""), interpreters.pyenv_root(ENVIRONMENT))

    def describe_one(interpreter: interpreters.Interpreter) -> Machine:
        file = folder / f"{hash(interpreter.path)}.json"
        return Machine(interpreter, describe(interpreter.path, file))

    with ThreadPoolExecutor(2) as pool:
        probed = {one.path: one for one in pool.map(interpreters.probe, files) if one and one.version >= (3, 6)}
        # The environment that runs this has a pip of its own, newer than that of the interpreter below it.
        ours = [dataclasses.replace(one, path=Path(sys.executable)) for one in [interpreters.probe(files[0])] if one]
        return list(pool.map(describe_one, [*probed.values(), *ours]))


@pytest.fixture(scope="session")
def modern(machines: list[Machine]) -> list[Machine]:
    """Return those whose pip can report what it would install."""
    return [machine for machine in machines if machine.pip >= Version("22.2")]


def derived(targets: Sequence[Any]) -> list[tuple[list[int], list[str]]]:
    """Return version and tags that pip derives from the flags of each target."""
    flags = json.dumps([pip_flags(target) for target in targets])
    command = [sys.executable, "-I", "-W", "ignore", "-c", DERIVE]
    told = subprocess.run(command, input=flags, capture_output=True, text=True, check=True).stdout
    answer: list[tuple[list[int], list[str]]] = json.loads(told)
    return answer


@pytest.mark.long
def test_tags_are_those_of_the_machines_own_pip(machines: list[Machine]) -> None:
    """A target from a file has all tags that ``pip debug`` lists on that machine, in that order."""
    seen = 0
    for machine in machines:
        if machine.pip < Version("20.0"):
            continue
        command = [str(machine.interpreter.path), "-m", "pip", "debug", "--verbose"]
        told = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout
        listed = re.findall(r"^  (\w+-\w+-\w+)$", told.partition("Compatible tags:")[2], re.MULTILINE)
        target = read_description("lab", machine.file)
        assert [str(tag) for tag in target.tags] == listed, machine.interpreter
        assert (target.exact, target.host) == (True, False)
        seen += 1
    assert seen


@pytest.mark.long
def test_markers_are_those_of_the_machines_own_pip(modern: list[Machine]) -> None:
    """All eleven values are what pip's `packaging` says there."""
    ask = "import json; from pip._vendor.packaging.markers import default_environment as e; print(json.dumps(e()))"
    for machine in modern:
        command = [str(machine.interpreter.path), "-c", ask]
        told = json.loads(subprocess.run(command, capture_output=True, check=True, env=ENVIRONMENT).stdout)
        assert read_description("lab", machine.file).environment == told
        assert len(told) == 11


@pytest.mark.long
def test_pip_derives_exactly_the_tags_of_every_machine(machines: list[Machine]) -> None:
    """From the flags of a described target, our pip reaches its version and its tags, in order, and no other."""
    targets = [read_description("lab", machine.file) for machine in machines if machine.pip >= Version("20.0")]
    for target, (version, tags) in zip(targets, derived(targets), strict=True):
        assert version == list(target.python)
        assert tags == [str(tag) for tag in target.tags]


@pytest.mark.long
def test_tags_follow_from_the_facts(machines: list[Machine], tmp_path: Path) -> None:
    """Where pip's list is not to be had, the facts and pip's version give the same tags in the same order."""
    for machine in machines:
        document = machine.document
        document["pip"]["tags"] = None
        target, full = read_description("lab", write(tmp_path, document)), read_description("lab", machine.file)
        assert [str(tag) for tag in target.tags] == [str(tag) for tag in full.tags], machine.interpreter
        assert (target.tag, target.abis, target.platforms) == (full.tag, full.abis, full.platforms)


#: Wheels whose tags and markers tell one Python, pip or kernel from another.
AWKWARD = (
    *(make_wheel("native", "1.0", tag=f"cp3{n}-cp3{n}-manylinux_2_17_x86_64.manylinux2014_x86_64") for n in range(6, 15)),
    *(make_wheel("native", "1.0", tag=f"cp3{n}-cp3{n}-linux_x86_64") for n in range(6, 15)),
    *(make_wheel("native", "2.0", tag=f"cp3{n}-cp3{n}-manylinux_2_99_x86_64") for n in range(6, 15)),
    make_wheel("native", "1.0"),
    make_wheel("stable", "1.0", tag="cp38-abi3-manylinux_2_5_x86_64.manylinux1_x86_64"),
    make_wheel("stable", "2.0", tag="cp311-abi3-manylinux_2_28_x86_64"),
    make_wheel("stable", "2.0", tag="py39-none-manylinux_2_12_x86_64"),
    make_wheel("stable", "3.0", tag="cp312-abi3-musllinux_1_2_x86_64"),
    make_wheel("pure", "1.0"),
    make_wheel("pure", "1.1", tag="py310.py312-none-any"),
    make_wheel("pure", "1.2", tag="pp3-none-any"),
    make_wheel("patch", "1.0"),
    make_wheel("patch", "2.0", requires_python="!=3.10.13,!=3.12.1,!=3.9.18"),
    make_wheel("patch", "3.0", requires_python=">=3.9.5"),
    make_wheel("patch", "4.0", requires_python=">=3.12.2"),
    make_wheel(
        "markers",
        requires=[
            "patch<3; python_full_version < '3.11.6'",
            f"pure[more]; platform_release == '{platform.release()}'",
            f"kernel; platform_version == '{platform.version()}'",
            "old; implementation_version < '3.11'",
            "windows; sys_platform == 'win32' or os_name == 'nt'",
            "machine; platform_machine == 'x86_64' and platform_python_implementation == 'CPython'",
        ],
    ),
    *(make_wheel(name) for name in ("kernel", "old", "machine")),
    make_wheel("machine", "0.9"),
)  # fmt: skip


LINES = ("native", "stable", "pure", "patch", "markers", "machine>=0.9; python_version >= '3.9'")


#: What makes a pip tell what it would install, whatever is there already.
ASK_ONLY = ("--dry-run", "--ignore-installed", "--isolated", "--no-cache-dir", "--only-binary", ":all:", "--quiet")


@pytest.mark.long
def test_resolution_is_that_of_the_machines_own_pip(
    modern: list[Machine], workspace: Workspace, tmp_path: Path
) -> None:
    """Each machine's file as a target locks the very files that its own pip, given no flags, would install."""
    requirements = workspace.write("base.txt", "\n".join([*LINES, ""]))
    targets = {f"m{number}": {"file": f"m{number}.json"} for number in range(len(modern))}
    for name, machine in zip(targets, modern, strict=True):
        workspace.write(f"{name}.json", machine.file.read_text(encoding="utf-8"))
    workspace.toml(targets)
    offered: dict[str, list[Any]] = {}
    for wheel in AWKWARD:
        offered.setdefault(wheel.filename.split("-")[0], []).append(wheel)
    with pytest.MonkeyPatch.context() as patch, Index(offered) as index:
        patch.setenv("PIP_INDEX_URL", index.url)
        mirror.mirror(workspace.paths, progress=Display())
        found = {}
        for name, machine in zip(targets, modern, strict=True):
            report = tmp_path / f"{name}.json"
            command = [str(machine.interpreter.path), "-m", "pip", "install", *ASK_ONLY]
            command += ["--report", str(report), "--index-url", index.url, "--requirement", str(requirements)]
            subprocess.run(command, check=True, env=ENVIRONMENT)
            items = json.loads(report.read_bytes())["install"]
            found[name] = {item["download_info"]["url"].rpartition("/")[2] for item in items}
    for name, machine in zip(targets, modern, strict=True):
        lock = tomllib.loads((workspace.paths.locks / f"pylock.base--{name}.toml").read_text(encoding="utf-8"))
        locked = {wheel["name"] for package in lock["packages"] for wheel in package["wheels"]}
        assert locked == found[name], machine.interpreter
    assert len({frozenset(files) for files in found.values()}) >= len({one.interpreter.version for one in modern})


@pytest.mark.parametrize(
    ("pip", "best", "named"),
    [
        (None, "linux_x86_64", "there is no pip"),
        ("26.3", "linux_x86_64", "pip 26.3 did not list"),
        ("26.2", "manylinux_2_28_x86_64", "pip 26.2 did not list"),
        ("20.3.4", "manylinux_2_28_x86_64", "pip 20.3.4 did not list"),
        ("20.2.4", "manylinux2014_x86_64", "pip 20.2.4 is too old for manylinux_2_28_x86_64 and "),
        ("19.3", "manylinux2014_x86_64", "pip 19.3 is too old"),
        ("19.2.3", "manylinux2010_x86_64", "pip 19.2.3 is too old"),
        ("18.1", "manylinux1_x86_64", "pip 18.1 is too old"),
        ("8.0", "linux_x86_64", "pip 8.0 is too old"),
    ],
)
def test_pip_too_old_for_a_tag_cannot_see_such_a_wheel(pip: str | None, best: str, named: str, tmp_path: Path) -> None:
    """Without a list pip's version decides which tags there are, and a note says so."""
    told = pip and {"version": pip, "tags": None}
    target = read_description("lab", write(tmp_path, facts(pip=told)))
    assert target.platforms[0] == best
    assert named in " ".join(target.notes)
    assert target.described
    # Whatever its pip knows, its system takes the same.
    assert "manylinux_2_28_x86_64" in {*target.platforms, *target.unseen}
    assert bool(target.unseen) == ("too old" in named)


def pip_18(tags: Sequence[str] = PIP_18) -> dict[str, Any]:
    """Return the description of a Python 3.6 whose pip 18.1 lists *tags*."""
    return facts(version=[3, 6, 8, "final", 0], pip={"version": "18.1", "tags": list(tags)})


def test_list_of_an_old_pip_wins(tmp_path: Path) -> None:
    """What pip 18.1 lists is all there is; a name that no wheel has is left out, and what it does not know is noted."""
    target = read_description("lab", write(tmp_path, pip_18()))
    assert [str(tag) for tag in target.tags] == [tag for tag in PIP_18 if tag != "cp3-none-any"]
    assert target.tag == "cp36-cp36m-manylinux1_x86_64"
    assert "too old for manylinux_2_28_x86_64 and" in " ".join(target.notes)


def test_list_of_a_pip_wins_over_its_version(tmp_path: Path) -> None:
    """What pip says it accepts is believed, also where others of its version accept more."""
    listed = ["cp312-cp312-linux_x86_64", "cp312-none-linux_x86_64", "py3-none-linux_x86_64", "py3-none-any"]
    target = read_description("lab", write(tmp_path, facts(pip={"version": "24.0", "tags": listed})))
    assert [str(tag) for tag in target.tags] == listed


@pytest.mark.long
def test_recorded_list_is_that_of_pip_18(machines: list[Machine]) -> None:
    """Where a pip 18.1 is at hand, it lists what these tests say."""
    for machine in machines:
        if machine.pip == Version("18.1") and machine.interpreter.version[:2] == (3, 6):
            assert machine.document["pip"]["tags"] == list(PIP_18)


def test_flags_for_an_old_pip_keep_its_order(tmp_path: Path) -> None:
    """Our pip ranks what pip 18.1 knows as pip 18.1 does; beyond that it derives only ``py3X-none-<platform>``."""
    target = read_description("lab", write(tmp_path, pip_18()))
    ((_, tags),) = derived([target])
    known = [str(tag) for tag in target.tags]
    assert [tag for tag in tags if tag in known] == known
    assert all(re.fullmatch(r"py3\d-none-(linux|manylinux1)_x86_64", tag) for tag in {*tags} - {*known})


def test_wheel_that_an_old_pip_cannot_see_is_not_locked(workspace: Workspace) -> None:
    """A tag that flags cannot leave out makes no wheel visible: an older release that fits is taken."""
    workspace.write("base.txt", "tool\n")
    workspace.write("lab.json", json.dumps(pip_18()))
    workspace.toml({"lab": {"file": "lab.json"}})
    wheels = [make_wheel("tool"), make_wheel("tool", "2.0", tag="py36-none-manylinux1_x86_64")]
    with pytest.MonkeyPatch.context() as patch, Index({"tool": wheels}) as index:
        patch.setenv("PIP_INDEX_URL", index.url)
        mirror.mirror(workspace.paths, progress=Display())
    assert [path.name for path in workspace.paths.packages.glob("*.whl")] == [wheels[0].filename]


@pytest.mark.parametrize(
    "tags",
    [
        ("cp36-cp36m-linux_x86_64", "cp36-abi3-linux_x86_64", "cp36-cp36m-manylinux1_x86_64"),
        (*PIP_18, "cp99-abi3-linux_x86_64"),
        ("pp371-pypy3_71-linux_x86_64", "py3-none-any"),
    ],
    ids=["another order", "another tag", "another name"],
)
def test_list_that_no_flags_express_is_refused(tags: tuple[str, ...], tmp_path: Path) -> None:
    """Where our pip could not be made to see what that pip sees, there is no target."""
    with pytest.raises(TargetError) as caught:
        read_description("lab", write(tmp_path, pip_18(tags)))
    assert "lab.json: its pip" in caught.value.what
    assert "upgrade pip there" in caught.value.next_step


def test_part_of_macos_can_be_told_to_pip(tmp_path: Path) -> None:
    """A Mac whose pip knows some of the older systems is told by flags that pip does not expand again."""
    platforms = ("macosx_11_6_x86_64", "macosx_11_5_x86_64", "macosx_11_0_x86_64")
    full = facts(platform="macosx-10.9-x86_64", system="Darwin", macos={"version": "11.6", "machine": "x86_64"})
    listed = [f"cp312-{abi}-{one}" for abi in ("cp312", "none") for one in platforms]
    target = read_description("lab", write(tmp_path, full | {"pip": {"version": "20.2", "tags": listed}}))
    ((_, tags),) = derived([target])
    assert {tag.rpartition("-")[2] for tag in tags} == {*platforms, "any"}


@pytest.mark.long
def test_description_names_nobody(machines: list[Machine]) -> None:
    """Neither the host's name nor a directory of it is told."""
    for machine in machines:
        text = machine.file.read_text(encoding="utf-8")
        assert str(machine.interpreter.path.parent) not in text
        assert str(Path(ENVIRONMENT.get("HOME", "/nowhere"))) not in text
        assert platform.node() not in text


def test_whatever_a_new_description_says_counts(tmp_path: Path) -> None:
    """All values of a described machine are given, the kernel's two as well: a marker may read them."""
    target = read_description("lab", write(tmp_path, facts()))
    newer, older_pip, other = facts(), facts(pip={"version": "19.3", "tags": None}), facts()
    for key in KERNEL_MARKERS:
        newer["markers"][key] = "999"
    other["markers"]["python_full_version"] = "3.12.5"
    renewed = read_description("lab", write(tmp_path, newer))
    assert renewed.environment["platform_release"] == "999"
    assert renewed.digest != target.digest
    assert read_description("lab", write(tmp_path, older_pip)).digest != target.digest
    assert read_description("lab", write(tmp_path, other)).digest != target.digest


@pytest.mark.parametrize(
    ("text", "what", "step"),
    [
        ("", "not JSON", "run describe_target.py there again"),
        ('{"kind": "pypi-subset', "not JSON", "run describe_target.py there again"),
        ("[" * 100_000, "not JSON", "run describe_target.py there again"),
        ("[]", "no description", "name a file that describe_target.py printed"),
        ('{"markers": {}}', "no description", "name a file that describe_target.py printed"),
        (json.dumps(facts(schema=2)), "schema 2 is newer", "upgrade pypi-subset"),
        (json.dumps(facts(schema=0)), "unknown schema 0", "run describe_target.py there again"),
        (json.dumps(facts(schema=True)), "schema is damaged", "run describe_target.py there again"),
        (json.dumps(facts(markers={})), "markers.platform_system is missing", "again"),
        (json.dumps(facts(version=[3, "12", 1])), "version is damaged", "again"),
        (json.dumps(facts(version=[2, 7, 18])), "Python 2", "python3"),
        (json.dumps(facts(libc={"family": "glibc", "version": "two"})), "libc.version is damaged", "again"),
        (json.dumps(facts(pip={"version": "21.1", "tags": ["--index-url"]})), "pip.tags is damaged", "again"),
        (json.dumps(facts(pip={"version": "new", "tags": []})), "pip.version is damaged", "again"),
        (json.dumps(facts(system="iOS")), "the tags of iOS", "newer pip"),
    ],
)
def test_damaged_description_names_file_and_next_step(text: str, what: str, step: str, tmp_path: Path) -> None:
    """Whatever is wrong with the file, one error says which file, what, and what to do."""
    file = tmp_path / "lab.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TargetError) as caught:
        read_description("lab", file)
    assert caught.value.what.startswith(f"{file}: {what}")
    assert (step in caught.value.next_step, caught.value.target) == (True, "lab")


def places(document: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the path of each value in *document*."""
    inner = [one for key, value in document.items() for one in places(value, (*path, key))] if isinstance(document, dict) else []  # fmt: skip
    return [path, *inner] if path else inner


@pytest.mark.parametrize("value", [None, [], {}, "x", -1, True, 0.5, "\N{SNOWMAN}-x"], ids=repr)
def test_any_damage_is_a_target_error(value: object, tmp_path: Path) -> None:
    """Whichever fact is exchanged for something else, there is a target or a `TargetError`."""
    whole = pip_18() | {"macos": {"version": "14.5", "machine": "arm64"}, "manylinux": {"manylinux_compatible": {}}}
    for system, listed in (("Linux", True), ("Linux", False), ("Darwin", False)):
        whole["markers"]["platform_system"] = system
        whole["pip"] = {"version": "23.0", "tags": list(PIP_18) if listed else None}
        for *path, last in places(whole):
            damaged = copy.deepcopy(whole)
            inner = damaged
            for key in path:
                inner = inner[key]
            inner[last] = value
            try:
                target = read_description("lab", write(tmp_path, damaged))
            except TargetError:
                continue
            assert target.abis
            assert target.platforms
            assert not any(flag.startswith("-") for flag in pip_flags(target)[1::2])


def test_file_from_a_shell_of_windows_is_read(tmp_path: Path) -> None:
    """``>`` in PowerShell writes UTF-16."""
    file = tmp_path / "lab.json"
    file.write_text(json.dumps(facts()), encoding="utf-16")
    assert read_description("lab", file).platforms[0] == "linux_x86_64"


def test_target_may_be_a_file(workspace: Workspace) -> None:
    """``{ file = "lab.json" }`` names a file beside ``subset.toml``."""
    workspace.write("base.txt", "pure\n")
    file = workspace.write("lab.json", json.dumps(facts()))
    workspace.toml({"lab": {"file": "lab.json"}})
    (target,) = read_subset(workspace.paths.requirements).targets
    assert target == read_description("lab", file)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"file": "lab.json", "python": "3.12"}, "unknown key 'python'; known here: file"),
        ({"file": "gone.json"}, "gone.json: no such file; run there: python3 describe_target.py > lab.json"),
        ({"file": ["lab.json"]}, "file must be a string"),
    ],
)
def test_wrong_file_is_a_fault_with_its_line(value: dict[str, object], what: str, workspace: Workspace) -> None:
    """Mistakes in such a line are told like those in any other."""
    workspace.write("base.txt", "pure\n")
    workspace.write("lab.json", json.dumps(facts()))
    workspace.toml({"lab": value})
    with pytest.raises(InputFaults) as caught:
        read_subset(workspace.paths.requirements)
    assert [(fault.line, what in str(fault)) for fault in caught.value.faults] == [(2, True)]


def test_a_description_is_a_regular_file(tmp_path: Path) -> None:
    """A pipe, and JSON of a million brackets, are mistakes."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "deep.json").write_text("[" * 1_000_000)
    for name, said in (("pipe.json", "not a regular file"), ("deep.json", "not JSON")):
        with pytest.raises(TargetError, match=said):
            read_description("lab", tmp_path / name)
