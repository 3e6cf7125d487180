"""``bundle.json``: what a bundle carries, and the hash of every other file of it. The signature is one of these bytes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta, Struct

from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Sha256
from pypi_subset.publishing.release import Serial

#: Names of the files of a bundle, all at the top of its directory.
BUNDLE, IMPORTER, REVIEW_PAGE, REVIEW_TEXT, PARITY = (
    "bundle.json",
    "import_bundle.py",
    "REVIEW.html",
    "REVIEW.md",
    "parity.xor",
)
SIGNATURE = f"{BUNDLE}.sig"
#: What a signature is for: one of a commit, or of a part of a proof, is none of a bundle (ssh-keygen(1), ``-n``).
NAMESPACE = "pypi-subset-bundle"
#: The number of volumes that three digits name.
MOST_VOLUMES = 999

KIND = "pypi-subset bundle"

_Size: TypeAlias = Annotated[int, Meta(ge=0, le=1 << 50)]
_Blob: TypeAlias = Annotated[int, Meta(ge=0, le=1 << 40)]
_Number: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_VOLUMES)]
#: RFC 3339 in seconds, in UTC.
Moment: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z$(?!\n)")]
#: `Moment` for `datetime.strftime`.
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class Part(Struct, frozen=True, kw_only=True):
    """
    Bytes of a blob in one volume.

    :param volume: its number, from 1.
    :param offset: where the bytes begin in the blob. The member of the archive is called ``<sha256>.<offset>``.
    :param size: their number, unpacked.
    """

    volume: _Number
    offset: _Blob
    size: _Blob


class Blob(Struct, frozen=True, kw_only=True):
    """
    The content of one or several files.

    :param size: bytes.
    :param parts: sorted by offset; a blob that fits into a volume has one.
    """

    size: _Blob
    parts: Annotated[tuple[Part, ...], Meta(min_length=1)]


class Volume(Struct, frozen=True, kw_only=True):
    """
    A volume, or the file with the parity of all volumes.

    :param size: bytes.
    :param sha256: SHA-256 of the file.
    """

    name: Annotated[str, Meta(pattern=r"^(volume-[0-9]{3}\.zip|parity\.xor)$(?!\n)")]
    size: _Size
    sha256: Sha256


class Helper(Struct, frozen=True, kw_only=True):
    """
    A file of the bundle for people, or the importer.

    :param size: bytes.
    :param sha256: SHA-256 of the file.
    """

    size: _Size
    sha256: Sha256


class Bundle(Document, frozen=True, kw_only=True):
    """
    What a bundle of pypi-subset carries.

    :param schema: version of this form, major.minor.
    :param kind: always this text, which tells a bundle from other files of that name.
    :param serial: number of the release, as in release.json: a later release has a higher one.
    :param created: when the site was proven, or what SOURCE_DATE_EPOCH says (UTC).
    :param expires: when the importer begins to refuse the bundle.
    :param base: SHA-256 of the manifest that the disconnected side must have; null for a full bundle.
    :param manifest: SHA-256 of the manifest of the new site.
    :param manifest_from: SHA-256 of the blob with the difference between both manifests; null: manifest.json is in *paths*.
    :param paths: path below the site → SHA-256, of each file that is new or changed.
    :param beside: the same of each file that the manifest does not name, changed or not.
    :param removed: the paths of the base that the new site does not have, sorted.
    :param blobs: SHA-256 → where the content is in the volumes.
    :param volumes: sorted by number.
    :param parity: the XOR of all volumes, each followed by zero bytes up to the length of the longest; null without it.
    :param helpers: name → size and hash, of each other file of the bundle but this document and its signature.
    """

    name: ClassVar[str] = "bundle.json"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    kind: Literal["pypi-subset bundle"]
    serial: Serial
    created: Moment
    expires: Moment
    base: Sha256 | None
    manifest: Sha256
    manifest_from: Sha256 | None
    paths: dict[str, Sha256]
    beside: dict[str, Sha256]
    removed: tuple[str, ...]
    blobs: dict[Sha256, Blob]
    volumes: Annotated[tuple[Volume, ...], Meta(max_length=MOST_VOLUMES)]
    parity: Volume | None
    helpers: dict[str, Helper]

    @property
    def files(self) -> dict[str, tuple[int, str]]:
        """Name → size and SHA-256, of each file that the document names."""
        found = [(one.name, one.size, one.sha256) for one in (*self.volumes, *filter(None, [self.parity]))]
        found += [(name, one.size, one.sha256) for name, one in self.helpers.items()]
        return {name: (size, sha256) for name, size, sha256 in found}


def volume_name(number: int) -> str:
    """Return the name of a volume, whose *number* begins with 1."""
    return f"volume-{number:03}.zip"
