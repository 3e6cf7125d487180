"""The ways in: how an installer may be told about the files of a site."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pypi_subset.model.paths import FIND_LINKS, SIMPLE, view_of
from pypi_subset.proof.access.forwarding import Forward, reach_of
from pypi_subset.proof.access.http_server import server_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.proof.access.forwarding import Reach


#: Bytes of the token in the URL of a site that is served here.
TOKEN = 16

#: Each way in, in the order in which they are tried.
WAYS = ("find-links", "simple", "target")


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """
    One way in.

    :param name: one of `WAYS`.
    :param page: the page that an installer is sent to, below the site.
    :param root: URL of the site, as this way reaches it; no slash at its end.
    :param reach: how a box reaches it.
    """

    name: str
    page: str
    root: str
    reach: Reach = field(compare=False, repr=False)

    @property
    def url(self) -> str:
        """The page's address."""
        return f"{self.root}/{self.page}"

    def options(self, root: str = "") -> tuple[str, ...]:
        """Return what pip is told: this page and no other; *root* stands in for the site's URL, where people read it."""
        where = f"{root or self.root}/{self.page}"
        parts = urlsplit(root or self.root)
        # Without it pip reads no plain HTTP from another machine; what pages say is held to the manifest.
        trusted = ("--trusted-host", parts.netloc) if parts.scheme == "http" else ()
        words = ("--no-index", "--find-links") if self.name == "find-links" else ("--index-url",)
        return (*words, where, *trusted)

    def path_of(self, url: str) -> str:
        """Return which file of the site *url* is, as a path below it, ``""`` for what lies elsewhere."""
        return unquote(url.removeprefix(f"{self.root}/")) if url.startswith(f"{self.root}/") else ""


@contextlib.contextmanager
def opened(site: Path, target: str, url: str = "") -> Iterator[tuple[Way, ...]]:
    """
    Yield the ways in to *site* while the ``with`` block lasts: a page of links on disk, and two indexes over HTTP.

    :param target: the target's name; the last way is the index of its own, the one before that of all targets.
    :param url: where the site is served already; then the page of links is read there as well.
    """
    token = secrets.token_hex(TOKEN)
    server = Forward(url) if url else server_of(site, token=token)
    with server.running():
        reach = reach_of(server.url, server.also)
        pages = (FIND_LINKS, f"{SIMPLE}/", f"{view_of(target)}/")
        served = url or f"{server.url}/{token}"
        roots = (url or site.as_uri(), served, served)
        yield tuple(
            Way(name=name, page=page, root=root, reach=reach)
            for name, page, root in zip(WAYS, pages, roots, strict=True)
        )
