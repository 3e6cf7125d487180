"""Ed25519 against the vectors of RFC 8032, and what a strict check refuses."""

from __future__ import annotations

import hashlib

import pytest

from pypi_subset.standalone.importer.trust import ed25519
from pypi_subset.standalone.importer.trust.ed25519 import BASE, ORDER, PRIME, bytes_of, is_signature_of, point_of, times

#: Key, message and signature of RFC 8032, section 7.1: tests 1 to 3.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
MESSAGE = b"bundle.json"


def key_and_scalar(seed: bytes = b"\7" * 32) -> tuple[bytes, int, bytes]:
    """Return public key, secret scalar and prefix of a seed (5.1.5)."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return bytes_of(times(scalar, BASE)), scalar, digest[32:]


def sign(message: bytes = MESSAGE) -> tuple[bytes, bytes]:
    """Return a key, and its signature of *message* (5.1.6)."""
    key, scalar, prefix = key_and_scalar()
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    point = bytes_of(times(nonce, BASE))
    factor = int.from_bytes(hashlib.sha512(point + key + message).digest(), "little") % ORDER
    return key, point + ((nonce + factor * scalar) % ORDER).to_bytes(32, "little")


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_vectors(key: str, message: str, signature: str) -> None:
    """A signature of the RFC holds, and holds for no other message and no other key."""
    raw = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert is_signature_of(*raw)
    assert not is_signature_of(raw[0], raw[1] + b"\0", raw[2])
    assert not is_signature_of(bytes.fromhex(VECTORS[key == VECTORS[0][0]][0]), raw[1], raw[2])


@pytest.mark.parametrize("bit", range(0, 512, 7))
def test_each_bit_counts(bit: int) -> None:
    """A signature with one other bit is none."""
    key, signature = sign()
    assert is_signature_of(key, MESSAGE, signature)
    number = int.from_bytes(signature, "little") ^ (1 << bit)
    assert not is_signature_of(key, MESSAGE, number.to_bytes(64, "little"))


def test_scalar_is_below_the_order() -> None:
    """The same signature with the order added to its scalar is refused: one message has one signature (5.1.7)."""
    key, signature = sign()
    scalar = int.from_bytes(signature[32:], "little")
    for times_order in (1, 2, 8):
        more = scalar + times_order * ORDER
        if more < 1 << 256:
            assert not is_signature_of(key, MESSAGE, signature[:32] + more.to_bytes(32, "little"))


@pytest.mark.parametrize("order", [1, 2, 4, 8])
def test_keys_of_small_order_are_refused(order: int) -> None:
    """Under such a key anybody could sign: the signature of nothing would hold for many messages."""
    # A point of order 8, found from any point outside of the group of the base point.
    y = 3
    while (
        (point := point_of(y.to_bytes(32, "little"))) is None
        or ed25519.is_small(times(ORDER, point)) is False
        or bytes_of(times(4 * ORDER, point)) == bytes_of(ed25519.NEUTRAL)
    ):
        y += 1
    small = times(8 // order * ORDER, point)
    key = bytes_of(small)
    assert bytes_of(times(order, small)) == bytes_of(ed25519.NEUTRAL)
    # R = sB with any s: valid for every message whose hash is a multiple of 8, if the key were accepted.
    for number in range(40):
        scalar = number + 1
        assert not is_signature_of(key, b"%d" % number, bytes_of(times(scalar, BASE)) + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "number",
    [PRIME, PRIME + 1, PRIME + 18, (1 << 255) - 1, 1 | 1 << 255, (PRIME - 1) | 1 << 255, 2],
    ids=["p", "p+1", "p+18", "2^255-1", "x=0 with a sign", "x=0 with a sign, y=-1", "no point"],
)
def test_encodings_are_canonical(number: int) -> None:
    """A key has one encoding: y below the prime, no sign on x = 0; and it is on the curve (5.1.3)."""
    assert point_of(number.to_bytes(32, "little")) is None
    assert not is_signature_of(number.to_bytes(32, "little"), MESSAGE, sign()[1])


def test_first_half_is_canonical() -> None:
    """The first half of a signature is compared as bytes: another encoding of the same point does not fit."""
    key, scalar, _ = key_and_scalar()
    # R is the neutral point; its second encoding has y = p + 1.
    for first, verdict in ((1, True), (PRIME + 1, False)):
        half = first.to_bytes(32, "little")
        factor = int.from_bytes(hashlib.sha512(half + key + MESSAGE).digest(), "little") % ORDER
        signature = half + (factor * scalar % ORDER).to_bytes(32, "little")
        assert is_signature_of(key, MESSAGE, signature) is verdict


@pytest.mark.parametrize("length", [0, 31, 33])
def test_lengths(length: int) -> None:
    """A key or a signature of another length is none."""
    key, signature = sign()
    assert not is_signature_of((key * 2)[:length], MESSAGE, signature)
    assert not is_signature_of(key, MESSAGE, (signature * 2)[: 2 * length])
