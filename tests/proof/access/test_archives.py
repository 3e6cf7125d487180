"""The proof's own reader of archives: a wheel with two readings is found in any site."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.access import archives
from pypi_subset.proof.access.archives import fault_of
from pypi_subset.proof.inventory import inventory
from pypi_subset.targets import tag
from tests.support.hostile.archives import LAYOUT, NAME, NAMES, described, good, two_names
from tests.support.hostile.contents import CONTENTS, hostile, recorded
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.stages.archives import Part, pack_parts, parts_of_wheel
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

#: What `pypi_subset.proof.methods.record` finds: it unpacks every byte of what was installed.
BY_RECORD = {"another-hash", "another-size-in-record"}


@pytest.mark.parametrize("kind", sorted((LAYOUT.keys() | NAMES.keys() | CONTENTS.keys()) - BY_RECORD))
def test_what_mirror_refuses_is_red(tmp_path: Path, kind: str) -> None:
    """Each wheel that mirror refuses has a fault here too, in a sentence that can be printed."""
    path = tmp_path / NAME
    path.write_bytes(hostile(kind)[0])
    fault = fault_of(path)
    assert fault
    assert fault.isprintable()


@pytest.mark.parametrize(
    "data",
    [
        make_wheel("bad").data,
        pack_parts(good()),
        pack_parts(good(), order=-1),
        described(b""),
        described(good()[0].descriptor[4:]),
        pack_parts([replace(part, method=0) for part in good()]),
        pack_parts([Part(name=b"bad/", method=0, mode=0o040755), *good()]),
        pack_parts([replace(part, fields=(b"UT\5\0\1abcd", b"UT\5\0\1abcd")) for part in good()]),
    ],
    ids=["zipfile", "plain", "order", "descriptor", "bare descriptor", "stored", "directory", "times"],
)
def test_usual_forms_have_no_fault(tmp_path: Path, data: bytes) -> None:
    """What builders of wheels write is no fault."""
    path = tmp_path / NAME
    path.write_bytes(data)
    assert fault_of(path) == ""


def test_a_bomb_of_plain_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a wheel unpacks to is compared with the size of its file."""
    path = tmp_path / NAME
    path.write_bytes(pack_parts(parts_of_wheel("bad", {"zeros": bytes(200_000)})))
    assert fault_of(path) == ""
    monkeypatch.setattr(archives, "LARGE", 100_000)
    archives._fault_of.cache_clear()  # noqa: SLF001 - the limit is another one
    assert fault_of(path).startswith("is a bomb: it unpacks to 200")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pack_parts([*good(), *[Part(name=b"folder/", method=0, mode=0o040755)] * 2]), "holds a name twice"),
        (recorded(good()[-1].data.decode().splitlines()[0]), "has a RECORD with a file twice"),
        (two_names(), "has members that overlap, or lie behind its directory"),
    ],
    ids=["a directory", "a line of RECORD", "one member"],
)
def test_twice(tmp_path: Path, data: bytes, said: str) -> None:
    """A directory with two entries, a line of RECORD that occurs twice and a member with two names are faults."""
    path = tmp_path / NAME
    path.write_bytes(data)
    assert fault_of(path) == said


def test_a_large_wheel_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a size, the walk reads headers alone."""
    path = tmp_path / NAME
    path.write_bytes(hostile("another-size")[0])
    monkeypatch.setattr(archives, "UNPACKED", 10)
    assert fault_of(path) == ""


def test_wide_sizes(tmp_path: Path) -> None:
    """A member whose header leaves its sizes to a field of 64 bits is walked over."""
    with zipfile.ZipFile(io.BytesIO(pack_parts(good()))) as old, zipfile.ZipFile(tmp_path / NAME, "w") as new:
        for name in old.namelist():
            with new.open(name, "w", force_zip64=True) as member:
                member.write(old.read(name))
    assert fault_of(tmp_path / NAME) == ""


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    """What was found is remembered for the file as it is, by its time."""
    path = tmp_path / NAME
    path.write_bytes(pack_parts(good()))
    assert fault_of(path) == ""
    path.write_bytes(hostile("comment")[0])
    assert fault_of(path)
    path.unlink()
    assert fault_of(path) == "cannot be read: No such file or directory"


@pytest.mark.parametrize("kind", ["overlapping-bomb", "two-archives", "case-twins", "not-in-record", "unknown-scheme"])
def test_the_inventory_is_red(tmp_path: Path, kind: str) -> None:
    """A site with such a wheel, whoever made it, has a red inventory that names file and project."""
    wheel = replace(make_wheel("bad"), data=hostile(kind)[0])
    windows = tag.parse("windows", "cp312-win_amd64")
    subset = SubsetOnDisk(tmp_path, targets=[windows], lines=["bad"], pins={"windows": [wheel]}).write()
    found = inventory.take(subset.paths, subset.plan)
    assert {check.status for check in found} == {"failed"}
    assert any(check.reason == f"{NAME} (bad) {fault_of(subset.file(wheel))}" for check in found)
