"""
Locks to verified files in ``packages/``: each file is fetched once, and hashed while it is written.

Fetching begins with the first lock of a run, and ``pip download`` takes the files of each lock for its target, while others
are resolved. What arrives stays in the directories of the run until all locks are written; then whole, checked files move
on. A file in ``packages/`` with the right hash is not fetched; one with a wrong hash is set aside and replaced: by a link to
what the site still holds, else from the index.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from pypi_subset.errors import BadDistribution, HashMismatch, SubsetError
from pypi_subset.model.candidates import LOCK, Candidate
from pypi_subset.model.distributions import Artifact
from pypi_subset.model.paths import file_path
from pypi_subset.packages.file_cache import identity_of, status_of
from pypi_subset.packages.meter import Meter
from pypi_subset.packages.pip_download import layers
from pypi_subset.packages.room import Room
from pypi_subset.support import files
from pypi_subset.support.progress import SILENT
from pypi_subset.support.threads import DaemonThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.targets import Target
    from pypi_subset.packages.file_cache import FileCache
    from pypi_subset.packages.pip_download import PipDownload
    from pypi_subset.packages.stock import Stock
    from pypi_subset.support.progress import Stage
    from pypi_subset.upstream.catalog import Upstream


logger = logging.getLogger(__name__)

#: Files fetched at the same time.
PARALLEL = 8
#: Bytes from which a file is large, and how many of those are fetched at the same time: more would share one line so
#: thinly that each is cut off before it is whole.
LARGE, PARALLEL_LARGE = 16_000_000, 3


class Downloads:
    """
    Fetches the files of locks, several at the same time, while the ``with`` block lasts.

    If an error leaves the block, no further file is begun, and none is waited for.

    :param upstream: returns where files come from. It is called if there is something to fetch.
    :param paths: a file that their packages directory or their site has is not fetched ahead.
    :param gather: lets pip take the files of one job.
    :param cache: learns what is read of each file.
    :param admits: whether the file at a path, of a name, is fit for the subset; one that is not has no artifact.
    :param bar: counts the bytes that arrive, of those of all files that are begun.
    """

    def __init__(
        self,
        upstream: Callable[[], Upstream],
        paths: Paths,
        gather: PipDownload,
        cache: FileCache,
        admits: Callable[[Path, str], bool],
        bar: Stage = SILENT,
    ) -> None:
        self._upstream, self._paths, self._gather, self._cache, self._admits = upstream, paths, gather, cache, admits
        self._meter = Meter(bar)
        self._pool, self._large = DaemonThreadPool(PARALLEL), DaemonThreadPool(PARALLEL_LARGE)
        self._ahead = DaemonThreadPool(os.cpu_count())
        self._lock = threading.Lock()
        self._begun: dict[tuple[str, str | None], Future[tuple[Candidate, Path]]] = {}
        self._taking: list[Future[None]] = []
        #: Bytes of each file that came to this machine in this run, by name; a stopped run may have left others.
        self.received: dict[str, int] = {}
        #: Where pip has put a file of a name and SHA-256 already.
        self._taken: dict[tuple[str, str | None], Path] = {}
        self._given_up, self._room, self._ahead_bytes = False, Room(paths=paths), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ahead.shutdown(wait=error is None, cancel_futures=True)
        for pool in (self._large, self._pool):
            pool.__exit__(kind, error, trace)

    def begin(self, lock: Lock, target: Target | None = None) -> None:
        """
        Begin to fetch the files of *lock* that are not on this machine, before it is known whether *lock* can be written.

        When they are here, pip takes them for *target*; without one, when all of them are collected. If they are no small
        part of the free room, they wait for the other locks: before the first file, all must be known to find room.

        What is in the packages directory or in the site under the name of a file is left to the stock. An error shows when
        the file is `collected <collect>`.
        """
        # What was built here comes from no index, and what is built again waits until all locks are there.
        locked = [one for one in lock.distributions if one.built is None]
        absent = [one for one in locked if not any(place.exists() for place in self._places(one))]
        with self._lock:
            if not self._given_up:
                first = [one for one in absent if _key(one) not in self._begun]
                self._ahead_bytes += sum(one.size or 0 for one in first)
                if not self._room.is_ample(self._ahead_bytes):
                    return
                arriving = [self._submit(one) for one in first]
                if target and first:
                    self._taking.append(self._ahead.submit(self._take_ahead, lock.name, target, first, arriving))

    def require_room(self, locks: Sequence[Lock]) -> None:
        """
        Return if there is room for the files of *locks* that are not here, and for the site with all of them.

        :raises DiskError: there is not; the line has the numbers.
        """
        every = [one for lock in locks for one in lock.distributions]
        absent = [one for one in every if one.built is None and not any(place.exists() for place in self._places(one))]
        with self._lock:
            begun = {one.filename: self._meter.left(one) for one in absent if _key(one) in self._begun}
        self._room.require(absent, begun, every)

    def _places(self, one: Distribution) -> tuple[Path, Path]:
        return self._paths.packages / one.filename, self._paths.site / file_path(one.project, one.filename)

    def give_up(self) -> None:
        """Begin no further file: the locks of this run will not be written."""
        with self._lock:
            self._given_up = True
            self._ahead.shutdown(wait=False, cancel_futures=True)
            for pool in (self._large, self._pool):
                pool.shutdown(wait=False, cancel_futures=True)

    def collect(self, stock: Stock, *, targets: Mapping[str, Target]) -> tuple[Artifact, ...]:
        """
        Return every file that *stock* misses and that is admitted; all of them are in the packages directory then.

        :param targets: the target of each job, by the job's name.
        :raises PipFailed: pip refuses a file for its target.
        :raises UpstreamError: a file cannot be fetched.
        :raises HashMismatch: a file is not what the lock says.
        """
        for future in self._taking:
            future.result()
        ahead = [one for _, group in stock.missing for one in group if _key(one) in self._taken]
        runs = {
            f"{job}.{number}": (targets[job], layer)
            for job, group in stock.missing
            for number, layer in enumerate(layers(one for one in group if _key(one) not in self._taken))
        }
        with self._lock:
            arriving = {_key(one): self._submit(one) for _, layer in runs.values() for one in layer}

        def one_run(name: str) -> list[Distribution]:
            target, layer = runs[name]
            return self._take(name, target, layer, [arriving[_key(one)] for one in layer])

        with DaemonThreadPool(min(len(runs), 2 * (os.cpu_count() or 1))) as pool:
            futures = [pool.submit(one_run, name) for name in runs]
            found = [*ahead, *(one for future in futures for one in future.result())]
        logger.info(
            "%d of %d files are admitted, %d were here ahead", len(found), len(arriving) + len(ahead), len(ahead)
        )
        return tuple(self._settled(one, self._taken[_key(one)]) for one in found)

    def _take_ahead(
        self,
        job: str,
        target: Target,
        group: Sequence[Distribution],
        arriving: Sequence[Future[tuple[Candidate, Path]]],
    ) -> None:
        """Let pip take what it admits of *group*; an error shows when the rest is collected."""
        futures = dict(zip(map(_key, group), arriving, strict=True))
        for number, layer in enumerate(layers(group)):
            with contextlib.suppress(SubsetError, CancelledError):
                self._take(f"{job}.ahead.{number}", target, layer, [futures[_key(one)] for one in layer])

    def _take(
        self,
        name: str,
        target: Target,
        layer: Sequence[Distribution],
        arriving: Iterable[Future[tuple[Candidate, Path]]],
    ) -> list[Distribution]:
        """Return what is admitted of *layer*, after pip has taken it for *target*."""
        started = time.monotonic()
        arrived = [(one, *future.result()) for one, future in zip(layer, arriving, strict=True)]
        good = [(one, candidate, path) for one, candidate, path in arrived if self._admits(path, one.filename)]
        for one, candidate, path in arrived:
            if (one, candidate, path) not in good:
                # Its hash is right: a later run that refuses it again need not fetch it again.
                (files.link if candidate.path is None else files.copy)(path, self._paths.packages / one.filename)
        places = self._gather(name, target, [(candidate, path) for _, candidate, path in good]) if good else []
        self._meter.bar.finished(
            f"{len(layer)} file{'s' * (len(layer) != 1)} for {target.name}", time.monotonic() - started
        )
        self._taken |= zip((_key(one) for one, _, _ in good), places, strict=True)
        return [one for one, _, _ in good]

    def _submit(self, one: Distribution) -> Future[tuple[Candidate, Path]]:
        """Return the file that is being fetched already, or from now on; the caller holds the lock."""
        key = _key(one)
        if key not in self._begun:
            self._meter.expect(one)
            pool = self._large if (one.size or 0) >= LARGE else self._pool
            self._begun[key] = pool.submit(self._fetch, one)
        return self._begun[key]

    def _fetch(self, one: Distribution) -> tuple[Candidate, Path]:
        """Return the file as `Upstream` knows it, with its hash and that of its METADATA in the cache."""
        upstream = self._upstream()
        upstream.arrived = self._meter.arrived
        candidate = Candidate(
            distribution=one,
            source=LOCK,
            hashes=(("sha256", one.sha256 or ""),),
            path=None if one.url else upstream.pages.find_local(one),
        )
        path = upstream.file(candidate)
        came = self._meter.end(one, is_left=candidate.key in upstream.left)
        if came is not None:
            # Without a count, it came for a resolution of this run or from a directory.
            self.received[one.filename] = came or path.stat().st_size
        sha256 = upstream.sha256(candidate)
        if sha256 != one.sha256:
            msg = f"{one.filename} has sha256 {sha256} on arrival, the lock says {one.sha256}"
            step = (
                f"find out who changed it; if you trust the new file, run `pypi-subset update --forget {one.filename}`"
            )
            raise HashMismatch(msg, project=one.project, next_step=step)
        # What is wrong with it, is said when it is admitted or not.
        with contextlib.suppress(BadDistribution):
            if one.filename.endswith(".whl"):
                self._cache.metadata(path, one.filename)
        return candidate, path

    def _settled(self, one: Distribution, place: Path) -> Artifact:
        """Move a whole, checked file from *place* to the packages directory."""
        path = self._paths.packages / one.filename
        with files.folder_errors(path):
            place.replace(path)
        identity = identity_of(status_of(path))
        self._cache.fetched(identity, one.filename, one.sha256 or "")
        return Artifact(distribution=one, folder=self._paths.packages, identity=identity)


def _key(one: Distribution) -> tuple[str, str | None]:
    return one.filename, one.sha256
