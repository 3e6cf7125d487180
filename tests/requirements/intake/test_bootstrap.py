"""``[bootstrap]``: the set that it makes, and what is refused with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.targets.markers import holds
from tests.support.stages.requirements import LINUX, faults_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.requests import Subset


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def asked(subset: Subset) -> dict[str, list[str]]:
    """Return what the set asks of each target."""
    (found,) = [one for one in subset.sets if one.name == "bootstrap"]
    return {
        target.name: [
            one.requirement.name for one in found.requests if holds(one.requirement.marker, target.environment)
        ]
        for target in subset.targets
        if target.name in found.targets
    }


TARGETS = """\
[targets]
old = "cp36-manylinux2014_x86_64"
new = "cp313-win_amd64"
browser = "cp313-pyodide_2025_0_wasm32"
"""


def test_a_set_for_every_target() -> None:
    """pip for each Python that runs programs, and uv from 3.8 on."""
    subset = plan_of("aa", f"{TARGETS}[bootstrap]\npip = true\nuv = true\n")
    assert asked(subset) == {"old": ["pip"], "new": ["pip", "uv"], "browser": []}
    assert asked(plan_of("aa", f"{TARGETS}[bootstrap]\nuv = true\npip = false\n"))["new"] == ["uv"]
    (found,) = [one for one in subset.sets if one.name == "bootstrap"]
    assert [one.origin for one in found.requests] == ["subset.toml:6", "subset.toml:7"]
    assert [job.name for job in subset.jobs if job.requirement_set is found] == [
        *("bootstrap--old", "bootstrap--new", "bootstrap--browser")
    ]


@pytest.mark.parametrize("text", ["", "[bootstrap]\n", "[bootstrap]\npip = false\n"])
def test_no_set(text: str) -> None:
    """Without the table, or with nothing in it, all is as before."""
    subset = plan_of("aa", f"{LINUX}{text}")
    assert [one.name for one in subset.sets] == ["base"]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("pip = 1", "4: pip must be true or false; write pip = true"),
        ('uv = "0.13"', "4: uv must be true or false; write uv = true"),
        ("uvx = true", "4: unknown key 'uvx'; did you mean 'uv'?"),
    ],
)
def test_a_fault_has_its_line(lines: str, fault: str) -> None:
    """A value is true or false."""
    (found,) = faults_of("aa", f"{LINUX}[bootstrap]\n{lines}\n")
    assert str(found).endswith(f"subset.toml:{fault}")


def test_the_name_is_taken() -> None:
    """A file of that name, and a set with a source, are refused beside the table, and only there."""
    fault = (
        "subset.toml:3: [bootstrap] makes a set of that name, and there is one already; give the other set another name"
    )
    table = "[bootstrap]\npip = true\n"
    source = '[sets.bootstrap]\nsource = "../more.txt"\n'
    assert faults_of({"base.txt": "aa", "../more.txt": "bb"}, f"{LINUX}{table}{source}") == [fault]
    assert faults_of({"base.txt": "aa", "bootstrap.txt": "bb"}, f"{LINUX}{table}") == [fault]
    assert len(plan_of({"base.txt": "aa", "bootstrap.txt": "bb"}, LINUX).sets) == 2
