"""
Ed25519 signatures, checked in the standard library (RFC 8032, section 5.1).

The check holds no secret, so its time need not be constant. It accepts less than the RFC allows: encodings must be
canonical, and a key of small order, under which one signature fits many messages, is refused.
"""

import hashlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    #: Extended coordinates: x = X/Z, y = Y/Z, x * y = T/Z.
    Point = tuple[int, int, int, int]

#: The field, the order of the base point, the constant of the curve, and a square root of -1.
PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT = pow(2, (PRIME - 1) // 4, PRIME)
#: Bytes of a key, and of a signature.
KEY_BYTES, SIGNATURE_BYTES = 32, 64
NEUTRAL = (0, 1, 1, 0)


def is_signature_of(key: bytes, message: bytes, signature: bytes) -> bool:
    """
    Return whether *signature* is one of *message* by the owner of *key*.

    :param key: 32 bytes.
    :param signature: 64 bytes.
    """
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    scalar = int.from_bytes(signature[KEY_BYTES:], "little")
    owner = point_of(key)
    if owner is None or is_small(owner) or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:KEY_BYTES] + key + message).digest()
    factor = int.from_bytes(digest, "little") % ORDER
    x, y, z, t = times(factor, owner)
    # The base point's share minus the key's share is the first half, byte for byte: other encodings of it do not fit.
    return bytes_of(add(times(scalar, BASE), (-x % PRIME, y, z, -t % PRIME))) == signature[:KEY_BYTES]


def is_small(point: "Point") -> bool:
    """Return whether *point* has an order of 1, 2, 4 or 8."""
    x, y, z, _ = times(8, point)
    return x % PRIME == 0 and (y - z) % PRIME == 0


def point_of(data: bytes) -> "Point | None":
    """Return the point that 32 bytes encode (5.1.3), ``None`` if they are no canonical encoding."""
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    if y >= PRIME:
        return None
    x = root_of((y * y - 1) * pow(CURVE * y * y + 1, PRIME - 2, PRIME) % PRIME)
    if x is None or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


def root_of(square: int) -> "int | None":
    """Return a square root in the field, ``None`` if there is none."""
    root = pow(square, (PRIME + 3) // 8, PRIME)
    if (root * root - square) % PRIME:
        root = root * ROOT % PRIME
    return None if (root * root - square) % PRIME else root


def bytes_of(point: "Point") -> bytes:
    """Return the encoding of *point* (5.1.2)."""
    x, y, z, _ = point
    inverse = pow(z, PRIME - 2, PRIME)
    return (y * inverse % PRIME | (x * inverse % PRIME & 1) << 255).to_bytes(KEY_BYTES, "little")


def add(one: "Point", other: "Point") -> "Point":
    """Return the sum of two points (5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % PRIME
    c = 2 * one[3] * other[3] * CURVE % PRIME
    d = 2 * one[2] * other[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def times(factor: int, point: "Point") -> "Point":
    """Return *point* added to itself *factor* times."""
    total: Point = NEUTRAL
    while factor:
        if factor & 1:
            total = add(total, point)
        point = add(point, point)
        factor >>= 1
    return total


#: The base point: the one with y = 4/5 and an even x (5.1).
BASE = point_of((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(KEY_BYTES, "little")) or NEUTRAL
