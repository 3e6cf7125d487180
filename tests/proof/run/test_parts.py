"""Parts: which reports a command names, and for which targets each may speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model.checks import Check
from pypi_subset.model.documents import encode
from pypi_subset.model.report import read_report, report_path
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.proof.run import merge, parts
from tests.support.sites.cases import eight_cases
from tests.support.sites.published import made

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.sites.subset_on_disk import SubsetOnDisk


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset with the targets `mac` and `windows`."""
    return eight_cases(tmp_path / "work")


def written(subset: SubsetOnDisk, path: Path, targets: Sequence[str], results: Sequence[str]) -> Path:
    """Return *path*, which now holds a report that was made for *targets*, with a green result of each of *results*."""
    checks = [
        Check(target=name, set_name="base", request="aa", proof="unpacked", way="simple", status="passed")
        for name in results
    ]
    told = made(subset.paths.site, checks, subset_sha256=subset_digest(subset.plan), targets=targets)
    path.write_bytes(encode(told))
    return path


def test_words_name_parts(tmp_path: Path) -> None:
    """A path alone may speak for any target; behind the sign stand those of its job; a path may hold that sign."""
    odd = tmp_path / "a=b.json"
    odd.write_text("{}")
    named = parts.parts_of([str(odd), f"{tmp_path}/one=c.json=linux,mac", "two"])
    assert {str(path): names for path, names in named.items()} == {
        str(odd): (),
        f"{tmp_path}/one=c.json": ("linux", "mac"),
        "two": (),
    }


@pytest.mark.parametrize("words", ["{tmp}=linux", "{tmp}/one.json=", "{tmp}/one.json=,"])
def test_words_that_bind_nothing(tmp_path: Path, words: str) -> None:
    """Targets for a whole directory, or none behind the sign, would leave a report unbound: that is refused."""
    with pytest.raises(
        SubsetError, match="does not name a report and the targets that it is about; as in `pypi-subset merge-reports "
    ):
        parts.parts_of([words.format(tmp=tmp_path)])


@pytest.mark.parametrize(
    ("targets", "results", "about"),
    [
        ([], ["windows"], "all targets"),
        (["mac"], ["mac"], "mac"),
        (["mac", "windows"], ["windows"], "mac, windows"),
    ],
)
def test_a_part_that_speaks_for_others(
    subset: SubsetOnDisk, tmp_path: Path, targets: list[str], results: list[str], about: str
) -> None:
    """What the job of `windows` keeps must be made for `windows`, and hold results of no other target."""
    path = written(subset, tmp_path / "part.json", targets, results)
    with pytest.raises(SubsetError) as raised:
        merge.merge(subset.paths, subset.plan, [path], bound={path: ("windows",)})
    assert str(raised.value) == (
        f"{path}: this report is about {about}, and its job is about windows; "
        "run that job again, and join the report that it keeps"
    )
    assert not report_path(subset.paths.site).exists()


def test_a_part_that_holds_more_than_it_says(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """Results count as well as the targets that a report names."""
    path = written(subset, tmp_path / "part.json", ["windows"], ["mac", "windows"])
    with pytest.raises(SubsetError, match="this report is about mac, windows, and its job is about windows"):
        parts.require_own(path, read_report(path), ("windows",))


def test_a_part_that_speaks_for_its_own(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """A report of just the targets of its job is joined, and one for which none are named may be about any."""
    own = written(subset, tmp_path / "own.json", ["windows"], ["windows"])
    free = written(subset, tmp_path / "free.json", [], ["mac", "windows"])
    merge.merge(subset.paths, subset.plan, [own, free], bound={own: ("windows",), free: ()})
    assert report_path(subset.paths.site).is_file()
