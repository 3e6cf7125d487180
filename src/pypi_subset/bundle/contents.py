"""The files of a site that a bundle carries, and the lists that the importer makes the new site from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.bundle.difference import difference
from pypi_subset.bundle.packing.blobs import deflated, packs_to_more
from pypi_subset.errors import FolderError
from pypi_subset.model.paths import GENERATED, MANIFEST
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pypi_subset.bundle.ledger import Base
    from pypi_subset.bundle.packing.blobs import Blobs
    from pypi_subset.publishing.publication import Release
    from pypi_subset.support.progress import Progress

# A path that each system can hold: no part begins with a hyphen, ends with a dot or is a device of Windows.
_PART = (
    r"(?!(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:[./]|\Z))"
    r"(?:[A-Za-z0-9_+!]|[A-Za-z0-9._+!][A-Za-z0-9._+!-]*[A-Za-z0-9_+!-])"
)
_PATH = re.compile(f"{_PART}(?:/{_PART}){{0,11}}", re.IGNORECASE | re.ASCII)
_LONGEST = 240


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """
    What a bundle carries.

    :param paths: path below the site → SHA-256, of each file that is new or changed.
    :param beside: the same of each file that the manifest does not name.
    :param removed: paths of the base that the site does not have, sorted.
    :param manifest_from: SHA-256 of the blob with the difference between the manifests, ``None`` without one.
    """

    paths: Mapping[str, str]
    beside: Mapping[str, str]
    removed: tuple[str, ...]
    manifest_from: str | None


def contents_of(
    release: Release, hashes: Mapping[str, str], base: Base | None, blobs: Blobs, progress: Progress
) -> Contents:
    """
    Return what the bundle of *release* carries, after handing all of it to *blobs*.

    :param hashes: path → SHA-256, of all that the manifest of *release* names.
    :param base: what the disconnected side has, ``None``: nothing.
    :raises SubsetError: a file changed meanwhile, or the importer would refuse its path.
    """
    every = _every(release, hashes)
    old = {**base.hashes, MANIFEST: base.sha256} if base else {}
    changed = {path: digest for path, digest in sorted(every.items()) if old.get(path) != digest}
    # The manifest names no two paths that are one file, and what the base has was carried before.
    require_portable(changed if base else every)
    new = changed.pop(MANIFEST, None)
    manifest_from = None
    if new is not None and base is not None:
        manifest_from = _difference(base, release.made[MANIFEST], blobs)
    if new is not None and manifest_from is None:
        changed[MANIFEST] = new
    with progress.stage("read", len(changed)) as bar:
        for path, digest in sorted(changed.items()):
            if path in release.made:
                blobs.add(release.made[path])
            else:
                blobs.add_file(release.site / path, digest)
            bar.advance()
    return Contents(
        paths=dict(sorted(changed.items())),
        beside={path: every[path] for path in sorted(every) if path not in hashes and path != MANIFEST},
        removed=tuple(sorted(old.keys() - every.keys())),
        manifest_from=manifest_from,
    )


def _every(release: Release, hashes: Mapping[str, str]) -> dict[str, str]:
    """Return path → SHA-256, of all that is published."""
    found = {path: hashlib.sha256(data).hexdigest() for path, data in release.made.items()}
    for path in release.files:
        # What is proven has the hashes that its manifest names, and what is forced may have others.
        found[path] = release.digests.get(path) or files.sha256_of(release.site / path)
    for path in sorted(hashes):
        if found.get(path) != hashes[path]:
            msg = "the importer would refuse this: it is not the file that the manifest names"
            raise FolderError(
                msg, path=release.site / path, next_step="run `pypi-subset mirror` and `pypi-subset verify`"
            )
    return found


def _difference(base: Base, new: bytes, blobs: Blobs) -> str | None:
    """Return the SHA-256 of the difference between two manifests, ``None`` if it saves nothing."""
    found = difference(base.data, new)
    # What is packed is compared: a manifest is text, and gets much smaller.
    return blobs.add(found) if packs_to_more(new, len(deflated(found))) else None


def require_portable(paths: Collection[str]) -> None:
    """
    Return if each system can hold all of *paths*, each as a file of its own.

    :raises FolderError: one cannot be held, or two would be one file.
    """
    for path in paths:
        if len(path) > _LONGEST or not _PATH.fullmatch(path) or path.partition("/")[0] not in GENERATED:
            raise _refused(path, "not every system can hold this path")
    seen: dict[str, str] = {}
    for path in sorted(paths):
        for one in (path, *_above(path)):
            if seen.setdefault(one.lower(), one) != one:
                raise _refused(path, f"this and {seen[one.lower()]} are one file on some systems")
    folders = {one.lower() for path in paths for one in _above(path)}
    for path in sorted(paths):
        if path.lower() in folders:
            raise _refused(path, "this is a file and a directory")


def _above(path: str) -> Iterable[str]:
    """Yield the directories of *path*."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _refused(path: str, why: str) -> FolderError:
    return FolderError(
        f"{why}: {path!r}", next_step="rename what it is made of in requirements/, and run `pypi-subset mirror`"
    )
