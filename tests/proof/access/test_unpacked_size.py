"""How much an installation may write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.proof.access.unpacked_size import unpacked_size
from pypi_subset.targets import tag
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

WINDOWS = tag.parse("windows", "cp312-win_amd64")


def test_the_largest_of_each_project(tmp_path: Path) -> None:
    """Of each pinned project the largest wheel counts, packed and unpacked; without pins all projects do."""
    small, large = (
        make_wheel("aa", version, files={"aa.py": b"#" * size}) for version, size in (("1", 9), ("2", 9999))
    )
    other = make_wheel("bb", files={"bb.py": b"#" * 77_777})
    pins = {"windows": [large, other]}
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["aa", "bb"], pins=pins).write()
    site = subset.paths.site
    (site / "simple/aa" / small.filename).write_bytes(small.data)
    alone, both = unpacked_size(site, ["aa==2"]), unpacked_size(site, [])
    assert 9999 + len(large.data) < alone < 9999 + len(large.data) + 2000
    assert both - alone > 77_777
    assert unpacked_size(site, ["aa==2", "bb==1; python_version > '3'"]) == both


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    """It counts nothing; that it is damaged others say."""
    (tmp_path / "simple/aa").mkdir(parents=True)
    (tmp_path / "simple/aa/aa-1-py3-none-any.whl").write_bytes(b"no archive")
    assert unpacked_size(tmp_path, ["aa==1"]) == 0


def test_a_site_elsewhere(tmp_path: Path) -> None:
    """What lies here of it are stand-ins: what its manifest says counts, times what unpacking makes of it."""
    wheel = make_wheel("aa", files={"aa.py": b"#" * 9999})
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["aa"], pins={"windows": [wheel]}).write()
    assert unpacked_size(subset.paths.site, ["aa==1.0"], "https://site.test") == 21 * len(wheel.data)
