"""Where a site is, as a lock spells it: the address of its index, and that of each file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import SIMPLE
from pypi_subset.publishing import published
from pypi_subset.upstream.pip_config import without_credentials

if TYPE_CHECKING:
    from pypi_subset.model.manifest import File

_FILE = "file://"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """
    Where a site is.

    :param base: its URL, or the path of its directory; ends in a slash.
    :param folder: the directory, ``None`` for a URL.
    """

    base: str
    folder: Path | None = None

    @property
    def registry(self) -> str:
        """The index, as uv writes it into its lock for the ``uv.toml`` of the site."""
        return f"{self.base}{SIMPLE}/"

    @property
    def url(self) -> str:
        """The index as a URL, as ``uv.toml`` has it."""
        return f"{self._url}{SIMPLE}/"

    @property
    def key(self) -> str:
        """The key under which uv's lock names a file: uv takes files of a directory by their paths."""
        return "path" if self.folder else "url"

    def place(self, file: File) -> str:
        """Return what uv's lock says of *file* under `key`."""
        return f"{self.base}{file.path if self.folder else quote(file.path)}"

    def url_of(self, file: File) -> str:
        """Return the URL of *file*."""
        return f"{self._url}{quote(file.path)}"

    @property
    def _url(self) -> str:
        return f"{self.folder.as_uri()}/" if self.folder else self.base


def address_of(place: str) -> Address:
    """
    Return the address of the site at *place*: a URL, or a directory on this machine.

    :raises SubsetError: *place* is empty, is no address, or has a password, which a lock would show to its readers.
    """
    if not place:
        msg = "`--url` is missing: the lock has to name a site"
        raise SubsetError(msg, next_step="add `--url https://HOST/`, the address of the front page, or `--url DIR`")
    if place.startswith(_FILE):
        place = url2pathname(urlsplit(place).path)
    if "://" not in place:
        folder = Path(os.path.abspath(place))  # noqa: PTH100 - the path as uv has it, links included
        return Address(base=f"{folder.as_posix().rstrip('/')}/", folder=folder)
    base = published.address_of(place)
    if urlsplit(base).username is not None:
        msg = f"{without_credentials(base)}: a lock shows a user and a password to all its readers"
        raise SubsetError(msg, next_step="leave them out; uv and pip read them from a netrc file")
    return Address(base=base)
