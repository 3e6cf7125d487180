"""The other files in the review of a bundle."""

from __future__ import annotations

from msgspec import UNSET

from pypi_subset.bundle.review.others import OtherRow, other_rows
from pypi_subset.model.manifest import Manifest, OtherFileEntry

OLD, NEW = "a" * 64, "b" * 64


def manifest(*entries: tuple[str, str, str]) -> Manifest:
    """Return a manifest with other files: path, SHA-256, URL."""
    files = tuple(
        OtherFileEntry(path=f"files/{name}", size=len(name), sha256=sha256, url=url or UNSET)
        for name, sha256, url in entries
    )
    return Manifest(schema="1.8", targets=(), sets=(), files=(), pages={}, other_files=files or UNSET)


def test_each_difference_is_a_row() -> None:
    """What came, changed or went is a row; what stayed is none, and a first bundle has all."""
    url = "https://files.example/c"
    new = manifest(("a", OLD, ""), ("bb", NEW, url), ("ccc", NEW, ""))
    old = manifest(("a", OLD, ""), ("bb", OLD, ""), ("dddd", OLD, ""))
    assert other_rows(new, old) == (
        OtherRow(path="files/bb", change="changed", size=2, sha256=NEW, url=url),
        OtherRow(path="files/ccc", change="added", size=3, sha256=NEW, url=""),
        OtherRow(path="files/dddd", change="removed", size=4, sha256=OLD, url=""),
    )
    assert [one.change for one in other_rows(new, None)] == ["added"] * 3
    assert other_rows(manifest(), manifest()) == ()
