"""A published site at its address: the documents that say what it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError, UpstreamError
from pypi_subset.model import door
from pypi_subset.model.documents import UPGRADE
from pypi_subset.model.paths import MANIFEST, PAGE
from pypi_subset.support import bounds
from pypi_subset.upstream.checks import LOGIN, instead, text_in
from pypi_subset.upstream.pip_config import without_credentials

if TYPE_CHECKING:
    from pypi_subset.model.manifest import Manifest
    from pypi_subset.upstream.http import Fetcher

#: What to do about a site that contradicts itself.
DISTRUST = "do not trust that site"
_FRONT_PAGE = "name the address of the front page that shows what is here"
_UNAUTHORIZED, _FORBIDDEN = 401, 403


def address_of(url: str) -> str:
    """Return *url* as that of a directory."""
    if not url.startswith(("https://", "http://")):
        msg = f"no address of a published site: {without_credentials(url)!r}" if url else "no address is named"
        raise SubsetError(msg, next_step="as in `--url https://HOST/`, where the front page is")
    if "?" in url or "#" in url:
        msg = f"{without_credentials(url)}: an address with a query or a fragment has nothing below it"
        raise SubsetError(msg, next_step="name the address of the front page without what follows '?' or '#'")
    return url.removesuffix(PAGE).rstrip("/") + "/"


def small(fetcher: Fetcher, url: str, limit: int) -> bytes | None:
    """Return a document of the site, ``None`` if the server has none."""
    try:
        return fetcher.small(url, limit)
    except UpstreamError as error:
        step = "check the address and the network, and pip's 'proxy' and 'cert' settings"
        step = error.next_step if error.status == _UNAUTHORIZED else step
        raise UpstreamError(error.what, next_step=step) from error


def manifest_at(fetcher: Fetcher, base: str) -> bytes:
    """
    Return the bytes of the manifest that is published at *base*.

    :raises UpstreamError: the server has none, does not show it, or sends a page in its place.
    """
    url = f"{base}{MANIFEST}"
    data = small(fetcher, url, bounds.LARGEST_DOCUMENT)
    if data is None:
        raise _absent(fetcher, url)
    if data.lstrip().startswith(b"<"):
        raise UpstreamError(instead(url, text_in(data), MANIFEST), next_step=f"{LOGIN}; or {_FRONT_PAGE}")
    return data


def _absent(fetcher: Fetcher, url: str) -> UpstreamError:
    """Return the error about a manifest that is not given: an answer 403 may say that it is not there, or who may read it."""
    try:
        fetcher.beginning(url)
    except UpstreamError as error:
        step = f"{error.next_step}; or {_FRONT_PAGE}" if error.status == _FORBIDDEN else _FRONT_PAGE
        return UpstreamError(error.what, next_step=step)
    # It came in the meantime.
    return UpstreamError(f"there is no {without_credentials(url)}", next_step="try again")


def decoded(base: str, data: bytes) -> Manifest:
    """Return the manifest in *data*, which is published at *base*."""
    place = f"{without_credentials(base)}{MANIFEST}"
    again = f"{DISTRUST}, or publish it again with the version that is used here"
    try:
        return door.decode(data, path=Path(MANIFEST), next_step=again)
    except SubsetError as error:
        step = UPGRADE if error.next_step == UPGRADE else again
        msg = f"{place}: {error.what}"
        raise UpstreamError(msg, next_step=step) from error
