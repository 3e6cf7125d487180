"""Which site a bundle starts from: the last one, one by its hash, one that a receipt names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle import ledger
from pypi_subset.bundle.bases import start_of
from pypi_subset.bundle.ledger import SENT, Ledger, Sent
from pypi_subset.errors import SubsetError
from pypi_subset.model.documents import encode
from pypi_subset.model.manifest import Manifest
from pypi_subset.support.fingerprint import digest_of
from pypi_subset.targets import tag
from tests.support.gap.odd import VALUES, changed, renamed
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.bundle.bases import Start

NEW = "f" * 64


def manifest(label: str) -> bytes:
    """Return a manifest that names one page."""
    return encode(Manifest(schema="1.8", targets=(), sets=(), files=(), pages={"index.html": digest_of(label)}))


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Return a packages directory whose ledger has two sites."""
    found = Ledger()
    for number, label in enumerate("ab", 1):
        found = ledger.with_sent(found, sent(label, number))
        ledger.keep(tmp_path, found, manifest(label))
    return tmp_path


def sent(label: str, serial: int) -> Sent:
    """Return a site as the ledger has it."""
    return Sent(manifest=sha256(label), serial=serial, created="2026-01-01T00:00:00Z", beside={"README.md": "0" * 64})


def sha256(label: str) -> str:
    """Return the hash of the manifest with *label*."""
    return ledger.base_from(manifest(label), Manifest(schema="1.8", targets=(), sets=(), files=(), pages={})).sha256


def start(since: str, packages: Path, own: str = NEW) -> Start:
    """Return what a bundle starts from."""
    return start_of(since, packages, ledger.read(packages), own)


def bases(found: Start) -> tuple[str | None, str | None]:
    """Return the hash of the base and of what the review compares with."""
    return (found.base.sha256 if found.base else None, found.before.sha256 if found.before else None)


def receipt(path: Path, label: str, serial: int = 5, **more: object) -> str:
    """Return the path of a receipt, written as the importer writes it."""
    document = {"schema": "1.0", "kind": "pypi-subset receipt", "serial": serial, "manifest": sha256(label), **more}
    path.write_text(json.dumps(document))
    return str(path)


def test_a_full_bundle_is_compared_with_the_last_one(packages: Path) -> None:
    """It starts from nothing; the review names what differs from the site before."""
    assert bases(start("", packages)) == (None, sha256("b"))
    assert not start("", packages).note


@pytest.mark.parametrize("since", ["last", "LAST", " last "])
def test_the_last_site(packages: Path, since: str) -> None:
    """The site of the last bundle is the base, with all that its manifest does not name."""
    found = start(since, packages)
    assert bases(found) == (sha256("b"), sha256("b"))
    assert found.base
    assert found.base.beside == {"README.md": "0" * 64}


def test_the_same_site_again(packages: Path) -> None:
    """A bundle of the site that was sent last starts from the one before it: a medium may be lost."""
    assert bases(start("last", packages, sha256("b"))) == (sha256("a"), sha256("a"))
    assert bases(start("", packages, sha256("b"))) == (None, sha256("a"))


def test_a_site_by_its_hash(packages: Path) -> None:
    """The SHA-256 of a manifest, or the first twelve digits or more of it."""
    for since in (sha256("a"), sha256("a")[:12]):
        assert bases(start(since, packages)) == (sha256("a"), sha256("a"))


def test_a_hash_that_no_bundle_carried(packages: Path) -> None:
    """It is an error, and no full bundle: it may be a slip."""
    with pytest.raises(SubsetError, match="no bundle carried a site whose manifest has the SHA-256 0000") as caught:
        start("0" * 64, packages)
    assert sha256("b")[:12] in caught.value.next_step


@pytest.mark.parametrize("since", ["last", "0" * 64])
def test_no_ledger(tmp_path: Path, since: str) -> None:
    """Nothing was sent, or the ledger is lost: a full bundle, and a line that says why."""
    found = start(since, tmp_path)
    assert bases(found) == (None, None)
    assert "does not have the site that this bundle was to start from (no bundle was sent)" in found.note


def test_a_lost_manifest(packages: Path) -> None:
    """The ledger knows the site and has lost its manifest: a full bundle, and a line that says why."""
    (packages / SENT / f"{sha256('b')}.json.gz").unlink()
    found = start("last", packages)
    assert bases(found) == (None, None)
    assert f"the manifest {sha256('b')[:12]}… is lost" in found.note


def test_a_receipt(packages: Path) -> None:
    """What the importer says is live is the base; what it has seen is the lowest number for the next release."""
    found = start(receipt(packages / "receipt.json", "a", imported="2026-01-01T00:00:00Z"), packages)
    assert (bases(found), found.serial) == ((sha256("a"), sha256("a")), 5)


def test_a_receipt_and_no_ledger(packages: Path) -> None:
    """A full bundle, numbered after what the receipt names."""
    found = start(receipt(packages / "receipt.json", "c"), packages)
    assert (bases(found), found.serial) == ((None, None), 5)
    assert f"no bundle carried {sha256('c')[:12]}…, which the receipt names" in found.note


@pytest.mark.parametrize("text", ["{", "{}", '{"schema": "1.0"}', "[]", " " * 70_000])
def test_files_that_are_no_receipt(packages: Path, text: str) -> None:
    """Each error names the file and what is taken."""
    path = packages / "receipt.json"
    path.write_text(text)
    with pytest.raises(SubsetError, match="receipt") as caught:
        start(str(path), packages)
    assert "name `last`, `arrived`, the SHA-256 of a manifest" in caught.value.next_step


@pytest.mark.parametrize("value", VALUES)
def test_odd_receipts(packages: Path, value: str) -> None:
    """A receipt with an odd value anywhere is read, or is refused with one line."""
    receipt = {"schema": "1.0", "kind": "pypi-subset receipt", "serial": 2, "manifest": sha256("a"), "imported": ""}
    path = packages / "receipt.json"
    for where, data in [*changed(receipt, value), *(renamed(receipt, value) if value.startswith('"') else ())]:
        path.write_bytes(data)
        refused = None
        try:
            start(str(path), packages)
        except SubsetError as error:
            refused = str(error)
        assert "\n" not in (refused or ""), where


def test_neither_a_file_nor_a_hash(packages: Path) -> None:
    """A slip is named as it was written."""
    with pytest.raises(SubsetError, match="'newest' is neither a file nor the beginning of a SHA-256"):
        start("newest", packages)
    for word in ("a" * 5000, "a\0b"):
        with pytest.raises(SubsetError, match="is neither a file nor"):
            start(word, packages)


def test_a_copy_of_a_manifest(packages: Path, tmp_path: Path) -> None:
    """A manifest that was copied over there is a base as well, also if the ledger does not know it."""
    target = tag.parse("linux", "cp312-manylinux_2_28_x86_64")
    wheel = make_wheel("aa")
    site = SubsetOnDisk(tmp_path / "s", targets=[target], lines=["aa"], pins={"linux": [wheel]}).write().paths.site
    found = start(str(site / "manifest.json"), packages)
    assert found.base
    assert found.base.data == (site / "manifest.json").read_bytes()
    assert found.base.beside == {}
