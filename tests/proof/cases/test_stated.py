"""What the manifest states of each set on each target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.closures.closure import Step
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.cases.stated import stated_in
from tests.support.sites.cases import LINUX
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

AA, BB = make_wheel("aa", requires=["bb"]), make_wheel("bb")
EDGES = [("aa", "", "bb"), ("", "", "aa")]


def test_the_case_of_a_set_has_its_edges_and_pins(tmp_path: Path) -> None:
    """A request alone has none: it needs a part of them."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA, BB]}, edges={"linux": EDGES})
    subset.write()
    assert stated_in(subset.paths.site) == {("base", "linux"): (Step("", "", "aa"), Step("aa", "", "bb"))}
    joint, alone = cases_of(subset.plan, subset.paths, (), tmp_path / "work")
    assert alone.closure is None
    assert joint.closure is not None
    assert [pin.project for pin in joint.closure.pins] == ["aa", "bb"]
    assert [*map(str, joint.closure.steps)] == ["the set -> aa", "aa -> bb"]


def test_a_manifest_before_1_5_states_nothing(tmp_path: Path) -> None:
    """Its cases are proven as they were."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA, BB]}).write()
    assert stated_in(subset.paths.site) == {}
    assert cases_of(subset.plan, subset.paths, (), tmp_path / "work")[0].closure is None


def test_a_manifest_that_cannot_be_read_states_nothing(tmp_path: Path) -> None:
    """The run names what is wrong with it."""
    (tmp_path / "manifest.json").write_text("{")
    assert stated_in(tmp_path) == {}
