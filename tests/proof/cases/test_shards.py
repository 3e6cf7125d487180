"""Part k of n: which cases one machine proves."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.proof.cases import shards
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.run.session import Suite
from tests.support.programs.commands import subset as command
from tests.support.sites.cases import OWN, eight_cases

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sites.subset_on_disk import SubsetOnDisk


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a whole subset: three lines for two targets, so eight cases."""
    return eight_cases(tmp_path / "work")


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20])
def test_parts_are_the_whole(subset: SubsetOnDisk, count: int) -> None:
    """Each case is in one part and in no other, and parts differ by one case at most."""
    cases = cases_of(subset.plan, subset.paths, (), subset.root)
    parts = [shards.Shard(number=number, count=count).of(cases) for number in range(1, count + 1)]
    assert Counter(one.name for part in parts for one in part) == Counter(one.name for one in cases)
    sizes = {len(part) for part in parts}
    assert max(sizes) - min(sizes) <= 1


def test_a_part_is_the_same_on_every_machine(subset: SubsetOnDisk) -> None:
    """Where the directories lie, which interpreters are there and in what order cases come makes no difference."""
    cases = cases_of(subset.plan, subset.paths, (), subset.root)
    other = list(cases_of(subset.plan, subset.paths, OWN, subset.root / "elsewhere"))
    random.Random(5).shuffle(other)  # noqa: S311 - no secret
    for number in (1, 2, 3):
        part = shards.Shard(number=number, count=3)
        assert [one.name for one in part.of(cases)] == [one.name for one in part.of(other)]


def test_whole_sets_are_dealt_out_first(subset: SubsetOnDisk) -> None:
    """They take longest: no part has two of them while another has none."""
    cases = cases_of(subset.plan, subset.paths, (), subset.root)
    joint = [sum(one.joint for one in shards.Shard(number=number, count=2).of(cases)) for number in (1, 2)]
    assert joint == [1, 1]


def test_parts_of_some_targets(subset: SubsetOnDisk) -> None:
    """With targets named as well, the parts are parts of what these have, and nothing of the others is in them."""
    cases = cases_of(subset.plan, subset.paths, (), subset.root)
    names = []
    for number in (1, 2):
        suite = Suite(paths=subset.paths, subset=subset.plan, cases=cases, shard=shards.Shard(number=number, count=2))
        part = suite.restricted(["mac"]).own
        assert len(part) == 2
        names += [one.name for one in part]
    assert sorted(names) == sorted(one.name for one in cases if one.target.name == "mac")


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["0/8", "9/8", "x", "8", "2/", "/8", "2/8/9", "-1/8", "1/0", " 1/2", "1.0/2", "²/8", "1/2\n"]
)
def test_a_part_that_is_none_is_one_line(tmp_path: Path, text: str) -> None:
    """Whatever else is said for a part is an error with an example, and nothing is proven."""
    with pytest.raises(SubsetError) as raised:
        shards.parse(text)
    assert str(raised.value) == f"shard wants a part of so many, not {text!r}; as in `--shard 2/8`, from 1/8 to 8/8"
    if text == "9/8":
        done = command("verify", f"--shard={text}", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines() == [f"error: {raised.value}"]


def test_part_and_whole_are_read() -> None:
    """Nothing said means all; zeros in front say nothing."""
    assert shards.parse("") is None
    assert str(shards.parse("02/8")) == "2/8"
