"""Pages and files of one place: an index, or a location of pip's ``find-links``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds, files
from pypi_subset.upstream.pip_config import local_path, without_credentials
from pypi_subset.upstream.settings.usable import PAGES
from pypi_subset.upstream.transport.page import KeptPage, Page

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.support.once import Spool
    from pypi_subset.upstream.http import Fetcher


class Locations:
    """
    Reads places, on this machine or not; each call reads again.

    :param spool: keeps the pages of indexes.
    """

    def __init__(self, fetcher: Fetcher, spool: Spool) -> None:
        self._fetcher, self._spool = fetcher, spool

    def page(self, place: tuple[str, NormalizedName]) -> KeptPage | None:
        """
        Return the page of a project in an index, ``None`` if the index has none.

        :param place: the index without a slash at its end, and the project.
        :raises UpstreamError: the index does not answer, or not with a page.
        :raises FolderError: the file of a local index cannot be read.
        """
        index, project = place
        folder = local_path(index)
        if folder is None:
            found = self._fetcher.page(f"{index}/{project}/")
            return None if found is None else KeptPage.of(found, self._spool)
        page = folder / project / "index.html"
        if not page.is_file():
            return None
        with files.folder_errors(page):
            text = files.read_input(page, bounds.LARGEST_PAGE).decode()
        return KeptPage.of(Page(text=text, content_type="text/html", url=page.as_uri()), self._spool)

    def links(self, location: str) -> Page | tuple[Path, ...]:
        """
        Return the page at a location of ``find-links``, or the files there.

        :raises UpstreamError: the server does not answer, or has no page there.
        :raises FolderError: a directory or a file cannot be read.
        """
        folder = local_path(location)
        if folder is None:
            if (found := self._fetcher.page(location)) is None:
                msg = f"{without_credentials(location)} has no page, and {self._fetcher.blame.owner(location)} names it"
                raise UpstreamError(msg, next_step="correct it, or remove it (`pip config debug` lists all sources)")
            return found
        with files.folder_errors(folder):
            if folder.is_dir():
                return tuple(path for path in folder.iterdir() if path.is_file())
            if folder.suffix in PAGES:
                text = files.read_input(folder, bounds.LARGEST_PAGE).decode()
                return Page(text=text, content_type="text/html", url=folder.as_uri())
            return (folder,) if folder.is_file() else ()
