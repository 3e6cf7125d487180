"""The proof's own reader of METADATA."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from pypi_subset.proof.access.wheel_metadata import metadata_in

if TYPE_CHECKING:
    from pathlib import Path


def test_the_metadata_at_the_top_alone(tmp_path: Path) -> None:
    """A ``.dist-info`` inside a package, as projects carry that bundle others, is not the wheel's own."""
    wheel = tmp_path / "one.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("one/vendored/two-1.dist-info/METADATA", "Name: two\n")
        archive.writestr("one-1.dist-info/METADATA", "Name: one\n")
    assert metadata_in(wheel) == [b"Name: one\n"]


def test_damaged_wheels_have_none(tmp_path: Path) -> None:
    """No archive, an archive cut in two, other bytes in a member, no file: nothing, and no error."""
    wheel = tmp_path / "one.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one-1.dist-info/METADATA", "Name: one\n" * 99)
    data = wheel.read_bytes()
    start = data.index(b"METADATA") + len(b"METADATA")
    for damaged in (b"", b"no archive", data[: len(data) // 2], data[:start] + b"\xff" * 9 + data[start + 9 :]):
        wheel.write_bytes(damaged)
        assert metadata_in(wheel) == []
    assert metadata_in(tmp_path / "none.whl") == []
