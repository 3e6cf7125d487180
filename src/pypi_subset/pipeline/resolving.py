"""Jobs resolved in parallel, while the files of the first locks are fetched."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import Gaps, NoSolution
from pypi_subset.locks import gaps
from pypi_subset.model.locks import Reason
from pypi_subset.pipeline.origins import require_index
from pypi_subset.resolve.accepted import resolve_with_gaps
from pypi_subset.resolve.explain.older.causes import Known
from pypi_subset.resolve.explain.older.listing import outdated_lines
from pypi_subset.resolve.explain.older.outdated import to_remember
from pypi_subset.resolve.licensed import with_allowed_licenses
from pypi_subset.resolve.lookahead import Lookahead
from pypi_subset.support import files
from pypi_subset.support.threads import DaemonThreadPool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from pypi_subset.model.locks import Inputs, Lock, Outdated
    from pypi_subset.model.requests import Job
    from pypi_subset.packages.download import Downloads
    from pypi_subset.pipeline.workspace import Backend
    from pypi_subset.resolve.resolver import Resolution
    from pypi_subset.support.progress import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolver:
    """
    Resolves jobs.

    :param inputs: digests of the inputs of each job's lock, by the job's name.
    :param downloads: fetches the files of each lock as soon as it is found, ``None`` where nothing is to be fetched.
    :param accepted: the projects whose requests the user accepts as gaps, by the job's name.
    """

    inputs: Mapping[str, Inputs]
    backend: Backend
    downloads: Downloads | None
    accepted: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def resolve_all(
        self, jobs: Sequence[Job], bar: Stage, reused: Iterable[Lock]
    ) -> dict[str, Future[tuple[Resolution, float]]]:
        """
        Return how each of *jobs* ended, by name: the resolution and its seconds, or an error.

        If a job ends without a lock, no further file is fetched: no lock of this run will be written.

        :param bar: advances with each job that has a solution.
        :param reused: the locks of other jobs, whose files are fetched as well.
        """
        # Once, before threads ask for it.
        self.backend.index()
        with files.folder_errors(self.backend.work):
            for job in jobs:
                self._work(job).mkdir(parents=True, exist_ok=True)
        with Lookahead(self.backend.index()) as ahead, DaemonThreadPool(os.cpu_count()) as pool:
            futures = {job.name: pool.submit(self._resolve, job, bar) for job in jobs}
            for job in jobs:
                ahead.begin(job)
            if self.downloads:
                for lock in reused:
                    self.downloads.begin(lock)
            return futures

    def _resolve(self, job: Job, bar: Stage) -> tuple[Resolution, float]:
        try:
            found, seconds = self._found(job, bar)
        except BaseException:
            if self.downloads:
                self.downloads.give_up()
            raise
        if self.downloads:
            self.downloads.begin(found.lock, job.target)
        return found, seconds

    def _found(self, job: Job, bar: Stage) -> tuple[Resolution, float]:
        started = time.monotonic()
        offers = self.backend.index().upstream.on(job.target.name)
        found = with_allowed_licenses(job, self._once(job), offers, partial(self._once, job))
        bar.advance()
        bar.finished(f"{job.requirement_set.name} for {job.target.name}", time.monotonic() - started)
        require_index(job, found.lock)
        found = replace(found, lock=replace(found.lock, fetched=documents_of(job), as_of=self.backend.cutoff))
        return found, time.monotonic() - started

    def _once(self, job: Job, further: Sequence[str] = ()) -> Resolution:
        """Return the resolution of *job* with *further* constraints."""
        work = self._work(job)
        if further:
            work /= f"licences{len(further)}"
            with files.folder_errors(work):
                work.mkdir(exist_ok=True)
        return resolve_with_gaps(
            job,
            inputs=self.inputs[job.name],
            constraints=[*self.backend.constraints, *further],
            index=self.backend.index(),
            pips=self.backend.pips,
            work=work,
            accepted=self.accepted.get(job.name, frozenset()),
        )

    def _work(self, job: Job) -> Path:
        return self.backend.work / "resolve" / job.name


def documents_of(job: Job) -> tuple[tuple[str, str], ...]:
    """Return URL and SHA-256 of each document at a URL that the set of *job* includes."""
    return tuple((one.url, one.sha256) for one in job.requirement_set.fetched)


def raise_errors(errors: Sequence[BaseException]) -> None:
    """Raise what went wrong: another error than a gap before any gap, and all gaps as one error."""
    found: list[NoSolution] = []
    for error in errors:
        if not isinstance(error, NoSolution | Gaps):
            raise error
        found += error.gaps if isinstance(error, Gaps) else (error,)
    if found:
        raise found[0] if len(found) == 1 else Gaps(found)


def remembered(jobs: Iterable[Job], locks: Mapping[str, Lock], backend: Backend) -> dict[str, tuple[Outdated, ...]]:
    """Return, by the job's name, what each new lock among *locks* remembers: older releases, and pre-releases."""

    def known(job: Job) -> Known:
        offers = backend.index().upstream.on(job.target.name, later=False)
        return Known(offers=offers, limits=backend.constraints)

    return {
        job.name: to_remember(gaps.served(job, locks[job.name]), locks[job.name], known(job), tuple(locks.values()))
        for job in jobs
        if job.name in locks
    }


def why_tried(older: Mapping[str, Iterable[Outdated]], refused: Iterable[str]) -> tuple[str, ...]:
    """
    Return, in lines, why a resolution came to old releases of which files were refused; nothing if it came to the newest.

    :param refused: names of the files that were refused.
    """
    bad = {(project, str(version)) for project, version, _ in map(filenames.parse, refused)}
    projects = {project for project, _ in bad}
    found = [one for those in older.values() for one in those if one.project in projects and not one.own]
    lines = outdated_lines(one for one in found if (one.project, one.newest) not in bad)
    return ("older releases were tried, since the newest ones are kept away:", *lines) if lines else ()


def with_origins(one: Lock, job: Job) -> Lock:
    """Return the lock with the places where its requests stand now: a comment may have moved them."""
    places: dict[str, list[Reason]] = {}
    for request in job.requirement_set.requests:
        reason = Reason(requirement=request.requirement, origin=request.origin)
        places.setdefault(reason.text, []).append(reason)
    pins = tuple(replace(pin, reasons=_placed(pin.reasons, places)) for pin in one.pins)
    fetched_now = documents_of(job)
    return one if (pins, fetched_now) == (one.pins, one.fetched) else replace(one, pins=pins, fetched=fetched_now)


def _placed(reasons: tuple[Reason, ...], places: dict[str, list[Reason]]) -> tuple[Reason, ...]:
    return tuple(sorted({now for old in reasons for now in ([old] if old.by else places.get(old.text, ()))}))
