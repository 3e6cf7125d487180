"""Which patch levels of a Python are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.targets import tag as targets
from tests.support.sites.cases import LINUX
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.proof.reference.patch_levels import at_patch_levels

pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.parametrize(
    ("bound", "requirement", "levels"),
    [
        (">=3.10", "lib", {0}),
        (">=3.9,!=3.10.4", "lib", {0, 4, 5}),
        ("!=3.10.*", "lib", {0}),
        (None, "lib; python_full_version < '3.10.3'", {0, 3}),
        (None, 'lib; python_full_version<="3.10.3"', {0, 3, 4}),
        (None, "lib; '3.10.3' <= python_full_version", {0, 3, 4}),
        (None, "lib; python_full_version > '3.10'", {0, 1}),
        (None, "lib>=3.10.4", {0}),
        (None, "lib==3.10.4; python_full_version < '3.10.3'", {0, 3}),
        (None, "lib @ https://x.example/a;b ; python_full_version < '3.10.3'", {0, 3}),
        (None, "lib; python_full_version < '3.11.3'", {0}),
    ],
)
def test_patch_levels_to_try(tmp_path: Path, bound: str | None, requirement: str, levels: set[int]) -> None:
    """Every level at which something that metadata says may begin or end; one too many costs time alone."""
    wheel = make_wheel("app", "3.10.9", requires=[requirement], requires_python=bound)
    (tmp_path / "simple" / "app").mkdir(parents=True)
    wheel.save(tmp_path / "simple" / "app")
    assert {target.python[2] for target in at_patch_levels(LINUX, tmp_path)} == levels
    exact = targets.parse("exact", LINUX.tag, "3.10.4")
    assert [*at_patch_levels(exact, tmp_path)] == [exact]


def test_levels_of_what_a_request_leads_to(tmp_path: Path) -> None:
    """The metadata of other projects changes nothing for it."""
    for name in ("app", "other"):
        (tmp_path / "simple" / name).mkdir(parents=True)
        make_wheel(name, requires=[f"lib; python_full_version < '3.10.{len(name)}'"]).save(tmp_path / "simple" / name)
    levels = [
        {one.python[2] for one in at_patch_levels(LINUX, tmp_path, projects)} for projects in (None, {"app"}, {"lib"})
    ]
    assert levels == [{0, 3, 5}, {0, 3}, {0}]
