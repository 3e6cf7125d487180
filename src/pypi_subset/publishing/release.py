"""``release.json`` of a published site: which manifest is published there, and the number of the publication."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from pypi_subset.errors import SubsetError
from pypi_subset.model import documents
from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Sha256
from pypi_subset.model.paths import RELEASE
from pypi_subset.model.report import Digest, Time
from pypi_subset.support import files

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes of the document; it has about 300.
MAX_BYTES = 1 << 14

#: The highest number of a publication: readers of JSON hold no larger whole number exactly.
LAST = 1 << 53
#: The number of a publication.
Serial: TypeAlias = Annotated[int, Meta(ge=1, le=LAST)]


class SiteRelease(Document, frozen=True, kw_only=True):
    """
    One publication of a site of pypi-subset at one destination.

    :param schema: version of this form, major.minor.
    :param serial: 1 for the first publication at the destination, and 1 more for each other manifest.
    :param manifest_sha256: SHA-256 of the published manifest.
    :param published: when it was published first (UTC).
    :param previous: SHA-256 of the release.json before, empty for the first.
    """

    name: ClassVar[str] = "the release"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    serial: Serial
    manifest_sha256: Sha256
    published: Time
    previous: Digest = ""


def decode(data: bytes, *, path: Path, next_step: str) -> SiteRelease:
    """
    Return the release in *data*, which was read from *path*.

    :param next_step: what the user does about a damaged one.
    :raises SubsetError: it is damaged, too long, or a later major version wrote it.
    """
    if len(data) > MAX_BYTES:
        msg = f"{SiteRelease.name} has more than {MAX_BYTES} bytes"
        raise SubsetError(msg, path=path, next_step=next_step)
    return documents.decode(data, SiteRelease, path=path, next_step=next_step)


def release_path(site: Path) -> Path:
    """Return the path of the release of a site; only a fetched site and a published one have it."""
    return site / RELEASE


def read_release(site: Path) -> SiteRelease | None:
    """
    Return the release of *site*, ``None`` if there is none.

    :raises SubsetError: as `decode`.
    :raises FolderError: it cannot be read.
    """
    path = release_path(site)
    if not os.path.lexists(path):
        return None
    with files.folder_errors(path):
        data = files.read_input(path, MAX_BYTES)
    return decode(data, path=path, next_step=f"remove {path}: it only says which publication was fetched last")


def following(last: SiteRelease | None, data: bytes, manifest_sha256: str, now: str) -> bytes:
    """
    Return the bytes of the release that comes after *last*; those of *last* if it is about the same manifest.

    :param data: the bytes that *last* was read from.
    :raises SubsetError: no number comes after that of *last*.
    :param now: the time, RFC 3339 with microseconds, in UTC.
    """
    if last is not None and last.manifest_sha256 == manifest_sha256:
        return data
    if last is not None and last.serial >= LAST:
        msg = f"{RELEASE} there has the number {last.serial}, after which there is none"
        raise SubsetError(msg, next_step=f"remove {RELEASE} there, and tell those who fetch to remove theirs")
    return documents.encode(
        SiteRelease(
            schema=SiteRelease.version,
            serial=last.serial + 1 if last else 1,
            manifest_sha256=manifest_sha256,
            published=now,
            previous=hashlib.sha256(data).hexdigest() if last else "",
        )
    )
