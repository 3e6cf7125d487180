"""``bundle.json``: what a bundle holds, and what the new site consists of."""

import hashlib
import re

from pypi_subset.standalone.errors import Refused, shown
from pypi_subset.standalone.importer.reading.paths import MANIFEST_NAME, RELEASE_PAGE, check_paths
from pypi_subset.standalone.importer.reading.strict_json import Fields, digest_in, digests_in, parse_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BUNDLE, SIGNATURE_NAME = "bundle.json", "bundle.json.sig"
BUNDLE_KIND = "pypi-subset bundle"
#: Bytes and values of the document, its volumes, bytes of a blob, and the number of a publication.
LONGEST_BUNDLE, MOST_VALUES, MOST_VOLUMES = 256 << 20, 2_000_000, 999
LARGEST_BLOB, LAST_SERIAL = 1 << 40, 1 << 53
#: Files beside the volumes.
MOST_HELPERS = 16

KEYS = (
    *("schema", "kind", "serial", "created", "expires", "base", "manifest", "manifest_from", "paths", "beside"),
    *("removed", "blobs", "volumes", "parity", "helpers"),
)
HELPER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
SCHEMA_VERSION = re.compile(r"1\.(0|[1-9][0-9]{0,3})")


class Part:
    """
    A piece of a blob.

    :param volume: number of the volume, from 1.
    :param offset: where the piece begins in the blob.
    :param size: bytes.
    """

    def __init__(self, volume: int, offset: int, size: int) -> None:
        self.volume = volume
        self.offset = offset
        self.size = size


class Blob:
    """
    A content, known by its SHA-256.

    :param size: bytes.
    :param parts: its pieces, one after the other.
    """

    def __init__(self, size: int, parts: "list[Part]") -> None:
        self.size = size
        self.parts = parts


class Named:
    """
    A file of the medium.

    :param name: file name.
    :param size: bytes.
    :param sha256: of its bytes.
    """

    def __init__(self, name: str, size: int, sha256: str) -> None:
        self.name = name
        self.size = size
        self.sha256 = sha256


class Bundle:
    """
    A bundle, whose parts do not contradict each other.

    :param data: the bytes of ``bundle.json``.
    :raises Refused: they are damaged, or something in them contradicts something else.
    """

    def __init__(self, data: bytes) -> None:
        self.digest = hashlib.sha256(data).hexdigest()
        fields = Fields(parse_json(data, BUNDLE, MOST_VALUES), BUNDLE)
        if fields.get("kind", str) != BUNDLE_KIND:
            raise Refused(f"{BUNDLE} is no bundle of pypi-subset")
        schema = fields.get("schema", str)
        if not SCHEMA_VERSION.fullmatch(schema):
            raise Refused(f"{BUNDLE} has schema {shown(schema)}; run the import_bundle.py of this medium")
        if schema == "1.0":
            fields.only(*KEYS)
        self.serial = fields.number("serial", 1, LAST_SERIAL)
        self.created, self.expires = fields.moment("created"), fields.moment("expires")
        self.base, self.manifest = fields.digest_or_none("base"), fields.digest("manifest")
        self.manifest_from = fields.digest_or_none("manifest_from")
        self.paths: dict[str, str] = digests_in(fields.get("paths", dict), "paths")
        self.beside: dict[str, str] = digests_in(fields.get("beside", dict), "beside")
        self.removed: list[str] = fields.get("removed", list)
        self.volumes = self._volumes(fields.get("volumes", list))
        self.parity = self._parity(fields.get("parity", dict, type(None)))
        helpers = fields.get("helpers", dict)
        self.helpers = [named_in(name, helpers[name]) for name in sorted(helpers)]
        self.blobs = {
            digest_in(digest, "a blob"): self._blob(digest, value)
            for digest, value in fields.get("blobs", dict).items()
        }
        self._check()

    def _volumes(self, found: "list[Any]") -> "list[Named]":
        """Return the volumes, which are numbered from 1."""
        if len(found) > MOST_VOLUMES:
            raise Refused(f"{BUNDLE} names more than {MOST_VOLUMES} volumes")
        return [named_in(f"volume-{number:03}.zip", one, has_name=True) for number, one in enumerate(found, 1)]

    def _parity(self, found: "Any") -> "Named | None":
        """Return the parity file, which is as long as the longest volume."""
        if found is None:
            return None
        parity = named_in("parity.xor", found, has_name=True)
        if not self.volumes or parity.size != max(one.size for one in self.volumes):
            raise Refused("the parity file is not as long as the longest volume")
        return parity

    def _blob(self, digest: str, value: "Any") -> Blob:
        """Return one blob, whose parts follow each other in ascending volumes."""
        fields = Fields(value, f"the blob {digest[:16]}")
        fields.only("size", "parts")
        size, parts, at, last = fields.number("size", 0, LARGEST_BLOB), [], 0, 0
        for one in fields.get("parts", list):
            part = Fields(one, fields.where)
            part.only("volume", "offset", "size")
            volume = part.number("volume", last + 1, max(last + 1, len(self.volumes)))
            length = part.number("size", 0 if not size else 1, size)
            if volume > len(self.volumes) or part.number("offset", 0, LARGEST_BLOB) != at:
                raise Refused(f"{fields.where} has parts that do not follow each other")
            parts.append(Part(volume, at, length))
            at, last = at + length, volume
        if at != size or not parts:
            raise Refused(f"{fields.where} has parts that do not add up")
        return Blob(size, parts)

    def _check(self) -> None:
        """Check that paths, blobs and hashes agree."""
        if any(type(one) is not str for one in self.removed) or len(self.removed) != len(set(self.removed)):
            raise Refused("removed is no list of paths")
        for paths in (self.paths, self.removed, self.beside):
            check_paths(paths)
        if len(self.helpers) > MOST_HELPERS:
            raise Refused(f"{BUNDLE} names more than {MOST_HELPERS} helpers")
        if self.expires < self.created:
            raise Refused(f"{BUNDLE} expires before it was created")
        if MANIFEST_NAME in self.beside or RELEASE_PAGE in {*self.beside, *self.paths}:
            raise Refused(f"{MANIFEST_NAME} or {RELEASE_PAGE} is where it must not be")
        if self.paths.get(MANIFEST_NAME, self.manifest) != self.manifest:
            raise Refused(f"paths and manifest have two hashes of {MANIFEST_NAME}")
        if (MANIFEST_NAME in self.paths) == bool(self.manifest_from) and self.base != self.manifest:
            raise Refused(f"{MANIFEST_NAME} is in the bundle neither as it is nor as a difference, or as both")
        if not self.base and (self.manifest_from or self.removed):
            raise Refused("the bundle has no base, and has a difference from one")
        used: set[str] = {*self.paths.values()} | ({self.manifest_from} if self.manifest_from else set())
        if used != set(self.blobs):
            other = min(used ^ set(self.blobs))
            raise Refused(f"the blob {other[:16]} is not in the bundle, or no path has it")

    def members(self, volume: int) -> "dict[bytes, tuple[str, Part]]":
        """Return hash and part of each member of the volume, by the name of the member."""
        if not hasattr(self, "_members"):
            self._members: list[dict[bytes, tuple[str, Part]]] = [{} for _ in range(len(self.volumes) + 1)]
            for digest, blob in self.blobs.items():
                for part in blob.parts:
                    self._members[part.volume][f"{digest}.{part.offset}".encode()] = (digest, part)
        return self._members[volume]


def named_in(name: str, found: "Any", *, has_name: bool = False) -> Named:
    """Return the file *name* of the medium, from what *found* says about it."""
    fields = Fields(found, shown(name))
    fields.only("size", "sha256", *(["name"] if has_name else []))
    if (has_name and fields.get("name", str) != name) or not HELPER_NAME.fullmatch(name):
        raise Refused(f"{BUNDLE} has another name where {shown(name)} should be")
    return Named(name, fields.number("size", 0, LARGEST_BLOB), fields.digest("sha256"))
