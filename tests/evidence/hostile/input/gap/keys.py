"""Keys that sign in this process: ssh-keygen refuses users without an account, as boxes have them."""

from __future__ import annotations

import base64
import hashlib
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.standalone.importer.trust.ed25519 import BASE, ORDER, bytes_of, times
from pypi_subset.standalone.importer.trust.sshsig import KEY_KIND, MAGIC, packed
from tests.support.gap.bundles import NAMESPACE, Key

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class OwnKey(Key):
    """A key that is made from the name of its path; nothing is at that path."""

    @property
    def public(self) -> str:
        """The public key, without a comment."""
        return f"ssh-ed25519 {base64.b64encode(self._blob).decode()}"

    def sign(self, path: Path, namespace: str = NAMESPACE, *_: str) -> None:
        """Write the signature of the file at *path* beside it (RFC 8032, 5.1.6)."""
        digest = hashlib.sha512(path.read_bytes()).digest()
        fields = [namespace.encode(), b"", b"sha512"]
        message = MAGIC + b"".join(map(packed, [*fields, digest]))
        nonce = _number(self._secret[32:] + message)
        point = bytes_of(times(nonce, BASE))
        proof = (nonce + _number(point + self._key + message) * self._scalar) % ORDER
        signature = packed(KEY_KIND) + packed(point + proof.to_bytes(32, "little"))
        made = MAGIC + (1).to_bytes(4, "big") + b"".join(map(packed, [self._blob, *fields, signature]))
        lines = textwrap.wrap(base64.b64encode(made).decode(), 70)
        armor = ["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]
        path.with_name(f"{path.name}.sig").write_text("\n".join(armor))

    @property
    def _secret(self) -> bytes:
        return hashlib.sha512(self.path.name.encode()).digest()

    @property
    def _scalar(self) -> int:
        # Bits 0 to 2 and 255 are cleared, bit 254 is set (RFC 8032, 5.1.5).
        return int.from_bytes(self._secret[:32], "little") & ((1 << 254) - 8) | 1 << 254

    @property
    def _key(self) -> bytes:
        return bytes_of(times(self._scalar, BASE))

    @property
    def _blob(self) -> bytes:
        return packed(KEY_KIND) + packed(self._key)


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % ORDER
