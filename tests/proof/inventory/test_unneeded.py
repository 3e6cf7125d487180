"""Locked files that no request leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.inventory.unneeded import needless
from pypi_subset.targets import tag
from tests.support.sites.cases import LINUX, WINDOWS
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


AA, BB, OLD = make_wheel("aa", requires=["bb"]), make_wheel("bb", "2.0"), make_wheel("bb", "1.0")


def test_a_locked_file_that_no_request_needs_is_a_note(tmp_path: Path) -> None:
    """What no request leads to is listed, and not red: nothing fails for it."""
    pins = {"linux": [AA, BB, make_wheel("zz")], "windows": [AA, OLD]}
    extra = SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()
    (only,) = inventory.take(extra.paths, extra.plan)
    assert only.status == "passed"
    assert only.notes == ("zz-1.0-py3-none-any.whl is locked for base--linux, but no request needs it",)


def test_what_one_patch_level_needs_is_needed(tmp_path: Path) -> None:
    """A file that an extra, or one patch level alone, leads to is not listed."""
    late = make_wheel("cc", requires=['dd; python_full_version < "3.10.2"', 'ee; extra == "x"'], extras=["x"])
    wheels = [late, make_wheel("dd"), make_wheel("ee")]
    one = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["cc[x]"], pins={"linux": wheels}).write()
    (only,) = inventory.take(one.paths, one.plan)
    assert (only.status, only.notes) == ("passed", ())


def test_a_file_that_cannot_be_read_is_needed(tmp_path: Path) -> None:
    """A file whose metadata is missing or damaged is another fault, and is not called needless."""
    pins = {"linux": [AA, BB, make_wheel("zz")]}
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins=pins).write()
    beside = subset.file(make_wheel("zz"))
    beside = beside.with_name(f"{beside.name}.metadata")
    beside.write_bytes(b"Requires-Dist: >>\n\n")
    assert [*needless(subset.paths, subset.plan)] == []
    beside.unlink()
    assert [*needless(subset.paths, subset.plan)] == []


def test_who_locked_it_is_named(tmp_path: Path) -> None:
    """A needless file comes with each pair of set and target that locks it, files by name."""
    more = [make_wheel("zz"), make_wheel("yy")]
    pins = {"linux": [AA, BB, *more], "windows": [AA, BB, more[0]]}
    subset = SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()
    assert [*needless(subset.paths, subset.plan)] == [
        "yy-1.0-py3-none-any.whl is locked for base--linux, but no request needs it",
        "zz-1.0-py3-none-any.whl is locked for base--linux, base--windows, but no request needs it",
    ]


def test_a_machine_that_nobody_recorded(tmp_path: Path) -> None:
    """For a kind of machine without a recording nothing is known, and nothing is called needless."""
    phone = tag.parse("phone", "cp313-android_24_x86")
    pins = {"phone": [AA, BB, make_wheel("zz")]}
    subset = SubsetOnDisk(tmp_path, targets=[phone], lines=["aa"], pins=pins).write()
    assert [*needless(subset.paths, subset.plan)] == []
