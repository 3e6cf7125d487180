"""The platforms of a machine that described itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pypi_subset.targets.self_described import read_description
from pypi_subset.targets.tag import parse
from tests.support.stages.descriptions import describe, facts, write


@pytest.mark.parametrize(
    ("tag", "changes"),
    [
        ("cp312-manylinux_2_28_x86_64", {}),
        ("cp312-musllinux_1_2_x86_64", {"libc": {"family": "musl", "version": "1.2"}}),
        ("cp312-manylinux_2_28_aarch64", {"platform": "linux-aarch64"}),
        (
            "cp312-manylinux_2_28_i686",
            {"bits": 32, "elf": {"class": 1, "data": 1, "machine": 3, "flags": 0}},
        ),
        (
            "cp312-manylinux_2_28_armv7l",
            {"platform": "linux-armv7l", "bits": 32, "elf": {"class": 1, "data": 1, "machine": 40, "flags": 0x5000400}},
        ),
        ("cp312-win_amd64", {"platform": "win-amd64", "libc": None, "system": "Windows"}),
        ("cp312-win_arm64", {"platform": "win-arm64", "libc": None, "system": "Windows"}),
        ("cp312-win32", {"platform": "win32", "bits": 32, "libc": None, "system": "Windows"}),
        (
            "cp312-macosx_14_0_arm64",
            {"platform": "macosx-11.0-arm64", "macos": {"version": "14.5", "machine": "arm64"}, "system": "Darwin"},
        ),
        (
            "cp312-macosx_10_15_x86_64",
            {"platform": "macosx-10.9-x86_64", "macos": {"version": "10.15.7", "machine": "x86_64"}, "system": "Darwin"},
        ),
        (
            "cp313-cp313t-manylinux_2_28_x86_64",
            {"version": [3, 13, 4, "final", 0], "config": {"Py_GIL_DISABLED": 1, "Py_DEBUG": 0}},
        ),
        ("cp37-manylinux_2_28_x86_64", {"version": [3, 7, 4, "final", 0]}),
        (
            "pp311-manylinux_2_28_x86_64",
            {
                "version": [3, 11, 4, "final", 0],
                "implementation": {"name": "pypy"},
                "config": {"EXT_SUFFIX": ".pypy311-pp73-x86_64-linux-gnu.so"},
            },
        ),
    ],
)  # fmt: skip
def test_facts_give_the_tags_of_such_a_machine(tag: str, changes: dict[str, object], tmp_path: Path) -> None:
    """A machine that nobody has here gets the tags that a target with its tag has."""
    target = read_description("lab", write(tmp_path, facts(**changes)))
    assert (target.tags, target.abis) == (parse("lab", tag).tags, parse("lab", tag).abis)


def test_debug_build_takes_ordinary_extensions_too(tmp_path: Path) -> None:
    """A debug build has two ABIs, its own first."""
    document = facts(config={"Py_DEBUG": 1})
    assert read_description("lab", write(tmp_path, document)).abis == ("cp312d", "cp312")


def test_soft_float_takes_no_manylinux(tmp_path: Path) -> None:
    """An ARM executable without hardware floats runs no manylinux wheel (PEP 599)."""
    document = facts(platform="linux-armv7l", bits=32, elf={"class": 1, "data": 1, "machine": 40, "flags": 0x5000200})
    assert read_description("lab", write(tmp_path, document)).platforms == ("linux_armv7l",)


def test_pip_too_old_for_musl(tmp_path: Path) -> None:
    """A pip before 21.2 on Alpine sees no binary wheel but those built there."""
    document = facts(libc={"family": "musl", "version": "1.2"}, pip={"version": "21.1", "tags": None})
    assert read_description("lab", write(tmp_path, document)).platforms == ("linux_x86_64",)


ANSWERS = {
    "by function": "def manylinux_compatible(major, minor, arch):\n    return None if minor > 30 else minor < 20\n",
    "by attribute": "manylinux1_compatible = False\nmanylinux2014_compatible = False\n",
}


@pytest.mark.parametrize("module", ANSWERS.values(), ids=ANSWERS)
def test_manylinux_module_limits_the_tags(module: str, tmp_path: Path) -> None:
    """What a ``_manylinux`` module answers (PEP 600) is heard, as pip on that machine hears it."""
    (tmp_path / "_manylinux.py").write_text(module)
    file = describe(Path(sys.executable), tmp_path / "lab.json", PYTHONPATH=str(tmp_path))
    full = read_description("lab", file)
    document = json.loads(file.read_bytes())
    document["pip"]["tags"] = None
    assert read_description("lab", write(tmp_path, document)).tags == full.tags
    assert document["manylinux"]
    assert not {"manylinux_2_25_x86_64", "manylinux2014_x86_64"} <= {*full.platforms}
