"""Makes bundles from two sites, and changes them as an attacker would."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.gap.releases import files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

NAMESPACE = "pypi-subset-bundle"


@dataclass(frozen=True)
class Key:
    """A key of ssh-keygen, and the line about it for the file of allowed signers."""

    path: Path
    principal: str = "lab@example.org"

    @classmethod
    def made(cls, folder: Path, name: str = "key", kind: str = "ed25519") -> Key:
        """Return a new key in *folder*."""
        path = folder / name
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "comment of the key", "-f", str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        return cls(path)

    @property
    def public(self) -> str:
        """The public key, without its comment."""
        return " ".join(self.path.with_suffix(".pub").read_text().split()[:2])

    def line(self, options: str = "") -> str:
        """Return a line of a file of allowed signers."""
        return " ".join(filter(None, [self.principal, options, self.public])) + "\n"

    def sign(self, path: Path, namespace: str = NAMESPACE, *options: str) -> None:
        """Write the signature of the file at *path* beside it."""
        path.with_name(f"{path.name}.sig").unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(self.path), "-n", namespace, *options, str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


@dataclass(frozen=True)
class Recipe:
    """
    How a bundle is made.

    :param limit: bytes of a volume, about; ``None`` for one volume.
    :param difference: whether the manifest travels as a difference.
    """

    serial: int
    key: Key
    created: str = "2026-01-01T00:00:00Z"
    expires: str = "2999-01-01T00:00:00Z"
    limit: int | None = None
    parity: bool = False
    difference: bool = False

    def make(self, medium: Path, site: Path, base: Path | None = None) -> Path:
        """Return *medium*, after writing the bundle that makes *site* of *base*."""
        medium.mkdir(parents=True, exist_ok=True)
        new, old = files_of(site), files_of(base) if base else {}
        manifest = json.loads((site / "manifest.json").read_bytes())
        named = {one["path"] for one in manifest["files"]} | set(manifest["pages"]) | {"manifest.json"}
        named |= {f"{one['path']}.metadata" for one in manifest["files"]}
        changed = {path: digest for path, digest in sorted(new.items()) if old.get(path) != digest}
        contents = {digest: (site / path).read_bytes() for path, digest in changed.items()}
        start = None
        if self.difference and base is not None:
            text = difference((base / "manifest.json").read_bytes(), (site / "manifest.json").read_bytes())
            contents.pop(changed.pop("manifest.json"))
            start = hashlib.sha256(text).hexdigest()
            contents[start] = text
        blobs, volumes = self._cut(contents)
        document = {
            "schema": "1.0",
            "kind": "pypi-subset bundle",
            "serial": self.serial,
            "created": self.created,
            "expires": self.expires,
            "base": old.get("manifest.json"),
            "manifest": new["manifest.json"],
            "manifest_from": start,
            "paths": changed,
            "beside": {path: digest for path, digest in sorted(new.items()) if path not in named},
            "removed": sorted(set(old) - set(new)),
            "blobs": blobs,
            "volumes": [],
            "parity": None,
            "helpers": {},
        }
        packed = [pack(members) for members in volumes]
        for number, data in enumerate(packed, 1):
            (medium / f"volume-{number:03}.zip").write_bytes(data)
        document["volumes"] = [{"name": f"volume-{one:03}.zip", **seal(data)} for one, data in enumerate(packed, 1)]
        if self.parity:
            data = xor(packed)
            (medium / "parity.xor").write_bytes(data)
            document["parity"] = {"name": "parity.xor", **seal(data)}
        (medium / "REVIEW.md").write_text("# Review\n")
        document["helpers"] = {"REVIEW.md": seal(b"# Review\n")}
        self.publish(medium, document)
        return medium

    def publish(self, medium: Path, document: Mapping[str, Any]) -> None:
        """Write ``bundle.json`` and its signature."""
        (medium / "bundle.json").write_text(json.dumps(document, indent=1))
        self.key.sign(medium / "bundle.json")

    def edit(self, medium: Path, change: Callable[[dict[str, Any]], object]) -> None:
        """Let *change* change the document, and sign it again."""
        document = json.loads((medium / "bundle.json").read_bytes())
        change(document)
        self.publish(medium, document)

    def repack(self, medium: Path, data: bytes, number: int = 1) -> None:
        """Replace a volume by *data*, with its true hash in the document."""
        (medium / f"volume-{number:03}.zip").write_bytes(data)
        self.edit(medium, lambda document: document["volumes"][number - 1].update(seal(data)))

    def _cut(self, contents: Mapping[str, bytes]) -> tuple[dict[str, Any], list[list[tuple[str, bytes]]]]:
        """Return the blobs of the document, and the members of each volume."""
        blobs: dict[str, Any] = {}
        volumes: list[list[tuple[str, bytes]]] = [[]]
        left = limit = self.limit or sum(map(len, contents.values())) + 1
        for digest, data in sorted(contents.items()):
            parts: list[dict[str, int]] = []
            at = 0
            while at < len(data) or not parts:
                if not left or (left < len(data) - at <= limit):
                    volumes.append([])
                    left = limit
                piece = data[at : at + left]
                volumes[-1].append((f"{digest}.{at}", piece))
                parts.append({"volume": len(volumes), "offset": at, "size": len(piece)})
                at, left = at + len(piece), left - len(piece)
            blobs[digest] = {"size": len(data), "parts": parts}
        return blobs, volumes


def seal(data: bytes) -> dict[str, Any]:
    """Return size and hash, as the document has them."""
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def xor(volumes: Sequence[bytes]) -> bytes:
    """Return all volumes, XORed, with zeros behind the shorter ones."""
    length = max(map(len, volumes))
    total = 0
    for data in volumes:
        total ^= int.from_bytes(data.ljust(length, b"\0"), "little")
    return total.to_bytes(length, "little")


def difference(base: bytes, new: bytes) -> bytes:
    """Return what makes *new* of *base*: the lines at the begin and the end that both have, and those between."""
    shared = 0
    while shared < min(len(base), len(new)) and base[shared] == new[shared]:
        shared += 1
    behind = 0
    while behind < min(len(base), len(new)) - shared and base[-1 - behind] == new[-1 - behind]:
        behind += 1
    middle = new[shared : len(new) - behind].decode()
    operations = [[0, shared], middle, [len(base) - behind, behind]]
    text = {"base": hashlib.sha256(base).hexdigest(), "size": len(new), "ops": operations}
    return json.dumps(text).encode()


def pack(members: Sequence[tuple[str, bytes]], changes: Mapping[str, Any] | None = None) -> bytes:
    """
    Return a volume, written without a library.

    :param changes: what is wrong about it: ``deflate``, and the fields that `header` and `entry` name.
    """
    said = dict(changes or {})
    body, directory = said.get("before", b""), b""
    for name, data in members:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        method = said.get("method", 8 if name.endswith(".0") and len(data) > 500 else 0)
        packed = packer.compress(data) + packer.flush() if method == 8 else data
        packed += said.get("behind_data", b"")
        raw, crc, flags = name.encode(), said.get("crc", zlib.crc32(data)), said.get("flags", 0)
        extra, comment = said.get("extra", b""), said.get("comment", b"")
        own = said.get("own_name", raw)
        size = said.get("size", len(data))
        place = said.get("place", len(body))
        local = (20, said.get("own_flags", flags), method, 0, 33, said.get("own_crc", crc), len(packed))
        body += struct.pack("<4s5H3L2H", b"PK\3\4", *local, said.get("own_size", size), len(own), 0) + own + packed
        body += said.get("between", b"")
        numbers = (20, 20, flags, method, 0, 33, crc, len(packed), size, len(raw), len(extra), len(comment))
        directory += struct.pack("<4s6H3L5H2L", b"PK\1\2", *numbers, 0, 0, said.get("mode", 0o100600 << 16), place)
        directory += raw + extra + comment
    count = said.get("count", len(members))
    end = (0, 0, count, count, len(directory), said.get("start", len(body)), len(said.get("last", b"")))
    written: bytes = body + directory + said.get("gap", b"") + struct.pack("<4s4H2LH", b"PK\5\6", *end)
    return written + bytes(said.get("last", b""))


def members_of(medium: Path, number: int = 1) -> list[tuple[str, bytes]]:
    """Return the members of a volume, in their order."""
    import zipfile  # noqa: PLC0415 - the other reader

    with zipfile.ZipFile(medium / f"volume-{number:03}.zip") as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]
