"""What input files may refer to outside of ``requirements/``: the sources that pip is configured for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.model.requests import Document

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """
    What pip is configured for on this machine.

    :param index_urls: pip's ``index-url`` and every ``extra-index-url``, in this order; ``None`` if the machine that reads
        the files resolves nothing, and so need not know.
    :param find_links: pip's ``find-links``.
    :param documents: returns the document at a URL; ``None``: what is kept beside the locks.
    """

    index_urls: tuple[str, ...] | None = None
    find_links: tuple[str, ...] = ()
    documents: Callable[[str], Document] | None = None

    def is_index(self, url: str) -> bool:
        """Whether *url* is the index that pip asks first."""
        return self.index_urls is None or [_plain(url)] == [*map(_plain, self.index_urls[:1])]

    def is_only_index(self, url: str) -> bool:
        """Whether pip asks no other index than that at *url*."""
        return self.is_index(url) and len(self.index_urls or ()) <= 1

    def is_known(self, url: str) -> bool:
        """Whether pip asks the index at *url*, first or later."""
        return self.index_urls is None or _plain(url) in map(_plain, self.index_urls)

    def is_linked(self, *locations: str) -> bool:
        """Whether one of *locations* is in pip's ``find-links``."""
        known = {*map(_plain, self.find_links)}
        return self.index_urls is None or not known.isdisjoint(map(_plain, locations))


#: What a machine knows that resolves nothing.
NOWHERE = Reach()


def _plain(location: str) -> str:
    """Return a URL or a path in one spelling: without user and password, default port and last slash (RFC 3986, 6.2)."""
    if "://" not in location and not location.startswith("file:"):
        return os.path.normpath(os.path.abspath(location))  # noqa: PTH100 - what is compared is text
    try:
        parts = urlsplit(location)
        port = parts.port
    except ValueError:
        return location
    if parts.scheme == "file":
        return os.path.normpath(unquote(parts.path))
    place = (parts.hostname or "") + (f":{port}" if port not in {None, _PORTS.get(parts.scheme)} else "")
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}{f'?{parts.query}' if parts.query else ''}"
