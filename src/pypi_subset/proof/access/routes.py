"""The routes: the options with which an installer finds the files of a site."""

from __future__ import annotations

import contextlib
import functools
import secrets
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from pypi_subset.model.checks import WAYS
from pypi_subset.model.door import read_manifest
from pypi_subset.model.intake.variants import foreign_in, together_in, variants_in
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import FIND_LINKS, PAGE, SIMPLE, view_of
from pypi_subset.proof.access.forwarding import Forward, reach_of
from pypi_subset.proof.access.http_server import server_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pypi_subset.proof.access.forwarding import Reach


#: Bytes of the token in the URL of a site that is served here.
TOKEN = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """
    One route.

    :param name: one of `WAYS`.
    :param page: the page that an installer is sent to, below the site.
    :param further: pages of the target's view for projects with variants, of which *page* leads to no file.
    :param root: URL of the site, as this way reaches it; no slash at its end.
    :param reach: how a box reaches it.
    """

    name: str
    page: str
    root: str
    reach: Reach = field(compare=False, repr=False)
    further: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"{self.root}/{self.page}"

    def options(self, root: str = "") -> tuple[str, ...]:
        """Return pip's options for these pages and no other; *root* replaces the site's URL, where people read it."""
        where = f"{root or self.root}/{self.page}"
        further = [word for page in self.further for word in ("--find-links", f"{root or self.root}/{page}")]
        parts = urlsplit(root or self.root)
        # Without it pip reads no plain HTTP from another machine; what pages say is held to the manifest.
        trusted = ("--trusted-host", parts.netloc) if parts.scheme == "http" else ()
        words = ("--no-index", "--find-links") if self.name == "find-links" else ("--index-url",)
        return (*words, where, *further, *trusted)

    def path_of(self, url: str) -> str:
        """Return which file of the site *url* is, as a path below it, ``""`` for what is elsewhere."""
        return unquote(url.removeprefix(f"{self.root}/")) if url.startswith(f"{self.root}/") else ""


class Apart(NamedTuple):
    """
    What pages for all targets must not offer to clients of one target.

    :param left_out: projects that they leave out, since they have variants; sorted.
    :param foreign: path below the site → the source, for files whose source does not serve the target.
    :param together: projects of which the sets of the target need several local parts.
    """

    left_out: tuple[str, ...] = ()
    foreign: Mapping[str, str] = MappingProxyType({})
    together: frozenset[str] = frozenset()


def apart(site: Path, target: str) -> Apart:
    """
    Return what holds for *target*; each process reads a manifest once.

    :raises SubsetError: the manifest of *site* is damaged.
    """
    path = manifest_path(site)
    if not path.is_file():
        return Apart()
    facts = path.stat()
    return _apart(site, (facts.st_ino, facts.st_size, facts.st_mtime_ns)).get(target, Apart())


@functools.lru_cache(maxsize=4)
def _apart(site: Path, state: tuple[int, ...]) -> dict[str, Apart]:
    """Return the same for each target; *state* is that of the manifest."""
    del state
    manifest = read_manifest(site)
    variants, foreign, together = variants_in(manifest), foreign_in(manifest), together_in(manifest)
    return {
        one.name: Apart(
            left_out=tuple(project for project, targets in variants.items() if one.name in targets),
            foreign=foreign.get(one.name, {}),
            together=together.get(one.name, frozenset()),
        )
        for one in manifest.targets
    }


@contextlib.contextmanager
def opened(site: Path, target: str, url: str = "") -> Iterator[tuple[Way, ...]]:
    """
    Yield the routes to *site* while the ``with`` block lasts: a find-links page on disk, and two indexes over HTTP.

    :param target: the target's name; the last way is the index of its own, the one before that of all targets.
    :param url: where the site is served already; then the find-links page is read there as well.
    """
    token = secrets.token_hex(TOKEN)
    server = Forward(url) if url else server_of(site, token=token)
    with server.running():
        reach = reach_of(server.url, server.also)
        pages = (FIND_LINKS, f"{SIMPLE}/", f"{view_of(target)}/")
        further = tuple(f"{view_of(target)}/{project}/{PAGE}" for project in apart(site, target).left_out)
        served = url or f"{server.url}/{token}"
        roots = (url or site.as_uri(), served, served)
        yield tuple(
            Way(name=name, page=page, root=root, reach=reach, further=() if name == WAYS[-1] else further)
            for name, page, root in zip(WAYS, pages, roots, strict=True)
        )
