"""Whether a site is what it was when its proof began."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.door import read_bytes
from pypi_subset.model.paths import MANIFEST, PROOF
from pypi_subset.support import files

if TYPE_CHECKING:
    from pathlib import Path

#: What the system knows of a file: inode, size in bytes, times of change of its bytes and of itself in nanoseconds.
_Facts = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """
    A site at one moment.

    :param manifest_sha256: of its manifest.
    :param expected: path → SHA-256 of every file that the manifest names.
    :param facts: path → what the system knows of it, of everything but the proof.
    """

    site: Path
    manifest_sha256: str
    expected: dict[str, str]
    facts: dict[str, _Facts]

    def changes(self) -> list[str]:
        """
        Return one sentence for each file that is not what it was, sorted; empty if nothing changed.

        A file is looked into if its inode, size or times differ. One that only moved to another disk is still the same.
        """
        now = _facts(self.site)
        names = sorted(name for name in {*now, *self.facts} if now.get(name) != self.facts.get(name))
        return [f"{name} {words} while it was proven" for name in names if (words := self._change(name, name in now))]

    def _change(self, name: str, is_there: bool) -> str:  # noqa: FBT001 - private
        if not is_there:
            return "was removed"
        path = self.site / name
        if name not in self.facts:
            return "was added"
        if name.endswith("/") or path.is_symlink() or not path.is_file():
            return "was replaced"
        return "" if files.sha256_of(path) == self.expected.get(name) else "was changed"


def snapshot(site: Path) -> Snapshot:
    """
    Return what *site* is now.

    :raises FolderError: a file cannot be read.
    :raises SubsetError: it has no manifest that can be read.
    """
    facts = _facts(site)
    manifest, data = read_bytes(site)
    digest = hashlib.sha256(data).hexdigest()
    expected = {**manifest.pages, **{entry.path: entry.sha256 for entry in manifest.files}, MANIFEST: digest}
    return Snapshot(site=site, manifest_sha256=digest, expected=expected, facts=facts)


def _facts(site: Path) -> dict[str, _Facts]:
    return {
        name: (one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns)
        for name, one in files.walk(site, but=(PROOF,))
    }
