"""What a run would change about other files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import manifest_path
from pypi_subset.packages.other_files import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.intake.other_files import OtherFile
    from pypi_subset.model.paths import Paths


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherChange:
    """
    One other file that the site would get, lose or have with other bytes.

    :param path: below the site.
    :param before: SHA-256 in the site, empty if it is new.
    :param after: SHA-256 that it would have, empty if it goes.
    :param bytes: the size that it would have, or had if it goes; null if that is not known before it is fetched.
    :param fetch: whether it is fetched from its URL.
    """

    path: str
    before: str
    after: str
    bytes: int | None
    fetch: bool


def changes(wanted: Sequence[OtherFile], paths: Paths) -> tuple[OtherChange, ...]:
    """
    Return what a mirror would change, sorted by path.

    :raises SubsetError: the manifest of the site cannot be read.
    """
    manifest = read_manifest(paths.site) if manifest_path(paths.site).is_file() else None
    held = {one.path: one for one in manifest.other_files or ()} if manifest else {}
    asked = {one.path: one for one in wanted}
    found = []
    for path in sorted(held.keys() | asked.keys()):
        old, new = held.get(path), asked.get(path)
        before, after = old.sha256 if old else "", new.sha256 if new else ""
        if before != after:
            size = _size(new, paths) if new else old.size if old else None
            fetch = new is not None and new.source is None and not place_of(paths.packages, after).is_file()
            found.append(OtherChange(path=path, before=before, after=after, bytes=size, fetch=fetch))
    return tuple(found)


def _size(one: OtherFile, paths: Paths) -> int | None:
    """Return the bytes of a file of this machine, or of one that the packages directory has."""
    place = one.source or place_of(paths.packages, one.sha256)
    return place.stat().st_size if place.is_file() else None
