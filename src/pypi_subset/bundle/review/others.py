"""What the new site has of other files that the old one did not have, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypi_subset.bundle.ledger import Known
    from pypi_subset.model.manifest import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherRow:
    """
    One other file that came, changed or went.

    :param change: ``added``, ``changed`` or ``removed``.
    :param size: bytes; of a removed file, those that it had.
    :param url: where it is from, empty for a file of the machine that mirrored.
    """

    path: str
    change: str
    size: int
    sha256: str
    url: str


def other_rows(new: Manifest, old: Known | None) -> tuple[OtherRow, ...]:
    """
    Return what differs between the other files of two sites, sorted by path.

    :param old: the manifest of the site before, ``None`` for the first one.
    """
    now = {one.path: one for one in new.other_files or ()}
    before = {one.path: one for one in (old.other_files if old else None) or ()}
    found = []
    for path in sorted(now.keys() | before.keys()):
        one, then = now.get(path), before.get(path)
        if one and then and one.sha256 == then.sha256:
            continue
        entry = one or before[path]
        change = "removed" if one is None else "changed" if then else "added"
        row = OtherRow(path=path, change=change, size=entry.size, sha256=entry.sha256, url=entry.url or "")
        found.append(row)
    return tuple(found)
