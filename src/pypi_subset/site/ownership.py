"""The one check that a directory is ours: mirror, fetch and clean replace or empty no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError
from pypi_subset.model.manifest import is_manifest
from pypi_subset.model.paths import FIND_LINKS, GENERATED, MANIFEST, README
from pypi_subset.support import files

if TYPE_CHECKING:
    from pathlib import Path


#: Files that file managers leave in every directory that a user opens.
DROPPED = frozenset({".DS_Store", "Thumbs.db"})


def require_own(site: Path, *, index: bool = False) -> None:
    """
    Refuse a directory whose content is not a site of ours.

    :param index: accept an index without a manifest as well, which `build_index` makes.
    :raises FolderError: *site* is a file, holds a name that no site has, or holds anything without our manifest.
    """
    if site.exists() and not site.is_dir():
        msg = "the site is no directory, and would be replaced by one"
        raise FolderError(msg, path=site, next_step="name a directory for the site")
    with files.folder_errors(site):
        found = {path.name for path in site.iterdir()} - DROPPED if site.is_dir() else set()
        signs = _SIGNS if index else {MANIFEST: is_manifest}
        ours = any(is_ours((site / name).read_bytes()) for name, is_ours in signs.items() if (site / name).is_file())
    strange = sorted(found - GENERATED) or ([] if ours else sorted(found - {README}))
    if strange:
        msg = f"mirror did not make {strange[0]}, and the whole directory would go"
        raise FolderError(msg, path=site, next_step="move it away, or name another directory for the site")


def _is_page_of_links(data: bytes) -> bool:
    """Whether *data* is our find-links page: an index without a manifest has one, see `build_index`."""
    return (
        b'<meta name="pypi:repository-version"' in data[:200] and b"<title>Links for all projects</title>" in data[:300]
    )


_SIGNS = {MANIFEST: is_manifest, FIND_LINKS: _is_page_of_links}
