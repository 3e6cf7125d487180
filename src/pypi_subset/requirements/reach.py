"""What input files may refer to outside of ``requirements/``: the sources that pip is configured for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pypi_subset.model.intake.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.utils import NormalizedName

    from pypi_subset.model.requests import Document

#: What a machine has that knows no ``subset.toml``.
_NO_SOURCES = Sources()
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """
    What pip is configured for on this machine.

    :param index_urls: pip's ``index-url`` and every ``extra-index-url``, in this order; ``None`` if the machine that reads
        the files resolves nothing, and so need not know.
    :param find_links: pip's ``find-links``.
    :param sources: the sources of ``subset.toml``, each of which serves the projects that it names.
    :param documents: returns the document at a URL; ``None``: what is kept beside the locks.
    """

    index_urls: tuple[str, ...] | None = None
    find_links: tuple[str, ...] = ()
    sources: Sources = _NO_SOURCES
    documents: Callable[[str], Document] | None = None

    def is_index(self, url: str) -> bool:
        """Whether *url* is the index that pip asks first."""
        return self.index_urls is None or [_plain(url)] == [*map(_plain, self.index_urls[:1])]

    def is_only_index(self, url: str) -> bool:
        """Whether pip asks no other index than that at *url*."""
        return self.is_index(url) and len(self.index_urls or ()) <= 1

    def is_asked(self, url: str) -> bool:
        """Whether pip asks the index at *url* for any project, first or later."""
        return self.index_urls is None or _plain(url) in map(_plain, self.index_urls)

    def is_known(self, url: str) -> bool:
        """Whether pip asks the index at *url*, or a source of ``subset.toml`` says which projects come from there."""
        return self.is_asked(url) or _plain(url) in {_plain(one.index) for one in self.sources.named if one.index}

    def serves(self, url: str, project: NormalizedName, target: str) -> bool:
        """Whether *project* comes from the index at *url* on *target*, and from nowhere else."""
        source = self.sources.source_of(project, target)
        if source is None:
            return self.is_only_index(url)
        return bool(source.index) and _plain(source.index) == _plain(url)

    def is_linked(self, *locations: str) -> bool:
        """Whether one of *locations* is in pip's ``find-links``."""
        known = {*map(_plain, self.find_links)}
        return self.index_urls is None or not known.isdisjoint(map(_plain, locations))

    def is_wheels(self, *locations: str) -> bool:
        """Whether one of *locations* is the directory of a source, which serves its projects without a line."""
        known = {_plain(str(one.wheels)) for one in self.sources.named if one.wheels is not None}
        return not known.isdisjoint(map(_plain, locations))


#: What a machine knows that resolves nothing.
NOWHERE = Reach()


def is_same_place(one: str, other: str) -> bool:
    """Whether two URLs or paths are one place, however they are written."""
    return _plain(one) == _plain(other)


def without_user(url: str) -> str:
    """Return *url* as a source may have it, without a user; ``""`` if none can: a path, a query, or no URL."""
    try:
        is_plain = bool(urlsplit(url).hostname) and url.startswith(("https://", "http://")) and url.isprintable()
    except ValueError:
        return ""
    return _plain(url) if is_plain and not set(url) & set(' "\\?#') else ""


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
