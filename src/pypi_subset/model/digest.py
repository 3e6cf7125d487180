"""Digests of values: a lock stores those of its inputs."""

from __future__ import annotations

import hashlib
import json


def digest_of(value: object) -> str:
    """SHA-256, in hexadecimal, of *value* written as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
