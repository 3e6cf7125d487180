"""Documents that requirements files include by URL, through pip's own sessions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pypi_subset.errors import UpstreamError
from pypi_subset.model.requests import Document
from pypi_subset.requirements import fetched
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.upstream.pip_config import Network

logger = logging.getLogger(__name__)


class Documents:
    """
    Returns the document at a URL: as it is kept beside the locks, or fetched, once in a run.

    :param locks: the directory of the locks.
    :param update: fetch what is kept as well.
    """

    def __init__(self, network: Network, locks: Path, *, update: bool) -> None:
        self._network, self._locks, self._update = network, locks, update
        self._found: dict[str, Document] = {}

    def __call__(self, url: str) -> Document:
        """
        Return the document at *url*.

        :raises UpstreamError: it cannot be fetched.
        :raises LockError: what is kept has another hash than when it was fetched.
        """
        if url not in self._found:
            kept = not self._update and url in fetched.listed(self._locks)
            self._found[url] = fetched.read(self._locks, url) if kept else self._fetch(url)
        return self._found[url]

    def _fetch(self, url: str) -> Document:
        # Imported late: it loads the network side of pip.
        from pypi_subset.upstream.http import Fetcher  # noqa: PLC0415

        data = Fetcher(self._network).small(url, bounds.LARGEST_INPUT)
        if data is None:
            msg = f"there is nothing at {url}"
            raise UpstreamError(msg, next_step="correct the URL, or copy the file into the directory and name its path")
        logger.info("%s: fetched, %d bytes", url, len(data))
        return Document(url=url, path=fetched.place(self._locks, url), data=data)
