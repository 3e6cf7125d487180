"""The format of uv.lock."""

from __future__ import annotations

import msgspec
import pytest

from pypi_subset.requirements.lockfiles.uv_format import UvLock


def test_what_is_not_read_is_passed_over() -> None:
    """Keys of later revisions, sizes and times change nothing; what is read must have its type."""
    file = {"url": "https://host/a.whl", "hash": "sha256:0", "size": 1, "upload-time": "2026-01-01T00:00:00Z"}
    package = {"name": "a", "source": {"registry": "https://host/simple"}, "wheels": [file], "later": 1}
    document = {"version": 1, "revision": 9, "package": [package], "options": {}, "requires-python": ">=3.10"}
    lock = msgspec.convert(document, UvLock)
    assert (lock.requires_python, lock.package[0].wheels[0].hash) == (">=3.10", "sha256:0")
    assert (lock.manifest.members, lock.package[0].optional_dependencies) == ([], {})
    with pytest.raises(msgspec.ValidationError, match="hash"):
        msgspec.convert({**document, "package": [{**package, "wheels": [{"hash": 1}]}]}, UvLock)
