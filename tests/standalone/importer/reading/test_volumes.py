"""Blobs from volumes: whole, cut, missing, damaged, rebuilt."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Hindered, Refused
from pypi_subset.standalone.importer.reading.document import Bundle
from pypi_subset.standalone.importer.reading.volumes import Intake
from tests.support.gap.far import Trip
from tests.support.gap.releases import files_of
from tests.support.sites.handwritten import sha256

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """The third bundle has several volumes and a parity file."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


@pytest.fixture
def medium(trip: Trip, tmp_path: Path) -> Path:
    """A copy of the medium with the third bundle."""
    return shutil.copytree(trip.media[2], tmp_path / "stick")


def intake(medium: Path, folder: Path) -> Intake:
    """Return the intake of a bundle into *folder*."""
    folder.mkdir(exist_ok=True)
    return Intake(Bundle((medium / "bundle.json").read_bytes()), str(medium), str(folder), lambda _: None)


def taken(folder: Path) -> dict[str, str]:
    """Return the hash of each file of *folder*; blobs are called after it."""
    return files_of(folder)


def test_every_blob_is_taken(medium: Path, tmp_path: Path) -> None:
    """Each blob is there under its hash, also those that two volumes share, and nothing else."""
    one = intake(medium, tmp_path / "incoming")
    assert len(one.bundle.volumes) > 2
    assert any(len(blob.parts) > 1 for blob in one.bundle.blobs.values())
    one.take()
    found = taken(tmp_path / "incoming")
    assert all(name == digest for name, digest in found.items())
    assert set(found) == set(one.bundle.blobs)
    assert one.missing_bytes() == 0
    one.check()


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_any_one_volume_may_be_lost(medium: Path, tmp_path: Path, lost: int) -> None:
    """A volume that is missing, or damaged, is rebuilt from the parity file."""
    path = medium / f"volume-{lost:03}.zip"
    data = path.read_bytes()
    path.unlink()
    intake(medium, tmp_path / "one").take()
    path.write_bytes(data[:-1] + b"x")
    intake(medium, tmp_path / "two").take()
    assert taken(tmp_path / "one") == taken(tmp_path / "two")
    assert set(taken(tmp_path / "one")) == set(json.loads((medium / "bundle.json").read_bytes())["blobs"])


@pytest.mark.parametrize("change", ["missing", "damaged"])
def test_what_an_import_rebuilds_is_checked(medium: Path, tmp_path: Path, change: str) -> None:
    """One lost volume beside the parity file is no error of a check, which reads its blobs and writes nothing."""
    path = medium / "volume-002.zip"
    data = path.read_bytes()
    path.unlink()
    if change == "damaged":
        path.write_bytes(data[:-1] + b"x")
    lines: list[str] = []
    bundle = Bundle((medium / "bundle.json").read_bytes())
    one = Intake(bundle, str(medium), str(tmp_path / "none"), lines.append)
    one.check()
    assert "volume-002.zip: 2 of 4, lost, and rebuilt from the parity file" in lines
    assert not (tmp_path / "none").exists()
    parity = medium / "parity.xor"
    aside = parity.rename(tmp_path / "aside")
    with pytest.raises(
        (Hindered, Refused), match=r"or copy the other volumes and parity\.xor into one directory to rebuild it$"
    ):
        one.check()
    assert not parity.exists()
    aside.rename(parity)


def test_parity_file_of_other_volumes_is_no_help(medium: Path, tmp_path: Path) -> None:
    """A parity file that has the stated hash, and does not rebuild the volume, leaves the error about the volume."""
    parity = medium / "parity.xor"
    parity.write_bytes(b"x" * parity.stat().st_size)
    document = json.loads((medium / "bundle.json").read_bytes())
    document["parity"]["sha256"] = sha256(parity.read_bytes())
    (medium / "bundle.json").write_text(json.dumps(document))
    (medium / "volume-002.zip").unlink()
    with pytest.raises(Hindered, match=r"^volume 2 of 4 is missing"):
        intake(medium, tmp_path / "incoming").take()


def test_missing_volume_is_named(medium: Path, tmp_path: Path) -> None:
    """Without the parity file a missing volume is an error that names it; what was read stays."""
    (medium / "parity.xor").unlink()
    count = len(list(medium.glob("volume-*.zip")))
    path = medium / "volume-002.zip"
    aside = path.rename(tmp_path / "aside")
    one = intake(medium, tmp_path / "incoming")
    with pytest.raises(Hindered, match=f"^volume 2 of {count} is missing; insert it and run this again"):
        one.take()
    before = taken(tmp_path / "incoming")
    assert before
    # Now only the missing one is there.
    for other in medium.glob("volume-*.zip"):
        other.unlink()
    aside.rename(path)
    one.take()
    assert set(taken(tmp_path / "incoming")) == set(one.bundle.blobs)


def test_two_lost_volumes_are_too_many(medium: Path, tmp_path: Path) -> None:
    """The parity file makes up for one volume."""
    for number in (1, 2):
        (medium / f"volume-{number:03}.zip").unlink()
    with pytest.raises(Hindered, match=r"^volume 1 of . is missing; .*\(2 volumes are missing\)$"):
        intake(medium, tmp_path / "incoming").take()


def test_damaged_volume_is_named(medium: Path, tmp_path: Path) -> None:
    """Without the parity file a damaged volume is refused, and nothing of it is taken."""
    (medium / "parity.xor").unlink()
    path = medium / "volume-001.zip"
    path.write_bytes(path.read_bytes().replace(b"PK", b"PX", 1))
    one = intake(medium, tmp_path / "incoming")
    with pytest.raises(Refused, match=r"^volume-001\.zip is damaged; copy it to the medium again"):
        one.take()
    with pytest.raises(Refused, match=r"^volume-001\.zip is damaged"):
        one.check()


def test_damaged_leavings_are_taken_again(medium: Path, tmp_path: Path) -> None:
    """What a crash cut off in ``incoming/`` is read again from the medium."""
    intake(medium, tmp_path / "incoming").take()
    whole = taken(tmp_path / "incoming")
    for path in sorted((tmp_path / "incoming").iterdir())[:4]:
        path.write_bytes(path.read_bytes()[:-1])
    intake(medium, tmp_path / "incoming").take()
    assert taken(tmp_path / "incoming") == whole


def test_damaged_parts_are_not_joined(medium: Path, tmp_path: Path) -> None:
    """A part that was changed in ``incoming/`` makes no blob; the next run takes all parts again."""
    (medium / "parity.xor").unlink()
    aside = (medium / "volume-002.zip").rename(tmp_path / "aside")
    one = intake(medium, tmp_path / "incoming")
    with pytest.raises(Hindered):
        one.take()
    parts = [path for path in (tmp_path / "incoming").iterdir() if "." in path.name]
    assert parts
    for path in parts:
        path.write_bytes(b"x" * path.stat().st_size)
    aside.rename(medium / "volume-002.zip")
    with pytest.raises(Refused, match="other bytes than its name says"):
        one.take()
    one.take()
    assert set(taken(tmp_path / "incoming")) == set(one.bundle.blobs)


def test_content_is_read_without_taking(medium: Path, tmp_path: Path) -> None:
    """A blob can be read from the medium, and from ``incoming/``; a longer one than allowed is refused."""
    one = intake(medium, tmp_path / "incoming")
    digest = max(one.bundle.blobs, key=lambda key: len(one.bundle.blobs[key].parts))
    size = one.bundle.blobs[digest].size
    from_medium = one.read(digest, size)
    one.take()
    assert one.read(digest, size) == from_medium
    with pytest.raises(Refused, match="more than"):
        one.read(digest, size - 1)
    (tmp_path / "incoming" / digest).write_bytes(b"x")
    with pytest.raises(Refused, match="other bytes"):
        one.read(digest, size)
    one.close()


def test_parity_file_is_checked(medium: Path, tmp_path: Path) -> None:
    """A damaged parity file is found before it is needed."""
    (medium / "parity.xor").write_bytes(b"x" * (medium / "parity.xor").stat().st_size)
    with pytest.raises(Refused, match=r"parity.xor is missing or damaged"):
        intake(medium, tmp_path / "incoming").check()
