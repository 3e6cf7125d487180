"""``promotions.json``: which manifest each channel got, from where, by whom, when and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from pypi_subset.model import documents
from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Name, Sha256
from pypi_subset.model.report import Digest, Time
from pypi_subset.publishing.release import Serial
from pypi_subset.snapshots.pool import SNAPSHOTS
from pypi_subset.snapshots.store import Title
from pypi_subset.support import files

if TYPE_CHECKING:
    from pathlib import Path

FILE = "promotions.json"
#: Characters of who and why.
WHO, WHY = 200, 2000


class Promotion(Struct, frozen=True, kw_only=True):
    """
    One promotion.

    :param channel: where it went.
    :param to: the destination of the channel.
    :param from: the channel or the snapshot that was named.
    :param snapshot: the name of the snapshot.
    :param manifest: SHA-256 of its manifest.
    :param previous: SHA-256 of the manifest that the channel had, empty if it had none.
    :param serial: the number of the publication there.
    :param how: ``renamed`` if an earlier state was put back by a rename, ``published`` if its files were copied.
    :param by: who promoted it.
    :param when: the time (UTC).
    :param why: the reason.
    """

    channel: Name
    to: str
    source: str = msgspec.field(name="from")
    snapshot: Title
    manifest: Sha256
    previous: Digest
    serial: Serial
    how: Literal["published", "renamed"]
    by: Annotated[str, Meta(min_length=1, max_length=WHO)]
    when: Time
    why: Annotated[str, Meta(max_length=WHY)]


class PromoteAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``promote``.

    :param schema: version of this form, major.minor.
    :param promotion: the entry of the record.
    :param is_new: whether this run added it; else the channel had that snapshot before.
    """

    name: ClassVar[str] = "the result of promote"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    promotion: Promotion
    is_new: bool


class Promotions(Document, frozen=True, kw_only=True):
    """
    Every promotion of this packages directory.

    :param schema: version of this form, major.minor.
    :param promotions: the last one last.
    """

    name: ClassVar[str] = "the record of promotions"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    promotions: tuple[Promotion, ...] = ()

    def of(self, channel: str) -> tuple[Promotion, ...]:
        """Return the promotions to *channel*, the last one last."""
        return tuple(one for one in self.promotions if one.channel == channel)


def read(packages: Path) -> Promotions:
    """
    Return the record, an empty one if there is none.

    :raises SubsetError: it is damaged.
    """
    path = packages / SNAPSHOTS / FILE
    if not path.is_file():
        return Promotions()
    return documents.read(path, Promotions, next_step="put it back from a backup of packages/, or move it away")


def append(packages: Path, promotion: Promotion) -> None:
    """Write the record with *promotion* at its end."""
    before, path = read(packages), packages / SNAPSHOTS / FILE
    with files.folder_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, documents.encode(Promotions(promotions=(*before.promotions, promotion))))
