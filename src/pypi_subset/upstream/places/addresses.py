"""
Addresses of one file: where its page or its lock leads, and every other place that lists the same bytes.

A lock names bytes, not addresses. Where an address does not give them, the file is looked up by name and hash.
"""

from __future__ import annotations

import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import urlsplit

from pypi_subset.errors import HashMismatch, UpstreamError
from pypi_subset.model.candidates import LOCK
from pypi_subset.model.intake.gone import FETCH_GONE
from pypi_subset.support import files
from pypi_subset.support.secrets.paths import HIDDEN
from pypi_subset.support.threads import DaemonThreadPool
from pypi_subset.upstream.checks import Named, checked, instead, most, promised, require_file, text_in
from pypi_subset.upstream.pip_config import without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.sources import Source
    from pypi_subset.upstream.http import Fetcher

    #: A project and the source that serves it, ``None`` for the indexes of pip's configuration.
    Where: TypeAlias = tuple[NormalizedName, Source | None]

logger = logging.getLogger(__name__)

#: Addresses that are asked at a time.
_AT_ONCE = 8
#: What the user can do about a file that no address gives.
STEP = "set pip's index-url to an index that has it, or copy the file into packages/"


class Listing(Protocol):
    """What is asked of `pypi_subset.upstream.pages.Pages`."""

    def origin(self, one: Distribution, /) -> Where:
        """Return which source a file came from."""

    def readers(self, where: Where, /) -> Sequence[Callable[[Named], tuple[Candidate, ...]]]:
        """Return a function for each place that a project may come from, which reads what is wanted there."""

    def listed(self, where: Where, names: Collection[str], /) -> Mapping[str, Distribution]:
        """Return those files that a source has now, by name."""

    def doubt(self, where: Where, /) -> str:
        """Return why a file that is not listed may be there all the same."""


class Addresses:
    """Fetches files, each from the first address that gives the bytes that are wanted."""

    def __init__(self, fetcher: Fetcher, pages: Listing) -> None:
        self._fetcher, self._pages = fetcher, pages
        #: Servers that locks name and that did not give a file: the next file is looked up at once.
        self._failed: set[str] = set()

    def save(self, candidate: Candidate, path: Path, arrived: Callable[[int], None] | None = None) -> str:
        """
        Return the SHA-256 of the file, after fetching it to *path*.

        :param arrived: called with the number of bytes of each block.
        :raises UpstreamError: no address gives the file.
        :raises HashMismatch: an address gives other bytes, and no other one gives those that are wanted.
        """
        first, locked = _address(candidate), candidate.source == LOCK
        here = partial(self._fetched, candidate, first, path, arrived)
        server = urlsplit(first).netloc
        if (
            locked
            and (server in self._failed or HIDDEN in first)
            and (found := self._elsewhere(candidate, path, arrived))
        ):
            return found
        try:
            return here()
        except (UpstreamError, HashMismatch) as error:
            self._failed.add(server)
            if found := self._elsewhere(candidate, path, arrived):
                return found
            if locked:
                raise self._lost(candidate, error) from error
            raise

    def warnings(self, ones: Iterable[Candidate]) -> list[str]:
        """
        Return a sentence for each file that the address in its lock does not give, in the order of *ones*.

        :raises HashMismatch: two sources give one file name to different bytes.
        """
        ones = [one for one in ones if one.distribution.url is not None]
        with DaemonThreadPool(_AT_ONCE) as pool:
            futures = [(one, pool.submit(self._warning, one)) for one in ones]
        return [sentence for _, future in futures if (sentence := future.result())]

    def _warning(self, candidate: Candidate) -> str:
        address = _address(candidate)
        why = f"{address} lacks a token" if HIDDEN in address else self._refusal(candidate, address)
        other = next(self._listed(candidate), None) if why else None
        # A lock has no token and no query: the page of a source has the whole address.
        if not why or (other and other.address is not None):
            return ""
        then = f"no source has it elsewhere: {STEP}" if other is None else f"mirror takes the file from {other.source}"
        return f"{candidate.distribution.filename}: the address in the lock does not give it ({why}); {then}"

    def _refusal(self, candidate: Candidate, address: str) -> str:
        """Return why the file at *address* is not the one that is wanted, ``""`` if its first bytes and its size may be."""
        one = candidate.distribution
        try:
            data, size = self._fetcher.beginning(address)
        except UpstreamError as error:
            return error.what
        if kind := text_in(data):
            return instead(address, kind, one.filename)
        if one.size is None or size in {None, one.size}:
            return ""
        return f"{without_credentials(address)} has {size:,} bytes, and {candidate.source} promised {one.size:,}"

    def _fetched(
        self, candidate: Candidate, address: str, path: Path, arrived: Callable[[int], None] | None = None
    ) -> str:
        """Return the SHA-256 of the file at *address*, which is at *path* then, if it is the one that is wanted."""
        with promised(candidate):
            wanted = candidate.distribution.sha256 or ""
            sha256 = self._fetcher.save(address, path, most(candidate), arrived, wanted)
        require_file(path, address)
        checked(candidate, path, sha256)
        return sha256

    def _elsewhere(self, candidate: Candidate, path: Path, arrived: Callable[[int], None] | None) -> str:
        """Return the SHA-256 of the file from another place that lists it, ``""`` if none gives it."""
        for other in self._listed(candidate) if candidate.hashes else ():
            with contextlib.suppress(UpstreamError, HashMismatch):
                if other.path is not None:
                    with files.folder_errors(path):
                        files.copy(other.path, path)
                    sha256 = files.sha256_of(checked(candidate, path))
                else:
                    sha256 = self._fetched(candidate, str(other.at()), path, arrived)
                logger.info("%s: its address does not give it; taken from %s", path.name, other.source)
                return sha256
        return ""

    def _listed(self, candidate: Candidate) -> Iterator[Candidate]:
        """Yield the file of that name of each source that the project may come from, unless it is known to be another."""
        one = candidate.distribution
        wanted = dict(candidate.hashes)
        for read in self._pages.readers(self._pages.origin(one)):
            found: tuple[Candidate, ...] = ()
            # A source that does not answer has nothing to say about the others.
            with contextlib.suppress(UpstreamError):
                found = read(Named({one.filename}))
            for other in (each for each in found if each.distribution.filename == one.filename):
                stated = dict(other.hashes)
                same = all(wanted[kind] == stated[kind] for kind in wanted.keys() & stated.keys())
                if same and (other.path is not None or other.at() != candidate.at()):
                    yield other

    def _lost(self, candidate: Candidate, error: UpstreamError | HashMismatch) -> UpstreamError | HashMismatch:
        """Return the error about a file whose address is that of a lock, and that no source gives."""
        one, where = candidate.distribution, self._pages.origin(candidate.distribution)
        with contextlib.suppress(UpstreamError):
            if not self._pages.listed(where, {one.filename}) and not self._pages.doubt(where):
                msg = f"{one.filename} is locked and not in packages/, and its index does not offer it any more"
                return UpstreamError(msg, project=one.project, next_step=FETCH_GONE)
        msg = f"{one.filename}: its address comes from the lock, and no source has these bytes elsewhere: {error.what}"
        step = "; otherwise ".join(filter(None, (error.next_step, STEP)))
        kind = HashMismatch if isinstance(error, HashMismatch) else UpstreamError
        return kind(msg, project=one.project, next_step=step)


def _address(candidate: Candidate) -> str:
    address = candidate.at()
    if address is None:
        msg = f"{candidate.distribution.filename} came from a local directory and is not there any more"
        step = "put it into requirements/wheels or a directory of pip's 'find-links', or run `pypi-subset update`"
        raise UpstreamError(msg, project=candidate.distribution.project, next_step=step)
    return address
