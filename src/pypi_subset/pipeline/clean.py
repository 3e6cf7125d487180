"""Emptying ``packages/`` and ``site/``."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError
from pypi_subset.model.paths import MANIFEST
from pypi_subset.packages import file_cache, gone_list
from pypi_subset.packages.bad_files import LIST
from pypi_subset.packages.stock import REJECTED, is_distribution
from pypi_subset.pipeline.workspace import KEPT, OBSOLETE
from pypi_subset.proof.cache.green_results import NAME
from pypi_subset.site import build_state
from pypi_subset.site.ownership import require_own
from pypi_subset.support import files, staging

if TYPE_CHECKING:
    from pathlib import Path


#: What runs keep in ``packages/`` beside distributions.
WORKING = frozenset(
    {files.RUNNING, REJECTED, LIST, KEPT, *OBSOLETE, file_cache.FILE, build_state.FILE, gone_list.FILE, NAME}
)


def clean(packages: Path, site: Path) -> None:
    """
    Remove everything but the READMEs from *packages* and *site*.

    :raises FolderError: one of them holds anything that mirror did not make; nothing is removed then.
    """
    require_own(site)
    # To lock a directory creates it, so only an existing one is locked.
    with files.exclusive(packages) if packages.is_dir() else contextlib.nullcontext():
        for path in _content(packages):
            temporary = path.name.startswith(".") and path.name.endswith((".part", ".stage"))
            if not (temporary or path.name in WORKING or is_distribution(path.name)):
                msg = "mirror did not make this"
                raise FolderError(msg, path=path, next_step="move it away, then run clean again")
        for folder in (packages, site):
            staging.recover(folder)
            # The manifest last: without one, the rest of a site would be taken for the user's own.
            for path in sorted(_content(folder), key=lambda one: one.name == MANIFEST):
                with files.folder_errors(path):
                    staging.remove_tree(path)


def _content(folder: Path) -> list[Path]:
    """Return what *folder* holds beside its README, sorted; nothing if there is no such directory."""
    with files.folder_errors(folder):
        return sorted(path for path in folder.iterdir() if path.name != "README.md") if folder.is_dir() else []
