"""Whether a site is what it was when its proof began."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.inventory.unchanged import snapshot
from pypi_subset.targets import tag
from tests.support.programs.ending import until
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

WINDOWS = tag.parse("windows", "cp312-win_amd64")
AA = make_wheel("aa")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a whole site."""
    pins = {"windows": [AA]}
    return SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["aa"], pins=pins).write().paths.site


def test_nothing_changed(site: Path) -> None:
    """A report may be written meanwhile, and a file may get another time: neither changes the site."""
    before = snapshot(site)
    (site / "proof").mkdir(exist_ok=True)
    (site / "proof/report.json").write_text("{}")
    os.utime(site / "simple/aa" / AA.filename)
    assert before.changes() == []


@pytest.mark.parametrize("what", ["wheel", "page", "manifest"])
def test_a_file_that_was_changed(site: Path, what: str) -> None:
    """It is named, even if size and time of change are what they were."""
    names = {"wheel": f"simple/aa/{AA.filename}", "page": "simple/aa/index.html", "manifest": "manifest.json"}
    path = site / names[what]
    _until_next_tick(site)
    before, facts = snapshot(site), path.stat()
    path.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert before.changes() == [f"{names[what]} was changed while it was proven"]


def _until_next_tick(site: Path) -> None:
    """Return when what is changed now gets another time than any file of *site* has: many systems count in milliseconds."""
    newest = max(path.stat().st_ctime_ns for path in site.rglob("*"))

    def is_later() -> bool:
        probe = site.parent / "probe"
        probe.write_text("")
        return probe.stat().st_ctime_ns > newest

    until(is_later, "a later time")


def test_what_came_and_went(site: Path) -> None:
    """A new file, an empty directory, one that is gone, and a link in a file's place are named."""
    before = snapshot(site)
    (site / "new").write_text("")
    (site / "folder").mkdir()
    (site / "simple/aa/index.json").unlink(missing_ok=True)
    (site / "find-links.html").unlink()
    shutil.copy(site / "simple/index.html", site.parent / "copy")
    (site / "simple/index.html").unlink()
    (site / "simple/index.html").symlink_to(site.parent / "copy")
    assert [sentence for sentence in before.changes() if "index.json" not in sentence] == [
        "find-links.html was removed while it was proven",
        "folder/ was added while it was proven",
        "new was added while it was proven",
        "simple/index.html was replaced while it was proven",
    ]


def test_what_was_wrong_from_the_beginning(site: Path) -> None:
    """A file that never was what the manifest says is the inventory's to find; touched, it is named here too."""
    path = site / "simple/aa" / AA.filename
    path.write_bytes(b"other")
    before = snapshot(site)
    assert before.changes() == []
    os.utime(path, (1, 1))
    assert before.changes() == [f"simple/aa/{AA.filename} was changed while it was proven"]
