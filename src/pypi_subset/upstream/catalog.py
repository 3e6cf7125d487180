"""
What the user's indexes and directories hold: each page and each file is fetched once, for all jobs together.

pip's own HTTP cache cannot do that: many indexes send no cache header, parallel runs share nothing, and where an index
has no separate metadata, pip fetches whole wheels to resolve.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import threading
from functools import partial
from typing import TYPE_CHECKING

from pypi_subset.distributions.metadata import without_description
from pypi_subset.distributions.wheel import check_wheel, read_metadata
from pypi_subset.errors import BadDistribution, UpstreamError
from pypi_subset.model.candidates import LOCK, Candidate
from pypi_subset.policy.judge import ADMIT_ALL, Judge
from pypi_subset.support import files
from pypi_subset.support.once import Once, Spool
from pypi_subset.upstream.checks import checked, is_text, matches, most, own_file, promised
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.offers import TargetOffers
from pypi_subset.upstream.pages import Pages
from pypi_subset.upstream.places.addresses import Addresses
from pypi_subset.upstream.places.apart import Apart
from pypi_subset.upstream.transport import kept
from pypi_subset.upstream.transport.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.upstream.builds import Builds
    from pypi_subset.upstream.pip_config import Network

logger = logging.getLogger(__name__)

#: Bytes: a wheel up to this size is fetched whole, since asking for its end costs as much.
SMALL = 1 << 17


class Upstream:
    """
    What the user's indexes and directories hold, each page and file fetched once.

    :param store: a directory for files, which are not fetched again; the caller removes it. Pages are in the one above.
    :param shelf: the directory of files from earlier runs: a file with the right hash is not fetched.
    :param judge: the rules that may refuse a candidate.
    :param say: receives a line when all requests to a host wait.
    """

    def __init__(
        self,
        network: Network,
        *,
        store: Path,
        shelf: Path,
        judge: Judge = ADMIT_ALL,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._store, self._shelf = store, shelf
        self.fetcher = Fetcher(network, Kept(store / kept.FOLDER), say)
        self.own_wheels = network.own_wheels
        self._known: dict[str, Candidate] = {}
        self._sizes: dict[str, int] = {}
        self._ranges = True
        #: The files that this run fetched to the store, and those that a stopped run left there.
        self._arrived, self.left = set[str](), set[str]()
        #: SHA-256 of the files in the store, by key: none is hashed twice.
        self._digests: dict[str, str] = {}
        self._apart = Apart(self.fetcher, shelf)
        #: As `Apart.own`, with sizes that neither the page nor the lock states rightly.
        self.own_facts = self._apart.own
        # One for each file: a pip that wants the whole of it and one that wants its end may come together.
        self._locks = Once[str, threading.Lock](lambda _: threading.Lock())
        self.pages = Pages(network, self.fetcher, Spool(store.parent), judge=judge)
        self.addresses = Addresses(self.fetcher, self.pages)
        #: Builds wheels from sdists; ``None`` where no project is to be built.
        self.builds: Builds | None = None
        self._file_of, self._sha256_of = Once(self._obtain), Once(self._hash)
        self._metadata_of = Once(self._read_metadata)
        #: Called with the name of a file that is fetched as a whole, and bytes that arrived.
        self.arrived: Callable[[str, int], None] | None = None
        #: The keys of the wheels whose METADATA was asked for, in that order; others are read ahead.
        self._asked: dict[str, None] = {}

    def on(self, target: str, *, later: bool = True) -> TargetOffers:
        """Return what the sources offer on the target of that name; *later* is that of `TargetOffers`."""
        return TargetOffers(upstream=self, target=target, later=later)

    def built(self, candidate: Candidate, asker: tuple[str, ...] = ()) -> Candidate:
        """
        Return *candidate*, or the wheel for it if that is still to be built, as `Builds.built`.

        :raises NotBuilt: it cannot be built.
        """
        if self.builds is None or candidate.sdist is None or candidate.distribution.built is not None:
            return candidate
        return self.builds.built(candidate, asker)

    def know(self, candidate: Candidate) -> None:
        """Remember *candidate*, so that it can be found by its key."""
        self._remembered(candidate)

    def known(self, key: str, project: NormalizedName) -> Candidate | None:
        """Return the candidate with that key, remembered or on a page of *project* that was read."""
        found = self._known.get(key)
        if found is not None and found.source != LOCK:
            return found
        # A lock has fewer facts than the page, and may have come first.
        offered = (one for where in self.pages.read(project) for one in self.pages.candidates(where))
        return next((one for one in offered if one.key == key), found)

    def file(self, candidate: Candidate) -> Path:
        """
        Return the path of the whole file, which the first call fetches.

        :raises UpstreamError: it cannot be fetched.
        :raises HashMismatch: it is not what the index promised.
        """
        return self._file_of(self._remembered(self.built(candidate)))

    def sha256(self, candidate: Candidate) -> str:
        """Return the SHA-256 of the whole file, which is hashed once; it raises what `file` raises."""
        return self._sha256_of(self._remembered(self.built(candidate)))

    def metadata(self, candidate: Candidate) -> bytes:
        """
        Return METADATA of a wheel without the description, which has most of its bytes.

        :raises BadDistribution: the wheel is damaged, or says something else than its name.
        """
        key = self._remembered(self.built(candidate))
        data = self._metadata_of(key)[0]
        self._asked.setdefault(key)
        return data

    def metadata_ahead(self, candidate: Candidate) -> bytes | None:
        """
        Return METADATA as `metadata` does, before it is asked for; ``None`` if the whole wheel must be fetched for that.

        :raises BadDistribution: as `metadata`.
        """
        one = candidate.distribution
        apart = self._apart.is_served(candidate) or (self._ranges and (one.size or SMALL + 1) > SMALL)
        ready = candidate.sdist is None and one.url is not None and (apart or (one.size or SMALL + 1) <= SMALL)
        return self._metadata_of(self._remembered(candidate))[0] if ready else None

    def metadata_hash(self, candidate: Candidate) -> str:
        """
        Return the SHA-256 of the whole METADATA of a wheel.

        :raises BadDistribution: as `metadata`.
        """
        return self._metadata_of(self._remembered(self.built(candidate)))[1]

    def metadata_of_candidates(self) -> list[tuple[Candidate, bytes]]:
        """Return every wheel that a pip has read the METADATA of, with what `metadata` returns, in that order."""
        return [(self._known[key], self._metadata_of(key)[0]) for key in [*self._asked]]

    def metadata_seen(self) -> list[tuple[Distribution, bytes]]:
        """Return the same with the distributions."""
        return [(candidate.distribution, data) for candidate, data in self.metadata_of_candidates()]

    def size(self, candidate: Candidate) -> int:
        """Return the file's size in bytes, which needs a fetch if no page states it; one on the shelf has its own."""
        one = candidate.distribution
        stated = self._sizes.get(candidate.key) or one.size
        shelved = self._shelf / one.filename
        with contextlib.suppress(OSError):
            size = shelved.stat().st_size
            if one.sha256 and size != stated and files.sha256_of(shelved) == one.sha256:
                return size
        return stated if stated is not None else self.file(candidate).stat().st_size

    def warnings_of(self, ones: Iterable[Distribution]) -> list[str]:
        """Return a sentence for each locked file that the address in its lock does not give."""
        known = ((one, (("sha256", one.sha256 or ""),)) for one in ones)
        return self.addresses.warnings(Candidate(distribution=one, source=LOCK, hashes=hashes) for one, hashes in known)

    # Where the facts come from.

    def _remembered(self, candidate: Candidate) -> str:
        """Return the key by which *candidate* is known from now on."""
        key = candidate.key
        if (known := self._known.setdefault(key, candidate)).source == LOCK != candidate.source:
            logger.debug("%s: the page has more facts than the lock", known.distribution.filename)
            self._known[key] = candidate
        return key

    def _sound(self, key: str) -> Candidate:
        """Return a candidate that is known; the error about it if it cannot be taken is raised."""
        if (candidate := self._known[key]).fault is not None:
            raise candidate.fault
        return candidate

    def _obtain(self, key: str) -> Path:
        """Return the whole file: on the shelf already, in a local directory, or fetched; its hashes hold in any case."""
        candidate = self._sound(key)
        one = candidate.distribution
        shelved = self._shelf / one.filename
        if one.sha256 and shelved.is_file() and files.sha256_of(shelved) == one.sha256:
            logger.debug("%s: reused from %s", one.filename, self._shelf)
            return shelved
        again = self.builds.again(one) if self.builds and one.built and candidate.path is None else None
        path, sha256 = candidate.path or again, None
        if path is None:
            path = self._place(candidate)
            with self._locks(key):
                sha256 = self._stored(candidate) or self._save(candidate, path)
        self._apart.require_agreement(candidate, checked(candidate, path, sha256))
        if (size := path.stat().st_size) != (one.size or size):
            self.own_facts.setdefault(one.filename, {})["size"] = size
        return path

    def _hash(self, key: str) -> str:
        path = self._file_of(key)
        return self._digests.get(key) or files.sha256_of(path)

    def _save(self, candidate: Candidate, path: Path) -> str:
        """Return the SHA-256 of the file, after fetching it to *path*."""
        one = candidate.distribution
        sha256 = self.addresses.save(candidate, path, partial(self.arrived, one.filename) if self.arrived else None)
        logger.info("%s: fetched", one.filename)
        self._digests[candidate.key] = sha256
        return sha256

    def _place(self, candidate: Candidate) -> Path:
        folder = self._store / candidate.key
        with files.folder_errors(folder):
            # Only as long as the run lasts: of a thread that is left behind, nothing must be.
            self._store.mkdir(exist_ok=True)
            folder.mkdir(exist_ok=True)
        return folder / candidate.distribution.filename

    def _read_metadata(self, key: str) -> tuple[bytes, str]:
        """Return METADATA without the description, and the SHA-256 of the whole."""
        data = self._extract(key)
        return without_description(data), hashlib.sha256(data).hexdigest()

    def _extract(self, key: str) -> bytes:
        """METADATA from a file of its own (PEP 658), from the wheel's end, or from the whole wheel; cheapest first."""
        candidate = self._sound(key)
        one = candidate.distribution
        # A small wheel is fetched as a whole sooner or later, which costs as much as its METADATA.
        is_far = one.url is not None and (one.size or SMALL + 1) > SMALL and not self._is_here(candidate)
        if (data := self._apart.data(candidate, unannounced=is_far)) is not None:
            return data
        if is_far and self._ranges:
            path = self._place(candidate)
            with self._locks(key):
                with promised(candidate):
                    address, limit = str(candidate.at()), most(candidate)
                    remote = None if self._is_here(candidate) else self.fetcher.tail(address, path, limit)
                if remote is not None:
                    self._sizes[key] = remote.total
                    # A server may send other parts than those that were asked for: the whole file decides.
                    with contextlib.suppress(UpstreamError, BadDistribution):
                        return read_metadata(io.BufferedReader(remote), one.filename)
                else:
                    self._ranges = False
                    self._arrived.add(key)
        path = self.file(candidate)
        with files.folder_errors(path), own_file(candidate):
            return check_wheel(path, one.filename)

    def _is_here(self, candidate: Candidate) -> bool:
        return (self._shelf / candidate.distribution.filename).is_file() or self._stored(candidate) is not None

    def _stored(self, candidate: Candidate) -> str | None:
        """Return the SHA-256 of the file in the store, ``None`` if there is none, or one with another hash than promised."""
        key = candidate.key
        path = self._store / key / candidate.distribution.filename
        if not path.is_file():
            return None
        with files.folder_errors(path):
            sha256 = self._digests.get(key) or files.sha256_of(path)
            # Of what a stopped run fetched, only a hash can tell that it is the file.
            fetched = key in self._arrived | self._digests.keys()
            if matches(path, candidate.hashes, sha256) is not None or not (fetched or candidate.hashes):
                return None
            if fetched and is_text(path):
                # A page or a message, in place of the file.
                return None
            if not fetched:
                self.left.add(key)
        self._digests[key] = sha256
        return sha256
