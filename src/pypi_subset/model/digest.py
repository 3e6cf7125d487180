"""The digest of a value, by which a lock knows what it was resolved from."""

from __future__ import annotations

import hashlib
import json


def digest_of(value: object) -> str:
    """SHA-256, in hexadecimal, of *value* written as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
