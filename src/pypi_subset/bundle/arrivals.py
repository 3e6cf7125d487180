"""Receipts of the importer: which site has arrived on the disconnected side. The ledger of bundles keeps the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import UNSET

from pypi_subset.bundle import ledger as ledgers
from pypi_subset.bundle.bases import receipt_in
from pypi_subset.errors import SubsetError
from pypi_subset.model import documents
from pypi_subset.model.documents import Document
from pypi_subset.model.door import read_manifest
from pypi_subset.model.paths import MANIFEST
from pypi_subset.support.machine import holding

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.paths import Paths

#: Bytes of a document of which the kind is read.
_FEW_BYTES = 1 << 16
_KIND = "pypi-subset receipt"


class Arrival(Document, frozen=True, kw_only=True):
    """
    What a receipt says, and what the site has beside that.

    :param schema: version of this form, major.minor.
    :param serial: number of the release that is live on the disconnected side.
    :param manifest: SHA-256 of its manifest.
    :param imported: when it was imported, by the clock there; empty if the receipt does not say.
    :param new_files: distributions of the site that did not arrive.
    :param new_bytes: their size.
    :param gone_files: distributions that arrived, and that the site does not have any more.
    :param recorded: whether the ledger of bundles has this receipt as its last one.
    """

    name: ClassVar[str] = "the result of plan and add with a receipt"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    serial: int
    manifest: str
    imported: str
    new_files: int
    new_bytes: int
    gone_files: int
    recorded: bool


def is_receipt(path: Path) -> bool:
    """
    Return whether the file at *path* says that it is a receipt.

    :raises FolderError: it cannot be read.
    """
    data = documents.read_named(path)
    try:
        found = documents.parse(data, dict) if len(data) <= _FEW_BYTES else {}
    except ValueError:
        return False
    return found.get("kind") == _KIND


def take_receipt(paths: Paths, file: Path, *, dry: bool = False) -> Arrival:
    """
    Return what the receipt in *file* says, after writing it to the ledger of bundles.

    :param dry: write nothing.
    :raises SubsetError: it is no receipt, or no bundle of this packages directory carried the site that it names.
    """
    data = documents.read_named(file)
    receipt = receipt_in(data, file, "make it again: `import_bundle.py --receipt`")
    with holding.exclusive(paths.packages):
        ledger = ledgers.read(paths.packages)
        sent = ledger.of(receipt.manifest)
        if sent is None:
            msg = f"no bundle carried the site that the receipt names, {receipt.manifest[:12]}…"
            step = "compare it with `import_bundle.py --hash` there; a bundle without `--since` is a full one"
            raise SubsetError(msg, path=file, next_step=step)
        # The same site may have been carried again later, under a higher number.
        if receipt.serial > sent.serial:
            msg = f"the receipt states the number {receipt.serial:,}, and the bundle of that site had {sent.serial:,}"
            raise SubsetError(msg, path=file, next_step="compare it with `import_bundle.py --list` there")
        imported = "" if receipt.imported is UNSET else receipt.imported
        arrived = ledgers.Arrived(manifest=receipt.manifest, serial=receipt.serial, imported=imported)
        if not dry and ledger.arrived != arrived:
            ledgers.keep(paths.packages, ledgers.with_arrived(ledger, arrived))
        base = ledgers.base_of(paths.packages, sent)
    before = {one.filename: one.size for one in base.manifest.files} if base else {}
    has_site = (paths.site / MANIFEST).is_file()
    after = {one.filename: one.size for one in read_manifest(paths.site).files} if has_site else {}
    new = after.keys() - before.keys()
    return Arrival(
        serial=receipt.serial,
        manifest=receipt.manifest,
        imported=imported,
        new_files=len(new),
        new_bytes=sum(after[one] for one in new),
        gone_files=len(before.keys() - after.keys()),
        recorded=not dry or ledger.arrived == arrived,
    )
