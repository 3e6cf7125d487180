"""The manual in a site: ``docs/`` holds the pages that ``make docs SITE=`` built, and the manifest lists them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.model import documents
from pypi_subset.model.door import is_of_the_manual, read_bytes, read_manifest
from pypi_subset.model.paths import MANIFEST, MANUAL, PAGE, PROOF, README, is_manual
from pypi_subset.site.stage_writer import StageWriter
from pypi_subset.support import files, staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


#: The front page of the manual in a site.
FRONT = f"{MANUAL}/{PAGE}"
#: What the front page of the site has where a link to the manual may be, and that link.
NO_LINK, LINK = "<!-- manual -->", f'<li><a href="{FRONT}">Manual</a></li>'


def of_site(site: Path) -> Iterator[tuple[str, bytes]]:
    """
    Yield path and bytes of each file of the manual in *site*.

    A site without a readable manifest has no manual. A file whose bytes are not those of the manifest is left out.

    :raises FolderError: a file cannot be read.
    """
    if not (site / MANUAL).is_dir():
        return
    try:
        stated = read_manifest(site).pages
    except SubsetError:
        return
    for path, digest in sorted(stated.items()):
        if is_manual(path) and (site / path).is_file():
            with files.folder_errors(site / path):
                data = (site / path).read_bytes()
            if hashlib.sha256(data).hexdigest() == digest:
                yield path, data


def lay(built: Path, site: Path, carry_report: Callable[[Path, Path], None]) -> int:
    """
    Replace the manual in *site* by the files of the directory *built*; return how many it has.

    The front page leads to them, and the manifest lists them: their hashes change. *site* is replaced atomically.

    :param built: the HTML pages as Sphinx wrote them. Hidden files are left out.
    :param carry_report: copies the report of the first site to the second and marks it if it is about another manifest.
    :raises FolderError: *built* has no front page, a file has a name that not every system can hold, or *site* cannot be
        written.
    :raises SubsetError: *site* has no manifest that this version can read.
    """
    manifest, data = read_bytes(site)
    manual = dict(_of_directory(built))
    with staging.staged(site) as stage:
        writer = StageWriter(stage, live=site)
        for path, _ in files.walk(site, but=(PROOF, MANUAL, MANIFEST, README)):
            if not path.endswith("/") and path != PAGE:
                writer.link(os.fspath(site / path), path)
        front = {PAGE: _linked(site / PAGE)}
        others = {path: digest for path, digest in manifest.pages.items() if not is_manual(path)}
        pages = others | writer.put_all(sorted([*front.items(), *manual.items()]))
        writer.put(MANIFEST, documents.changed(data, pages=dict(sorted(pages.items()))))
        carry_report(site, Path(stage))
    return len(manual)


def _linked(page: Path) -> bytes:
    """Return the front page at *page* with the link to the manual."""
    with files.folder_errors(page):
        return page.read_bytes().replace(NO_LINK.encode(), LINK.encode())


def _of_directory(built: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path in a site and bytes of each file below *built* that is not hidden."""
    if not (built / PAGE).is_file():
        msg = "this is no built manual: it has no front page"
        raise FolderError(msg, path=built, next_step="build it with `make docs`")
    for path, _ in files.walk(built):
        if path.startswith(".") or "/." in path or path.endswith("/"):
            continue
        if not is_of_the_manual(f"{MANUAL}/{path}"):
            msg = "not every system can hold this name"
            raise FolderError(msg, path=built / path, next_step="rename the page or the image")
        with files.folder_errors(built / path):
            yield f"{MANUAL}/{path}", (built / path).read_bytes()
