"""
``packages/.sent/``: which sites bundles have carried, with the manifest of each, and the release that was numbered last.

The gap is one destination, and this is what the connected side knows of it.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pypi_subset.bundle.document import Moment
from pypi_subset.errors import FolderError
from pypi_subset.model import documents
from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Manifest, Sha256
from pypi_subset.model.paths import METADATA
from pypi_subset.publishing import release
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypi_subset.publishing.release import SiteRelease

#: The directory, and the document in it.
SENT, FILE = ".sent", "sent.json"
#: Sites that are remembered; the oldest ones are forgotten.
_KEPT = 200
#: Fast: a manifest of 10 MB takes 0.1 s, and a tenth of its size.
_LEVEL = 1
_STEP = "remove that directory: the next bundle is a full one then, or begins at a receipt with `--since FILE`"


class Sent(Struct, frozen=True, kw_only=True):
    """
    A site that a bundle carried.

    :param manifest: SHA-256 of its manifest.
    :param serial: number of its release.
    :param created: as in ``bundle.json``.
    :param beside: path → SHA-256, of each file that the manifest does not name.
    """

    manifest: Sha256
    serial: release.Serial
    created: Moment
    beside: dict[str, Sha256]


class Arrived(Struct, frozen=True, kw_only=True):
    """
    The site that the last receipt names: it was live on the disconnected side.

    :param manifest: SHA-256 of its manifest.
    :param serial: number of its release.
    :param imported: when it was imported, by the clock there; empty if the receipt does not say.
    """

    manifest: Sha256
    serial: release.Serial
    imported: str = ""


class Ledger(Document, frozen=True, kw_only=True):
    """
    What bundles of this packages directory have carried, and what has arrived.

    :param schema: version of this form, major.minor.
    :param release: the release.json that was numbered last, as text; empty without one.
    :param sent: sites, the last one last; each is there once.
    :param arrived: what the last receipt says; null without one.
    """

    name: ClassVar[str] = "the ledger of bundles"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    release: Annotated[str, Meta(max_length=release.MAX_BYTES)] = ""
    sent: tuple[Sent, ...] = ()
    arrived: Arrived | None = None

    def last_but(self, manifest: str) -> Sent | None:
        """Return the last site with another manifest than *manifest*, ``None`` without one."""
        return next((one for one in reversed(self.sent) if one.manifest != manifest), None)

    def of(self, manifest: str) -> Sent | None:
        """Return the site with the SHA-256 *manifest*, ``None`` if no bundle carried it."""
        return next((one for one in self.sent if one.manifest == manifest), None)


class EarlierNeed(Struct, frozen=True, kw_only=True, gc=False):
    """A target that needs a file."""

    target: str


class EarlierFile(Struct, frozen=True, kw_only=True, gc=False):
    """One distribution; the fields are those of `manifest.File`."""

    filename: str
    path: str
    project: str
    version: str
    size: int
    sha256: str
    metadata: str | None
    needed_by: tuple[EarlierNeed, ...]


class EarlierOtherFile(Struct, frozen=True, kw_only=True, gc=False):
    """One file that no installer reads; the fields are those of `manifest.OtherFileEntry`."""

    path: str
    size: int
    sha256: str
    url: str | UnsetType = UNSET


class EarlierTarget(Struct, frozen=True, kw_only=True, gc=False):
    """One target."""

    name: str


#: Versions of a manifest whose fields have the meaning that they have here: a ledger may be of a later pypi-subset.
_SAME_MAJOR = rf"^{Manifest.version.partition('.')[0]}\.[0-9]+$(?!\n)"


class Earlier(Struct, frozen=True, kw_only=True):
    """
    The manifest of an earlier site, as far as it is compared with a new one; the fields are those of `Manifest`.

    The bytes are those that this tool wrote or has checked: their hash is known. So no value but the version is held
    against its pattern again, and the rest is passed over. That takes a fifth of the time of a `Manifest`.
    """

    schema: Annotated[str, Meta(pattern=_SAME_MAJOR)]
    targets: tuple[EarlierTarget, ...]
    files: tuple[EarlierFile, ...]
    pages: dict[str, str]
    other_files: tuple[EarlierOtherFile, ...] | UnsetType = UNSET

    @property
    def hashes(self) -> dict[str, str]:
        """Path below the site → SHA-256, of every file that the manifest names."""
        metadata = {one.path + METADATA: one.metadata for one in self.files if one.metadata is not None}
        return {one.path: one.sha256 for one in self.files} | metadata | self.pages


#: The manifest of a site that a bundle starts from; a copy that the user names has passed the door.
Known: TypeAlias = Manifest | Earlier


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """
    A site that the disconnected side may have.

    :param sha256: SHA-256 of its manifest.
    :param data: the bytes of its manifest.
    :param beside: path → SHA-256 of the files that its manifest does not name, if they are known.
    """

    sha256: str
    data: bytes
    manifest: Known
    beside: Mapping[str, str]

    @property
    def hashes(self) -> dict[str, str]:
        """Path below the site → SHA-256, of all of its files but the manifest."""
        return {**self.manifest.hashes, **self.beside}


def read(packages: Path) -> Ledger:
    """
    Return what bundles have carried, nothing if there is no ledger.

    :raises SubsetError: it is damaged.
    """
    path = packages / SENT / FILE
    if not path.is_file():
        return Ledger()
    found = documents.read(path, Ledger, next_step=_STEP)
    last_release(found, path)
    return found


def last_release(ledger: Ledger, path: Path = Path(FILE)) -> SiteRelease | None:
    """
    Return the release that was numbered last, ``None`` without one.

    :raises SubsetError: it is damaged.
    """
    if not ledger.release:
        return None
    return release.decode(ledger.release.encode(), path=path, next_step=_STEP)


def base_of(packages: Path, one: Sent) -> Base | None:
    """Return the site *one* with its manifest, ``None`` if the ledger has lost that or it was damaged."""
    path = packages / SENT / _name_of(one.manifest)
    try:
        # As much as a manifest may have: the file may be of another program.
        data = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(path.read_bytes(), bounds.LARGEST_DOCUMENT)
        if hashlib.sha256(data).hexdigest() != one.manifest:
            return None
        return Base(sha256=one.manifest, data=data, manifest=msgspec.json.decode(data, type=Earlier), beside=one.beside)
    except (OSError, zlib.error, ValueError):
        return None


def base_from(data: bytes, manifest: Known) -> Base:
    """Return the site with *manifest*, which was read from *data*; what that does not name is not known."""
    return Base(sha256=hashlib.sha256(data).hexdigest(), data=data, manifest=manifest, beside={})


def manifest_in(data: bytes) -> Manifest:
    """
    Return the manifest in *data*, which this tool wrote or has checked.

    :raises ValueError: it is damaged.
    """
    try:
        # Ten times as fast as `documents.parse`, which also reads older versions and refuses what a stranger may write.
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError:
        return documents.parse(data, Manifest)


def keep(packages: Path, ledger: Ledger, manifest: bytes = b"") -> None:
    """
    Make *ledger* the ledger of *packages*; the manifests of sites that it has forgotten go.

    :param manifest: the bytes of a manifest that it names and that is not kept yet.
    :raises FolderError: the directory cannot be written.
    """
    folder = packages / SENT
    with files.folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if manifest:
        packed = gzip.compress(manifest, _LEVEL, mtime=0)
        files.write(folder / _name_of(hashlib.sha256(manifest).hexdigest()), packed)
    files.write(folder / FILE, documents.encode(ledger))
    known = {FILE, *(_name_of(one.manifest) for one in ledger.sent)}
    with files.folder_errors(folder):
        for path in sorted(folder.iterdir()):
            if path.name not in known:
                _remove(path)


def with_release(ledger: Ledger, data: bytes) -> Ledger:
    """Return *ledger* with *data* as the release.json that was numbered last."""
    return msgspec.structs.replace(ledger, release=data.decode())


def with_sent(ledger: Ledger, one: Sent) -> Ledger:
    """Return *ledger* with *one* as the last site that a bundle carried."""
    others = [each for each in ledger.sent if each.manifest != one.manifest]
    old, new = (*others, one)[:-_KEPT], (*others, one)[-_KEPT:]
    # A bundle may begin at what arrived, however old it is.
    arrived = [each for each in old if ledger.arrived and each.manifest == ledger.arrived.manifest]
    return msgspec.structs.replace(ledger, sent=(*arrived, *new))


def with_arrived(ledger: Ledger, arrived: Arrived) -> Ledger:
    """Return *ledger* with what a receipt says."""
    return msgspec.structs.replace(ledger, arrived=arrived)


def _name_of(manifest: str) -> str:
    return f"{manifest}.json.gz"


def _remove(path: Path) -> None:
    if path.is_dir():
        msg = "the ledger of bundles holds no directory"
        raise FolderError(msg, path=path, next_step="move it away")
    path.unlink()
