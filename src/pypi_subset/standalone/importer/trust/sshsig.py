"""Signatures as ``ssh-keygen -Y sign`` writes them (PROTOCOL.sshsig of OpenSSH), with keys of kind ssh-ed25519."""

import base64
import binascii
import hashlib
import re

from pypi_subset.standalone.errors import Refused, shown
from pypi_subset.standalone.importer.trust.ed25519 import KEY_BYTES, SIGNATURE_BYTES, is_signature_of

#: The namespace of bundles: a signature made for another use is no signature of a bundle.
NAMESPACE = "pypi-subset-bundle"
#: The one kind of key.
KEY_KIND = b"ssh-ed25519"
#: Bytes of a signature's file; a real one has about 300.
LONGEST_SIGNATURE = 4096

MAGIC = b"SSHSIG"
ARMOR = re.compile(
    rb"-----BEGIN SSH SIGNATURE-----\r?\n((?:[A-Za-z0-9+/=]{1,76}\r?\n)+)-----END SSH SIGNATURE-----\r?\n?"
)


def signer_of(message: bytes, armored: bytes) -> bytes:
    """
    Return the public key, 32 bytes, that *armored* is a signature of *message* by.

    :raises Refused: it is no such signature, or one of another kind or for another namespace.
    """
    outer = Wire(unarmored(armored))
    outer.expect(MAGIC)
    if outer.number() != 1:
        raise Refused("bundle.json.sig has an unknown version; sign with `ssh-keygen -Y sign`")
    blob, namespace, reserved, algorithm, signature = [outer.string() for _ in range(5)]
    outer.end()
    if namespace != NAMESPACE.encode():
        name = shown(namespace.decode("utf-8", "replace"))
        raise Refused(f"bundle.json.sig is for the namespace {name}, not {NAMESPACE}")
    if reserved:
        raise Refused("bundle.json.sig has a reserved field that is not empty")
    if algorithm not in (b"sha256", b"sha512"):
        name = shown(algorithm.decode("utf-8", "replace"))
        raise Refused(f"bundle.json.sig uses the hash {name}, and only sha256 and sha512 are supported")
    key = key_of(blob)
    inner = Wire(signature)
    kind = inner.string()
    if kind != KEY_KIND:
        name = shown(kind.decode("utf-8", "replace"))
        raise Refused(f"bundle.json.sig has a signature of kind {name}")
    raw = inner.string()
    inner.end()
    digest = hashlib.new(algorithm.decode(), message).digest()
    signed = MAGIC + b"".join(packed(one) for one in (namespace, reserved, algorithm, digest))
    if len(raw) != SIGNATURE_BYTES or not is_signature_of(key, signed, raw):
        raise Refused("bundle.json.sig is no signature of this bundle.json; one of the two was changed")
    return key


def key_of(blob: bytes) -> bytes:
    """
    Return the 32 bytes of the key that *blob* encodes, as in ``authorized_keys``.

    :raises Refused: it is a key of another kind, or damaged.
    """
    wire = Wire(blob)
    kind = wire.string()
    if kind != KEY_KIND:
        name = shown(kind.decode("utf-8", "replace"))
        raise Refused(f"the key is of kind {name}, and only ssh-ed25519 is supported")
    key = wire.string()
    wire.end()
    if len(key) != KEY_BYTES:
        raise Refused(f"the key has {len(key)} bytes, not {KEY_BYTES}")
    return key


def fingerprint(key: bytes) -> str:
    """Return the fingerprint of a *key*, as ``ssh-keygen -l`` prints it."""
    digest = hashlib.sha256(packed(KEY_KIND) + packed(key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def packed(data: bytes) -> bytes:
    """Return *data* as a string of the wire format (RFC 4251, section 5)."""
    return len(data).to_bytes(4, "big") + data


def unarmored(armored: bytes) -> bytes:
    """Return what is between the two lines of the armor."""
    match = ARMOR.fullmatch(armored)
    if len(armored) > LONGEST_SIGNATURE or match is None:
        raise Refused("bundle.json.sig is no signature of `ssh-keygen -Y sign`")
    return decoded(b"".join(match.group(1).split()))


def decoded(text: bytes) -> bytes:
    """Return the bytes that base64 *text* encodes; of several texts for the same bytes only one is accepted."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        data = b""
    if not data or base64.b64encode(data) != text:
        raise Refused("base64 is damaged in a key or a signature")
    return data


class Wire:
    """
    Strings and numbers of the wire format, one after the other.

    :param data: all of them.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        """Return the next *length* bytes."""
        piece = self.data[self.at : self.at + length]
        if len(piece) != length:
            raise Refused("a key or a signature is cut off")
        self.at += length
        return piece

    def expect(self, wanted: bytes) -> None:
        """Read past *wanted*."""
        if self.take(len(wanted)) != wanted:
            raise Refused("bundle.json.sig is no signature of `ssh-keygen -Y sign`")

    def number(self) -> int:
        """Return the next whole number of 32 bits."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Return the next string."""
        return self.take(self.number())

    def end(self) -> None:
        """Check that nothing follows."""
        if self.at != len(self.data):
            raise Refused("a key or a signature has bytes behind its end")
