"""
METADATA that servers have beside their wheels (PEP 658), whether a page announces it or not.

Some indexes serve it and do not say so. A host is tried once in a run. The wheel decides: if it contradicts METADATA that no
page announced, the host is noted in the packages directory, and later runs read its wheels.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pypi_subset.distributions.metadata import same_fields
from pypi_subset.distributions.wheel import read_metadata
from pypi_subset.errors import BadDistribution, HashMismatch, UpstreamError
from pypi_subset.support import bounds, files
from pypi_subset.upstream.checks import checked_metadata

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.upstream.http import Fetcher

#: The file in the packages directory: hosts, one a line.
FILE = ".unannounced.txt"
_SUFFIX = ".metadata"


class Apart:
    """
    METADATA beside wheels; any thread may ask.

    :param shelf: the directory of files from earlier runs, and of the list of hosts.
    """

    def __init__(self, fetcher: Fetcher, shelf: Path) -> None:
        self._fetcher, self._shelf = fetcher, shelf
        #: What was fetched, by the key of its wheel.
        self._stated: dict[str, bytes] = {}
        #: Facts of wheels by file name, as fields of `Distribution`: METADATA with other newlines or another description.
        self.own: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        #: Whether a host serves what its pages do not announce; no entry: it was not tried.
        self._serves: dict[str, bool] = {}
        self._shunned: frozenset[str] | None = None

    def data(self, candidate: Candidate, *, unannounced: bool) -> bytes | None:
        """
        Return METADATA of a wheel, ``None`` if its server has none beside it, or none of that wheel.

        If the wheel is on the shelf and differs in newlines or the description alone, its own METADATA is returned.

        :param unannounced: whether a host is asked whose page does not announce it.
        """
        announced = candidate.metadata is not None
        if candidate.distribution.url is None or not (announced or (unannounced and self._may_serve(candidate))):
            return None
        # Where it is wrong or not to be had, the wheel has it, and decides.
        with contextlib.suppress(UpstreamError, HashMismatch, BadDistribution):
            data = self._fetcher.small(str(candidate.at(_SUFFIX)), bounds.LARGEST_METADATA, patient=announced)
            if data is not None:
                self._stated[candidate.key] = checked_metadata(candidate, data)
                if not announced:
                    self._serves[_host(candidate)] = True
                return self._shelved(candidate, data)
        if not announced:
            self._serves[_host(candidate)] = False
        return None

    def is_served(self, candidate: Candidate) -> bool:
        """Return whether METADATA of a wheel is there without the wheel, as far as is known."""
        return candidate.metadata is not None or self._serves.get(_host(candidate), False)

    def require_agreement(self, candidate: Candidate, wheel: Path) -> None:
        """
        Return if METADATA in *wheel* does not contradict what was fetched; newlines and the description may differ.

        Resolution used what was fetched, and installation uses that in the wheel.

        :raises BadDistribution: the two contradict each other.
        """
        name, stated = candidate.distribution.filename, self._stated.get(candidate.key)
        if stated is None:
            return
        try:
            own = read_metadata(wheel, name)
        except BadDistribution:
            # The intake reports all such files at once.
            return
        if not same_fields(stated, own):
            msg = f"{name} and the metadata that {candidate.source} gave for it contradict each other"
            step = "tell the index's operator"
            if candidate.metadata is None:
                self._shun(_host(candidate))
                step = "run `pypi-subset update`, which reads the wheels of that host"
            raise BadDistribution(msg, project=candidate.distribution.project, next_step=step)
        if own != stated:
            self.own.setdefault(name, {})["metadata"] = hashlib.sha256(own).hexdigest()

    def _may_serve(self, candidate: Candidate) -> bool:
        """Return whether to ask; of several threads, one asks a host that was not tried."""
        host = _host(candidate)
        with self._lock:
            if self._shunned is None:
                self._shunned = self._read()
            # The first asker speaks for the others: until it has an answer, they read wheels.
            known = self._serves.get(host, True)
            self._serves.setdefault(host, False)
            return known and host not in self._shunned

    def _read(self) -> frozenset[str]:
        with contextlib.suppress(OSError, ValueError):
            return frozenset(files.read_input(self._shelf / FILE).decode().split())
        return frozenset()

    def _shun(self, host: str) -> None:
        with self._lock:
            known = self._read() | {host}
            with files.folder_errors(self._shelf):
                self._shelf.mkdir(parents=True, exist_ok=True)
            files.write(self._shelf / FILE, "".join(f"{one}\n" for one in sorted(known)).encode())

    def _shelved(self, candidate: Candidate, data: bytes) -> bytes:
        name = candidate.distribution.filename
        with contextlib.suppress(BadDistribution, OSError):
            own = read_metadata(self._shelf / name, name)
            return own if same_fields(own, data) else data
        return data


def _host(candidate: Candidate) -> str:
    """Return the server of a wheel, with its port."""
    return urlsplit(candidate.distribution.url or "").netloc.lower()
