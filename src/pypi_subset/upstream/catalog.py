"""
What the user's indexes and directories hold: each page and each file is fetched once, for all jobs together.

pip's own HTTP cache cannot do that: many indexes send no cache header, parallel runs share nothing, and where an index
has no separate metadata, pip fetches whole wheels to resolve.
"""

from __future__ import annotations

import io
import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING

from pypi_subset.distributions.metadata import check_metadata
from pypi_subset.distributions.wheel import check_wheel, read_metadata
from pypi_subset.errors import BadDistribution, UpstreamError
from pypi_subset.support import bounds, files
from pypi_subset.support.once import Once
from pypi_subset.support.threads import DaemonThreadPool
from pypi_subset.upstream.checks import checked, checked_metadata, hashed, localized, most, promised, remote
from pypi_subset.upstream.http import Fetcher, Page, matches
from pypi_subset.upstream.pip_config import Network, local_path, without_credentials
from pypi_subset.upstream.simple_api import from_folder, merge, read_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution, Standing

logger = logging.getLogger(__name__)

#: Bytes: a wheel up to this size is fetched whole, since asking for its end costs as much.
SMALL = 1 << 17

#: Files fetched at the same time.
PARALLEL = 8


class Upstream:
    """
    What the user's indexes and directories hold, each page and file fetched once.

    :param store: a directory for what is fetched; the caller removes it. Files in it are not fetched again.
    :param shelf: the directory of files from earlier runs: a file with the right hash is not fetched.
    """

    def __init__(self, network: Network, *, store: Path, shelf: Path) -> None:
        self._network, self._store, self._shelf = network, store, shelf
        self._fetcher, self.own_wheels = Fetcher(network), network.own_wheels
        self._known: dict[str, Candidate] = {}
        self._sizes: dict[str, int] = {}
        self._ranges = True
        self._arrived: set[str] = set()
        #: METADATA that came as a file of its own (PEP 658), by key.
        self._apart: dict[str, bytes] = {}
        self._quarantined: dict[NormalizedName, Standing] = {}
        # One for each file: a pip that wants the whole of it and one that wants its end may come together.
        self._locks = Once[str, threading.Lock](lambda _: threading.Lock())
        self.candidates, self.bounds = Once(self._read_project), Once(self._read_bounds)
        self._links_at = Once(self._read_links)
        self._file_of, self._metadata_of = Once(self._obtain), Once(self._extract)

    def quarantine(self, project: NormalizedName) -> Standing | None:
        """Return what an index says of *project* if that is in quarantine there (PEP 792), and its page was read."""
        return self._quarantined.get(project)

    def know(self, candidate: Candidate) -> None:
        """Remember *candidate*, so that it can be found by its key."""
        self._known.setdefault(candidate.key, candidate)

    def known(self, key: str) -> Candidate | None:
        """Return the candidate with that key."""
        return self._known.get(key)

    def file(self, candidate: Candidate) -> Path:
        """
        Return the path of the whole file, which the first call fetches.

        :raises UpstreamError: it cannot be fetched.
        :raises HashMismatch: it is not what the index promised.
        """
        return self._file_of(candidate.key)

    def fetch_all(self, candidates: Iterable[Candidate]) -> None:
        """Fetch several files at once, so that each pip finds its next file waiting."""
        with DaemonThreadPool(PARALLEL) as pool:
            for future in [pool.submit(self.file, candidate) for candidate in candidates]:
                future.result()

    def metadata(self, candidate: Candidate) -> bytes:
        """
        Return the bytes of METADATA of a wheel.

        :raises BadDistribution: the wheel is damaged, or says something else than its name.
        """
        return self._metadata_of(candidate.key)

    def metadata_seen(self) -> list[tuple[Distribution, bytes]]:
        """Return every wheel that a pip has read the METADATA of, with its METADATA, in that order."""
        return [(self._known[key].distribution, data) for key, data in self._metadata_of.results()]

    def size(self, candidate: Candidate) -> int:
        """Return the file's size in bytes, which needs a fetch if no page states it."""
        stated = candidate.distribution.size or self._sizes.get(candidate.key)
        return stated if stated is not None else self.file(candidate).stat().st_size

    def find_local(self, one: Distribution) -> Path | None:
        """Return the path of a file from one of the user's directories, without the network."""
        groups = [self._linked(location, one.project) for location in self._network.locations]
        groups += [
            self._read_index(url, one.project) for url in self._network.index_urls if local_path(url) is not None
        ]
        found = (each for group in groups for each in group if each.distribution.filename == one.filename)
        return next((each.path for each in found if each.path is not None), None)

    # Where the facts come from.

    def _read_bounds(self, project: NormalizedName) -> dict[str, Version]:
        """Return each Requires-Python that a wheel of *project* has, with the newest version that has it."""
        newest: dict[str, Version] = {}
        for one in (candidate.distribution for candidate in self.candidates(project) if candidate.tags is not None):
            if one.requires_python:
                newest[one.requires_python] = max(one.version, newest.get(one.requires_python, one.version))
        return newest

    def _read_project(self, project: NormalizedName) -> tuple[Candidate, ...]:
        """
        Return everything that the sources have of *project*, fitting or not, sdists included.

        The order is pip's: directories and pages of ``find-links`` do not outrank an index.

        :raises UpstreamError: a source does not answer, or not with a page.
        :raises HashMismatch: two sources give one file name to different bytes.
        """
        pages = [self._read_index(url, project) for url in self._network.index_urls]
        groups = [*pages, *(self._linked(location, project) for location in self._network.locations)]
        names = Counter(candidate.distribution.filename for group in groups for candidate in group)
        twice = {name for name, count in names.items() if count > 1}
        found = merge(
            tuple(hashed(one) if one.distribution.filename in twice else one for one in each) for each in groups
        )
        for candidate in found:
            self.know(candidate)
        return found

    def _linked(self, location: str, project: NormalizedName) -> tuple[Candidate, ...]:
        found = self._links_at(location)
        if isinstance(found, Page):
            candidates = self._parsed(found, project)
            return remote(candidates) if local_path(location) is None else localized(candidates)
        return from_folder(found, source=str(local_path(location)), project=project)

    def _read_index(self, index: str, project: NormalizedName) -> tuple[Candidate, ...]:
        folder = local_path(index)
        if folder is not None:
            page = folder / project / "index.html"
            if not page.is_file():
                return ()
            with files.folder_errors(page):
                text = files.read_input(page, bounds.LARGEST_PAGE).decode()
            local = Page(text=text, content_type="text/html", url=page.as_uri())
            return localized(self._parsed(local, project))
        found = self._fetcher.page(f"{index}/{project}/")
        return () if found is None else remote(self._parsed(found, project))

    def _parsed(self, page: Page, project: NormalizedName) -> tuple[Candidate, ...]:
        try:
            return read_page(
                page.text,
                content_type=page.content_type,
                url=page.url,
                project=project,
                quarantined=lambda standing: self._quarantined.setdefault(project, standing),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            msg = f"{without_credentials(page.url)} is no page of the simple API: {error!r}"
            raise UpstreamError(msg, project=project, next_step="check pip's 'index-url'") from error

    def _read_links(self, location: str) -> Page | tuple[Path, ...]:
        """Return the page at one location of ``find-links``, or the files there."""
        folder = local_path(location)
        if folder is None:
            return self._fetcher.page(location) or ()
        with files.folder_errors(folder):
            if folder.is_dir():
                return tuple(path for path in folder.iterdir() if path.is_file())
            if folder.suffix in {".html", ".htm"}:
                text = files.read_input(folder, bounds.LARGEST_PAGE).decode()
                return Page(text=text, content_type="text/html", url=folder.as_uri())
            return (folder,) if folder.is_file() else ()

    def _obtain(self, key: str) -> Path:
        """Return the whole file: on the shelf already, in a local folder, or fetched; its hashes hold in any case."""
        candidate = self._known[key]
        one = candidate.distribution
        shelved = self._shelf / one.filename
        if one.sha256 and shelved.is_file() and files.sha256_of(shelved) == one.sha256:
            logger.debug("%s: reused from %s", one.filename, self._shelf)
            return shelved
        path = candidate.path or self._place(candidate)
        with self._locks(key):
            if candidate.path is None and not self._is_stored(candidate):
                self._save(candidate, path)
                logger.info("%s: fetched", one.filename)
        return self._agreeing(candidate, checked(candidate, path))

    def _agreeing(self, candidate: Candidate, path: Path) -> Path:
        """Compare METADATA that was fetched separately with the wheel: resolution uses the one, installation the other."""
        told, name = self._apart.get(candidate.key), candidate.distribution.filename
        try:
            own = told if told is None else read_metadata(path, name)
        except BadDistribution:
            # The intake reports all such files at once.
            return path
        if told != own:
            msg = f"{name} and the metadata that {candidate.source} gave for it contradict each other"
            raise BadDistribution(msg, project=candidate.distribution.project, next_step="tell the index's operator")
        return path

    def _save(self, candidate: Candidate, path: Path) -> None:
        """Fetch the file to *path*; where its URL does not do, from where its page leads now: a lock has no query."""
        one = candidate.distribution
        with promised(candidate):
            try:
                self._fetcher.save(self._address(candidate), path, most(candidate))
            except UpstreamError:
                found = (each for each in self.candidates(one.project) if each.distribution.filename == one.filename)
                address = None if candidate.address else next((each.address for each in found), None)
                if address is None:
                    raise
                self._fetcher.save(address, path, most(candidate))

    def _address(self, candidate: Candidate) -> str:
        address = candidate.at()
        if address is None:
            msg = f"{candidate.distribution.filename} came from a local folder and is not there any more"
            step = "put it into a folder of pip's 'find-links', or run the update"
            raise UpstreamError(msg, project=candidate.distribution.project, next_step=step)
        return address

    def _place(self, candidate: Candidate) -> Path:
        folder = self._store / candidate.key
        with files.folder_errors(folder):
            # Only as long as the run lasts: of a thread that is left behind, nothing must be.
            self._store.mkdir(exist_ok=True)
            folder.mkdir(exist_ok=True)
        return folder / candidate.distribution.filename

    def _extract(self, key: str) -> bytes:
        """METADATA from a file of its own (PEP 658), from the wheel's end, or from the whole wheel; cheapest first."""
        candidate = self._known[key]
        one = candidate.distribution
        if candidate.metadata is not None and one.url is not None:
            data = self._fetcher.small(str(candidate.at(".metadata")), bounds.LARGEST_METADATA)
            if data is not None:
                self._apart[key] = checked_metadata(candidate, data)
                if candidate.tags is not None:
                    check_metadata(data, one.filename)
                return data
        if one.url is not None and self._ranges and (one.size or SMALL + 1) > SMALL and not self._is_here(candidate):
            path = self._place(candidate)
            with self._locks(key):
                with promised(candidate):
                    address, limit = str(candidate.at()), most(candidate)
                    remote = None if self._is_here(candidate) else self._fetcher.tail(address, path, limit)
                if remote is not None:
                    self._sizes[key] = remote.total
                    return read_metadata(io.BufferedReader(remote), one.filename)
                self._ranges = False
                self._arrived.add(key)
        path = self.file(candidate)
        with files.folder_errors(path):
            return check_wheel(path, one.filename)

    def _is_here(self, candidate: Candidate) -> bool:
        return (self._shelf / candidate.distribution.filename).is_file() or self._is_stored(candidate)

    def _is_stored(self, candidate: Candidate) -> bool:
        """Whether this run has fetched the file, or an earlier one did that was stopped, which only a hash can tell."""
        path = self._store / candidate.key / candidate.distribution.filename
        if not path.is_file():
            return False
        with files.folder_errors(path):
            return candidate.key in self._arrived or (
                bool(candidate.hashes) and matches(path, candidate.hashes) is None
            )
