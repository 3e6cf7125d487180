"""Other files in the staged site: hard links of the packages directory, and the pages about them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.model.paths import OTHERS_PAGE, PYTHON_DOWNLOADS
from pypi_subset.site.other_files.page import page_of
from pypi_subset.site.other_files.uv_downloads import downloads_of
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.intake.other_files import CarriedFile
    from pypi_subset.site.stage_writer import StageWriter


def carry(others: Sequence[CarriedFile], writer: StageWriter) -> dict[str, str]:
    """
    Write *others*, their page and uv's list into the staged directory; return path → SHA-256 of all of them.

    :param writer: writes the staged directory.
    :raises FolderError: a file cannot be read or written.
    """
    if not others:
        return {}
    found = {}
    for one in others:
        live = Path(writer.live, one.path)
        source = live if _is_same(live, one) else one.place
        writer.link(os.fspath(source), one.path)
        found[one.path] = one.sha256
    downloads = downloads_of({one.path: one.sha256 for one in others})
    made = {OTHERS_PAGE: page_of(others, has_python=bool(downloads)).encode()}
    if downloads:
        made[PYTHON_DOWNLOADS] = downloads
    return found | writer.put_all(made.items())


def _is_same(live: Path, one: CarriedFile) -> bool:
    """Whether the live site has that very file, or a copy of it where the file system has no links."""
    if not live.is_file() or live.is_symlink():
        return False
    return live.samefile(one.place) or (live.stat().st_size == one.size and files.sha256_of(live) == one.sha256)
