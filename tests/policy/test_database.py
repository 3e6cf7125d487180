"""Databases on disk: what is read, and that a hostile or damaged one is refused by name."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.policy.database import identity, read
from pypi_subset.support import bounds
from tests.support.advisories.records import affected, record, write_directory, write_zip
from tests.support.stages.archives import Part, pack_parts

if TYPE_CHECKING:
    from pathlib import Path

GOOD = json.dumps(record("X-1")).encode()
NPM = record("B-3", affected(package={"ecosystem": "npm", "name": "demo"}), modified="2026-11-22T00:00:00Z")
RECORDS = [record("X-2", modified="2026-11-21T00:00:00Z"), record("A-1", withdrawn="2026-01-01T00:00:00Z"), NPM]


def error_of(path: Path) -> str:
    """Return what is printed of the database at *path*, which must be one line."""
    with pytest.raises(SubsetError) as caught:
        read(path)
    assert str(caught.value).isprintable()
    assert caught.value.next_step
    return str(caught.value)


def test_archive_and_directory(tmp_path: Path) -> None:
    """Both give the records about PyPI, sorted; the day is that of the newest record of all."""
    for path in (write_zip(tmp_path / "osv.zip", RECORDS), write_directory(tmp_path / "osv", RECORDS)):
        found = read(path)
        assert [one.id for one in found.records] == ["A-1", "X-2"]
        assert found.day == "2026-11-22"
        assert found.sha256 == identity(path)


def test_files_beside_the_records(tmp_path: Path) -> None:
    """Hidden files, a README and a licence are no records; the end of a name may have capitals."""
    root = write_directory(tmp_path / "osv", RECORDS)
    for name in (".git/objects/link.yaml", "README.md", "LICENSE", "X/.X-9.json.swp"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"text")
    (root / ".git" / "link").symlink_to("nowhere")
    (root / "B-1.JSON").write_text(json.dumps(record("B-1")), encoding="utf-8")
    assert [one.id for one in read(root).records] == ["A-1", "B-1", "X-2"]


def test_identity(tmp_path: Path) -> None:
    """It changes with each byte and each name of a record, and with nothing else."""
    root = write_directory(tmp_path / "osv", RECORDS)
    before = identity(root)
    (root / "README").touch()
    assert identity(root) == before
    (root / "X" / "X-2.json").rename(root / "X" / "X-2a.json")
    renamed = identity(root)
    (root / "X" / "X-2a.json").write_bytes(GOOD)
    assert len({before, renamed, identity(root)}) == 3


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("X-9.json", b"{}", "X-9.json is no OSV record: Object missing required field `id`"),
        ("X-9.json", GOOD[:-1], "X-9.json is no OSV record: Expecting ',' delimiter"),
        ("X-9.json", b"", "X-9.json is no OSV record"),
        ("PYSEC-1.yaml", b"id: PYSEC-1", "PYSEC-1.yaml is no OSV record in JSON"),
        ("osv.zip", b"", "osv.zip is no OSV record in JSON"),
        ("X-9", GOOD, "X-9 is no OSV record in JSON"),
        ("X\x1b[2J.json", b"", "X\\x1b[2J.json is no OSV record"),
    ],
)
def test_one_damaged_file(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    """One file that is no record makes the whole database unreadable, and the error names it."""
    root = write_directory(tmp_path / "osv", RECORDS)
    (root / name).write_bytes(data)
    archive = tmp_path / "osv.zip"
    archive.write_bytes(pack_parts([Part(name=b"X-1.json", data=GOOD), Part(name=name.encode(), data=data)]))
    for path in (root, archive):
        found = error_of(path)
        assert found.startswith(f"{path}: the database of advisories cannot be read: {message}")
        assert found.endswith("; take the database again, as a ZIP archive or a directory of OSV records in JSON")


def test_an_empty_archive_has_no_record(tmp_path: Path) -> None:
    """It is a ZIP archive, with nothing in it."""
    path = tmp_path / "osv.zip"
    path.write_bytes(pack_parts([]))
    assert "it has no record about PyPI" in error_of(path)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Part(name=b"../X-2.json", data=GOOD), "../X-2.json is no plain path"),
        (Part(name=b"./X-2.json", data=GOOD), "./X-2.json is no plain path"),
        (Part(name=b"a//X-2.json", data=GOOD), "a//X-2.json is no plain path"),
        (Part(name=b"/X-2.json", data=GOOD), "/X-2.json is no plain path"),
        (Part(name=b"a\\X-2.json", data=GOOD), "a\\X-2.json is no plain path"),
        (Part(name=b"X-1.json", data=GOOD), "a name occurs twice"),
        (Part(name=b"X-2.json", data=b"X-1.json", mode=0o120777), "is a link or another special file"),
        (Part(name=b"X-2.json", data=GOOD, both={"flags": 1}), "is encrypted"),
        (Part(name=b"X-2.json", data=GOOD, header={"size": 1}), "has other sizes in its own header"),
        (Part(name=b"X-2.json", data=GOOD, both={"crc": 1}), "holds other bytes than its size and its checksum say"),
        (Part(name=b"X-2.json", data=GOOD, before=b"X"), "there is something before"),
        (Part(name=b"X-2.json", data=b" " * (65 << 20)), "it claims to unpack to"),
        (Part(name=b"X-2.json", data=b" " * (bounds.LARGEST_RECORD + 1)), "more than"),
    ],
    ids=[
        "up",
        "dot",
        "empty",
        "root",
        "backslash",
        "twice",
        "link",
        "encrypted",
        "size",
        "checksum",
        "gap",
        "bomb",
        "large",
    ],
)
def test_a_hostile_archive(tmp_path: Path, part: Part, message: str) -> None:
    """What readers of ZIP read differently, leads elsewhere or is too large is refused."""
    path = tmp_path / "osv.zip"
    path.write_bytes(pack_parts([Part(name=b"X-1.json", data=GOOD), part]))
    assert message in error_of(path)


def test_no_archive(tmp_path: Path) -> None:
    """A file that is no archive, and one that was cut off, are refused."""
    path = write_zip(tmp_path / "osv.zip", RECORDS)
    path.write_bytes(path.read_bytes()[:-30])
    found = error_of(path)
    assert "it is no ZIP archive that all readers read alike: it does not end with the end record" in found
    assert "; unpack it and name the directory, or take the database again" in found
    path.write_bytes(GOOD)
    assert "it is no ZIP archive that all readers read alike" in error_of(path)


def test_nothing_about_pypi(tmp_path: Path) -> None:
    """A database without a record about PyPI is another one than the user means."""
    assert "it has no record about PyPI" in error_of(write_zip(tmp_path / "osv.zip", [NPM]))
    (tmp_path / "osv").mkdir()
    assert "it has no record about PyPI" in error_of(tmp_path / "osv")


def test_special_files(tmp_path: Path) -> None:
    """A link or a pipe in a directory is refused, whatever its name is."""
    root = write_directory(tmp_path / "osv", RECORDS)
    for make in (lambda path: path.symlink_to(root / "X" / "X-2.json"), os.mkfifo, lambda path: path.symlink_to(root)):
        make(root / "more")
        assert "more is a link or another special file" in error_of(root)
        (root / "more").unlink()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FolderError, match="not a regular file"):
        read(tmp_path / "pipe")
    with pytest.raises(FolderError, match="No such file"):
        read(tmp_path / "none")


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, their bytes and all bytes together are counted before they are read as JSON."""
    archive, root = write_zip(tmp_path / "osv.zip", RECORDS), write_directory(tmp_path / "osv", RECORDS)
    with monkeypatch.context() as patch:
        patch.setattr(bounds, "MOST_RECORDS", 2)
        assert "it has more than 2 files" in error_of(root)
    with monkeypatch.context() as patch:
        patch.setattr(bounds, "LARGEST_UNPACKED", 300)
        assert "it has more than 300 bytes" in error_of(root)
        assert "it unpacks to more than 300 bytes" in error_of(archive)
    with monkeypatch.context() as patch:
        patch.setattr(bounds, "LARGEST_RECORD", 100)
        assert "larger than 100 bytes" in error_of(root)
    with monkeypatch.context() as patch:
        patch.setattr(bounds, "LARGEST_DATABASE", 100)
        assert "larger than 100 bytes" in error_of(archive)
