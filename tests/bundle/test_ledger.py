"""The ledger: what was sent is known again, and what is lost is said."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from pypi_subset.bundle import ledger
from pypi_subset.bundle.ledger import FILE, SENT, Ledger, Sent
from pypi_subset.bundle.review.changes import changes_of, gone_targets
from pypi_subset.bundle.review.others import other_rows
from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.model.documents import encode
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import Manifest, OtherFileEntry, manifest_path
from pypi_subset.publishing.release import SiteRelease
from pypi_subset.targets import tag
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.bundle.ledger import Base
    from tests.support.wheels import Wheel

LINUX = tag.parse("linux", "cp312-manylinux_2_28_x86_64")
WINDOWS = tag.parse("windows", "cp312-win_amd64")
AA, BB, NEW, GONE = make_wheel("aa"), make_wheel("bb"), make_wheel("bb", "2.0"), make_wheel("gone")


def manifest(label: str) -> bytes:
    """Return a manifest that names one page."""
    page = hashlib.sha256(label.encode()).hexdigest()
    return encode(Manifest(schema="1.8", targets=(), sets=(), files=(), pages={"index.html": page}))


def sent(label: str, serial: int = 1) -> Sent:
    """Return a site whose manifest has *label*."""
    digest = hashlib.sha256(manifest(label)).hexdigest()
    return Sent(manifest=digest, serial=serial, created="2026-01-01T00:00:00Z", beside={"README.md": "0" * 64})


def kept(packages: Path, *labels: str) -> Ledger:
    """Return the ledger of *packages*, in which these sites were sent."""
    found = Ledger()
    for number, label in enumerate(labels, 1):
        found = ledger.with_sent(found, sent(label, number))
        ledger.keep(packages, found, manifest(label))
    return found


def base(packages: Path, label: str) -> Base | None:
    """Return what the ledger has of a site."""
    return ledger.base_of(packages, sent(label))


def test_what_was_sent_is_known_again(tmp_path: Path) -> None:
    """Each site with its manifest, the last one last; a site that is sent again is there once."""
    kept(tmp_path, "a", "b", "a")
    found = ledger.read(tmp_path)
    assert [one.manifest for one in found.sent] == [sent("b").manifest, sent("a").manifest]
    assert found.last_but(sent("a").manifest) == sent("b", 2)
    assert found.last_but("0" * 64) == sent("a", 3)
    assert found.of(sent("b").manifest) == sent("b", 2)
    assert found.of("0" * 64) is None
    known = base(tmp_path, "b")
    assert known
    assert known.data == manifest("b")
    assert known.hashes == {**known.manifest.pages, "README.md": "0" * 64}


def test_nothing_was_sent(tmp_path: Path) -> None:
    """Without a ledger, nothing was sent, and no release has a number."""
    found = ledger.read(tmp_path / "packages")
    assert (found.sent, ledger.last_release(found), found.last_but("0" * 64)) == ((), None, None)


def test_the_oldest_sites_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more sites than a fixed number, and no manifest of another one."""
    monkeypatch.setattr(ledger, "_KEPT", 2)
    found = kept(tmp_path, "a", "b", "c")
    assert [one.serial for one in found.sent] == [2, 3]
    names = {path.name for path in (tmp_path / SENT).iterdir()}
    assert names == {FILE, *(f"{sent(label).manifest}.json.gz" for label in "bc")}


@pytest.mark.parametrize(
    "data", [b"", b"no archive", gzip.compress(b"another manifest", mtime=0), gzip.compress(b"x" * (1 << 20))]
)
def test_a_lost_manifest_is_no_base(tmp_path: Path, data: bytes) -> None:
    """A manifest that is gone, damaged or another one is no base; nothing more than a manifest may have is unpacked."""
    kept(tmp_path, "a")
    path = tmp_path / SENT / f"{sent('a').manifest}.json.gz"
    path.write_bytes(data)
    assert base(tmp_path, "a") is None
    path.unlink()
    assert base(tmp_path, "a") is None


def test_the_manifest_of_another_site_is_no_base(tmp_path: Path) -> None:
    """What is kept under a hash has that hash: the importer would refuse a difference from other bytes."""
    kept(tmp_path, "a")
    (tmp_path / SENT / f"{sent('a').manifest}.json.gz").write_bytes(gzip.compress(manifest("b")))
    assert base(tmp_path, "a") is None


def test_a_manifest_of_an_older_version_is_a_base(tmp_path: Path) -> None:
    """What an earlier version of this tool sent is read as its version has it."""
    data = manifest("a").replace(b'"schema": "1.8"', b'"schema": "1.2"')
    one = Sent(manifest=hashlib.sha256(data).hexdigest(), serial=1, created="2026-01-01T00:00:00Z", beside={})
    ledger.keep(tmp_path, ledger.with_sent(Ledger(), one), data)
    found = ledger.base_of(tmp_path, one)
    assert found
    assert (found.data, {*found.manifest.pages}) == (data, {"index.html"})


def test_a_manifest_of_a_later_version_is_no_base(tmp_path: Path) -> None:
    """Its fields may have another meaning."""
    data = manifest("a").replace(b'"schema": "1.8"', b'"schema": "2.0"')
    one = Sent(manifest=hashlib.sha256(data).hexdigest(), serial=1, created="2026-01-01T00:00:00Z", beside={})
    ledger.keep(tmp_path, ledger.with_sent(Ledger(), one), data)
    assert ledger.base_of(tmp_path, one) is None


@pytest.mark.parametrize(
    "text", ["{", '{"schema": "1.0", "sent": 5}', '{"schema": "2.0"}', '{"schema": "1.0", "release": "{"}']
)
def test_a_damaged_ledger_is_an_error(tmp_path: Path, text: str) -> None:
    """It is never taken for an empty one: the serial would begin at 1, and the disconnected side would refuse it."""
    (tmp_path / SENT).mkdir()
    (tmp_path / SENT / FILE).write_text(text)
    with pytest.raises(SubsetError, match=r"damaged|has schema"):
        ledger.read(tmp_path)


def test_the_last_release_is_known(tmp_path: Path) -> None:
    """The release that was numbered last stays, byte for byte: the next one names its hash."""
    data = encode(
        SiteRelease(schema="1.0", serial=7, manifest_sha256="0" * 64, published="2026-01-01T00:00:00.000000Z")
    )
    ledger.keep(tmp_path, ledger.with_release(Ledger(), data))
    found = ledger.read(tmp_path)
    last = ledger.last_release(found)
    assert (found.release.encode(), last and last.serial) == (data, 7)


def test_equal_sites_make_equal_files(tmp_path: Path) -> None:
    """No time is in a manifest that is kept."""
    for name in ("one", "two"):
        kept(tmp_path / name, "a")
    (one, two) = (tmp_path / name / SENT / f"{sent('a').manifest}.json.gz" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert json.loads((tmp_path / "one" / SENT / FILE).read_bytes())["schema"] == "1.0"


def test_a_directory_in_the_ledger(tmp_path: Path) -> None:
    """What is no file of the ledger is not removed with all that is below it."""
    (tmp_path / SENT / "mine").mkdir(parents=True)
    with pytest.raises(FolderError, match="holds no directory"):
        ledger.keep(tmp_path, Ledger())
    assert (tmp_path / SENT / "mine").is_dir()


def site(root: Path, pins: dict[str, list[Wheel]], other: str) -> Path:
    """Return a site with *pins*, whose manifest names another file with the text *other*."""
    targets = [one for one in (LINUX, WINDOWS) if one.name in pins]
    made = SubsetOnDisk(root, targets=targets, lines=["aa"], pins=pins).write().paths.site
    digest = hashlib.sha256(other.encode()).hexdigest()
    entry = OtherFileEntry(path="files/model", size=len(other), sha256=digest)
    known = read_manifest(made)
    pages = {**known.pages, entry.path: digest}
    manifest_path(made).write_bytes(encode(msgspec.structs.replace(known, pages=pages, other_files=(entry,))))
    return made


def test_an_earlier_manifest_compares_as_the_whole_one(tmp_path: Path) -> None:
    """The same hashes, and the same rows of a review: a file that came, changed or went, a target that went."""
    data = manifest_path(site(tmp_path / "old", {"linux": [AA, BB, GONE], "windows": [AA]}, "old")).read_bytes()
    whole, short = ledger.manifest_in(data), msgspec.json.decode(data, type=ledger.Earlier)
    place = site(tmp_path / "new", {"linux": [AA, NEW]}, "new")
    new = ledger.manifest_in(manifest_path(place).read_bytes())
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert short.hashes == whole.hashes
    assert changes_of(new, short, place, (), moment) == changes_of(new, whole, place, (), moment)
    (changes,) = changes_of(new, short, place, (), moment)
    assert [row.before for row in changes.changed] == ["1.0"]
    assert changes.removed == (("gone", "1.0"),)
    assert gone_targets(new, short) == gone_targets(new, whole) == ("windows",)
    assert other_rows(new, short) == other_rows(new, whole)
    assert [row.change for row in other_rows(new, short)] == ["changed"]


def test_what_went_has_its_address() -> None:
    """Another file of the old site alone is shown with its size and where it is from."""
    page = {"path": "files/model", "size": 3, "sha256": "0" * 64, "url": "https://models.example/model"}
    data = encode({"schema": "1.8", "targets": [], "files": [], "pages": {}, "other_files": [page]})
    new = ledger.manifest_in(encode({"schema": "1.8", "targets": [], "sets": [], "files": [], "pages": {}}))
    (row,) = other_rows(new, msgspec.json.decode(data, type=ledger.Earlier))
    assert (row.change, row.size, row.url) == ("removed", 3, "https://models.example/model")
