"""Which site a bundle starts from: what ``SINCE`` names, and what the ledger knows of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pypi_subset.bundle import ledger as ledgers
from pypi_subset.bundle.document import MOMENT
from pypi_subset.errors import SubsetError
from pypi_subset.model import documents, door
from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Sha256, is_manifest
from pypi_subset.publishing.release import Serial
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from pypi_subset.bundle.ledger import Base, Ledger

#: The words for the site that the last bundle carried, and for the one that the last receipt names.
LAST, ARRIVED = "last", "arrived"
_STEP = f"name `{LAST}`, `{ARRIVED}`, the SHA-256 of a manifest that a bundle carried, or the file of a receipt"
#: Digits of a hash that are enough to name it.
_FEW = 12
_HASH = re.compile(rf"[0-9a-f]{{{_FEW},64}}")
#: Bytes of a receipt; it has about 300.
_RECEIPT = 1 << 16

#: A time in UTC. The importer states none for a release whose record was lost.
_IMPORTED = r"^([0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z)?$(?!\n)"


class Receipt(Document, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What the importer says of the site that is live on the disconnected side.

    :param schema: version of this form, major.minor.
    :param kind: by this text, a receipt differs from other files.
    :param serial: the highest number of a release that the disconnected side has seen.
    :param manifest: SHA-256 of the manifest of the live site.
    :param imported: when it was imported, by the clock there; empty if its record was lost.
    :raises ValueError: no calendar has that time.
    """

    name: ClassVar[str] = "the receipt"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    kind: Literal["pypi-subset receipt"]
    serial: Serial
    manifest: Sha256
    imported: Annotated[str, Meta(pattern=_IMPORTED)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.imported:
            datetime.strptime(self.imported, MOMENT).replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """
    What a bundle starts from.

    :param base: the site that the disconnected side must have, ``None`` for a full bundle.
    :param before: the site that the review compares with, ``None`` for the first bundle.
    :param note: why the bundle is a full one though another was asked for, ``""`` if it is not.
    :param serial: the highest number that the disconnected side is known to have seen, 0 without a receipt.
    """

    base: Base | None
    before: Base | None
    note: str = ""
    serial: int = 0


def start_of(since: str, packages: Path, ledger: Ledger, manifest: str) -> Start:
    """
    Return what the bundle of the site with the SHA-256 *manifest* starts from.

    :param since: empty for a full bundle; ``last``, ``arrived``, the SHA-256 of a manifest, a receipt, or a copy of a manifest.
    :raises SubsetError: *since* names nothing that can be read.
    """
    if since.strip().lower() == LAST:
        # The same site again has the same bundle: a medium may be lost.
        one = ledger.last_but(manifest)
        return _from(packages, one) if one else _full("no bundle was sent")
    if since.strip().lower() == ARRIVED:
        arrived = ledger.arrived
        if arrived is None:
            msg = "no receipt was taken yet"
            raise SubsetError(msg, next_step="take one with `pypi-subset add --request receipt.json`, or name its file")
        known = ledger.of(arrived.manifest)
        return _from(packages, known) if known else _full(f"the manifest {arrived.manifest[:_FEW]}… is lost")
    before = ledgers.base_of(packages, last) if (last := ledger.last_but(manifest)) else None
    if not since:
        return Start(base=None, before=before)
    if _HASH.fullmatch(since):
        return _by_hash(since, packages, ledger)
    return _by_file(Path(since), packages, ledger)


def _full(why: str, serial: int = 0) -> Start:
    note = (
        f"packages/{ledgers.SENT}/ does not have the site that this bundle was to start from ({why}): it is a full one"
    )
    return Start(base=None, before=None, note=note, serial=serial)


def _from(packages: Path, one: ledgers.Sent, serial: int = 0) -> Start:
    base = ledgers.base_of(packages, one)
    return (
        Start(base=base, before=base, serial=serial) if base else _full(f"the manifest {one.manifest[:_FEW]}… is lost")
    )


def _by_hash(since: str, packages: Path, ledger: Ledger) -> Start:
    """Return the site whose manifest has a hash that begins with *since*."""
    found = [one for one in ledger.sent if one.manifest.startswith(since)]
    if len(found) == 1:
        return _from(packages, found[0])
    if not ledger.sent:
        return _full("no bundle was sent")
    known = ", ".join(one.manifest[:_FEW] for one in ledger.sent[-3:])
    msg = f"no bundle carried a site whose manifest has the SHA-256 {since}"
    raise SubsetError(msg, next_step=f"{_STEP}; the last ones begin with {known}")


def _by_file(path: Path, packages: Path, ledger: Ledger) -> Start:
    """Return the site that a receipt names, or whose manifest this is a copy of."""
    if not os.path.exists(path):  # noqa: PTH110 - of a name that no system can have, too
        msg = f"{str(path)!r} is neither a file nor the beginning of a SHA-256"
        raise SubsetError(msg, next_step=_STEP)
    data = documents.read_named(path, bounds.LARGEST_DOCUMENT)
    if is_manifest(data):
        base = ledgers.base_from(data, door.decode(data, path=path, next_step=_STEP))
        known = ledger.of(base.sha256)
        base = (known and ledgers.base_of(packages, known)) or base
        return Start(base=base, before=base)
    receipt = receipt_in(data, path, f"make it again: `import_bundle.py --receipt`; or {_STEP}")
    one = ledger.of(receipt.manifest)
    if one is None:
        return _full(f"no bundle carried {receipt.manifest[:_FEW]}…, which the receipt names", receipt.serial)
    return _from(packages, one, receipt.serial)


def receipt_in(data: bytes, path: Path, next_step: str) -> Receipt:
    """
    Return the receipt in *data*, which was read from *path*.

    :raises SubsetError: it is none; *next_step* is what the user does then.
    """
    if len(data) > _RECEIPT:
        msg = "this is no receipt of import_bundle.py"
        raise SubsetError(msg, path=path, next_step=next_step)
    return documents.decode(data, Receipt, path=path, next_step=next_step)
