"""Locks: which still hold, which are resolved again, what changed."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from pypi_subset.errors import BadFiles, LockError, OlderReleases
from pypi_subset.locks import beside, diff, gaps, lockfile, memory, offered
from pypi_subset.locks.judging import cut_off_otherwise
from pypi_subset.model.locks import Inputs
from pypi_subset.packages.watch import Watch
from pypi_subset.pipeline.origins import Asked, asked_of, from_elsewhere, open_to_the_index, require_index, require_open
from pypi_subset.pipeline.resolving import Resolver, raise_errors, remembered, why_tried, with_origins
from pypi_subset.requirements import fetched
from pypi_subset.resolve.explain.older.listing import outdated_heading, outdated_lines
from pypi_subset.resolve.warnings import old_pips
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from pypi_subset.model.intake.gone import Key, Missing
    from pypi_subset.model.locks import Lock, Outdated
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Job, Subset
    from pypi_subset.packages.bad_files import Intake
    from pypi_subset.packages.download import Downloads
    from pypi_subset.pipeline.workspace import Backend
    from pypi_subset.support.progress import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Relocked:
    """
    The locks of a run.

    :param before: the locks that stood on disk, by name.
    :param reused: names of the locks that matched their inputs.
    :param locks: one for each job, in the order of the jobs.
    :param seconds: the time that each new resolution took, by name.
    :param warnings: those about documents of sets, and those about the new resolutions.
    :param asked: what the indexes answered about the projects that were resolved.
    :param missing: files of the standing locks that an index does not offer any more, as the last look found.
    :param answered: the files about which a look had an answer, or that were resolved from a page.
    :param unknown: why this run does not know whether some are gone, one sentence each.
    """

    before: Mapping[str, Lock]
    reused: frozenset[str]
    locks: tuple[Lock, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    asked: Asked = field(default_factory=Asked)
    missing: tuple[Missing, ...] = ()
    answered: frozenset[Key] = frozenset()
    unknown: tuple[str, ...] = ()

    @property
    def outdated(self) -> tuple[Outdated, ...]:
        """What the locks remember of older releases and of pre-releases."""
        return tuple(one for lock in self.locks for one in lock.outdated or ())


def relock(  # noqa: PLR0913 - what a run has, each by name
    subset: Subset,
    paths: Paths,
    backend: Backend,
    intake: Intake,
    progress: Progress,
    *,
    update: bool,
    downloads: Downloads | None = None,
    forecast: bool = False,
) -> Relocked:
    """
    Return one lock for each job: the standing ones that match their inputs, all others resolved again in parallel.

    :param intake: takes the files that the resolver passed over.
    :param update: resolve all again; a standing lock that cannot be read is no error then.
    :param downloads: fetches the files of each lock as soon as it is known, ``None`` where nothing is to be fetched.
    :param forecast: look for the files of all standing locks; an update does not stop for those that are gone.
    :raises NoSolution: a job has no solution.
    :raises Gaps: several jobs have no solution.
    :raises PolicyError: an update meets a locked file that is gone, and the user did not decide about it.
    :raises OlderReleases: a lock has older releases or pre-releases, and the policy makes that an error.
    :raises SubsetError: a lock cannot be read, or a resolution failed otherwise.
    """
    # Before an error: a document that is out of date may be the cause.
    notices = tuple(dict.fromkeys(sentence for one in subset.sets for sentence in one.notices))
    for sentence in notices:
        progress.warn(sentence)
    locked = _relocked(subset, paths, backend, intake, progress, update=update, downloads=downloads, forecast=forecast)
    for sentence in open_to_the_index(subset.sources, locked.locks):
        progress.warn(sentence)
    standing = [*beside.unstated(locked.locks), *old_pips(subset.targets, locked.locks)]
    for sentence in (*gaps.unneeded(subset, locked.locks), *standing):
        progress.warn(sentence)
    for name in (one.name for one in locked.locks if one.outdated is None):
        progress.say(
            f"note: the lock {name} does not say which releases are older than the newest; `pypi-subset plan` does"
        )
    if subset.outdated == "error" and (found := [one for one in locked.outdated if not one.own]):
        raise OlderReleases(outdated_heading(found), outdated_lines(found), [asdict(one) for one in found])
    return replace(locked, warnings=(*notices, *locked.warnings, *standing))


def _relocked(  # noqa: PLR0913 - as above
    subset: Subset,
    paths: Paths,
    backend: Backend,
    intake: Intake,
    progress: Progress,
    *,
    update: bool,
    downloads: Downloads | None,
    forecast: bool,
) -> Relocked:
    before = _standing_locks(subset, paths.locks, lenient=update)
    watch = Watch.start(subset, paths, lambda: backend.index().upstream.pages, before)
    inputs = {job.name: digests_of(subset, job, backend.constraints) for job in subset.jobs}
    if update and before:
        backend.index().upstream.pages.resolves = True
    if forecast:
        watch = watch.before(before, [*before.values()], progress, decided=False)
    elif not update:
        watch = watch.caught_up(before, progress)
    valid = _valid(subset, before, inputs, watch.known, progress, backend.prior) if not update else {}
    jobs = [job for job in subset.jobs if job.name not in valid]
    logger.info("%d locks match their inputs, %d are to be resolved", len(valid), len(jobs))
    if not forecast:
        again = [one for name, one in before.items() if name not in valid]
        watch = watch.before(before, again, progress, decided=update)
    watch.require_known(jobs, before)
    if not jobs:
        return Relocked(
            before=before,
            reused=frozenset(valid),
            locks=tuple(valid[job.name] for job in subset.jobs),
            missing=watch.known,
            answered=watch.answered,
            unknown=watch.unknown,
        )
    with progress.stage("resolve", len(jobs)) as bar:
        accepted = {job.name: frozenset(one.project for one in subset.gaps_of(job)) for job in jobs}
        resolver = Resolver(inputs=inputs, backend=backend, downloads=downloads, accepted=accepted)
        futures = resolver.resolve_all(jobs, bar, valid.values())
    found = {name: future.result() for name, future in futures.items() if not future.exception()}
    # Before an error: a file that was passed over may be the cause of a gap.
    said = sorted({sentence for resolution, _ in found.values() for sentence in resolution.warnings})
    locks = valid | {name: resolution.lock for name, (resolution, _) in found.items()}
    try:
        warnings = (*said, *intake.pass_over(backend.index().refused))
    except BadFiles as bad:
        bad.details = why_tried(remembered(jobs, locks, backend), backend.index().refused)
        raise
    for sentence in warnings:
        progress.warn(sentence)
    watch.require_read([*before.values(), *left_over(subset, paths.locks).values()])
    asked = asked_of(backend.index().upstream.pages, subset.build)
    for line in asked.lines:
        progress.say(line)
    require_open(backend.index().upstream.pages, subset.rules.ignore_403)
    raise_errors([error for future in futures.values() if (error := future.exception())])
    older = remembered(jobs, locks, backend)
    locks |= {name: replace(locks[name], outdated=those) for name, those in older.items()}
    if not forecast:
        watch = watch.after(valid.values(), [locks[job.name] for job in jobs])
    return Relocked(
        before=before,
        reused=frozenset(valid),
        locks=tuple(locks[job.name] for job in subset.jobs),
        seconds={name: seconds for name, (_, seconds) in found.items()},
        warnings=warnings,
        asked=asked,
        missing=watch.known,
        answered=watch.answered,
        unknown=watch.unknown,
    )


def _valid(
    subset: Subset,
    before: Mapping[str, Lock],
    inputs: Mapping[str, Inputs],
    missing: Sequence[Missing],
    progress: Progress,
    prior: datetime | None,
) -> dict[str, Lock]:
    """Return the standing locks that match their inputs and are admitted, by name; say why others do not."""
    valid: dict[str, Lock] = {}
    for job, lock in [(one, before[one.name]) for one in subset.jobs if one.name in before]:
        if changed := _changed_inputs(inputs[job.name], lock.inputs):
            progress.say(f"{job.name}: {' and '.join(changed)} changed, resolving again")
        elif other := (
            from_elsewhere(subset, job, lock)
            or offered.drops(subset, lock, missing)
            or cut_off_otherwise(subset, lock, prior)
        ):
            progress.say(f"{job.name}: {other}, resolving again")
        else:
            require_index(job, lock)
            valid[job.name] = with_origins(lock, job)
    return valid


def _standing_locks(subset: Subset, folder: Path, *, lenient: bool) -> dict[str, Lock]:
    """Return the locks on disk of the subset's jobs, by the job's name."""
    read = {}
    for job in subset.jobs:
        path = lockfile.path_of(folder, job.name)
        with contextlib.suppress(LockError) if lenient else contextlib.nullcontext():
            if path.is_file():
                read[job.name] = lockfile.read(path)
    # A lock that was renamed speaks of another pair.
    return {name: one for name, one in read.items() if one.name == name}


def digests_of(subset: Subset, job: Job, constraints: Sequence[str]) -> Inputs:
    """Return the digests of everything that the lock of *job* depends on."""
    return Inputs(
        requirement_set=job.requirement_set.digest,
        target=job.target.digest,
        policy=subset.policy_digest_of(job),
        constraint=hashlib.sha256("\n".join(constraints).encode()).hexdigest(),
    )


def _changed_inputs(now: Inputs, then: Inputs) -> list[str]:
    """Return the user's words for the inputs that differ."""
    words = {"requirement_set": "set", "policy": "policy or sources", "constraint": "pip's constraints"}
    return [words.get(name, name) for name in asdict(now) if getattr(now, name) != getattr(then, name)]


def write_locks(
    subset: Subset, paths: Paths, locked: Relocked, gone: Iterable[str], known: Mapping[str, str]
) -> tuple[str, ...]:
    """
    Write the locks that changed, remove those of no job, and return the differences, one line each.

    :param gone: the names of the locks of no job.
    :param known: what was ever locked before, file name → SHA-256; it is written first, with what is locked now.
    """
    changes: list[str] = []
    fetched.write(paths.locks, (document for one in subset.sets for document in one.fetched))
    memory.write(paths.locks, {**known, **memory.named(locked.locks)})
    for job, one in zip(subset.jobs, locked.locks, strict=True):
        if one is not locked.before.get(one.name):
            lockfile.write(one, paths.locks, target=job.target, packages=paths.packages)
            changes += _changes(locked.before.get(one.name), one)
    for name in gone:
        path = lockfile.path_of(paths.locks, name)
        with files.folder_errors(path):
            path.unlink()
        changes.append(f"{path.name}: no set asks for this target any more, lock removed")
    return tuple(changes)


def left_over(subset: Subset, folder: Path) -> dict[str, Lock]:
    """Return the locks of ours in *folder* that no job has, by name; a mirror removes them."""
    names, found = {job.name for job in subset.jobs}, {}
    for path in sorted(folder.glob("pylock.*.toml")):
        # The user's own locks may stand beside ours.
        with contextlib.suppress(LockError):
            one = lockfile.read(path)
            if path == lockfile.path_of(folder, one.name) and one.name not in names:
                found[one.name] = one
    return found


def _changes(before: Lock | None, after: Lock) -> list[str]:
    """``base--linux: pandas 2.3.1 -> 2.3.2``, also for what came and what went; nothing for a first lock."""
    if before is None:
        return []
    old, new = diff.releases(before), diff.releases(after)
    lines = []
    for one in diff.changes({after.name: before}, [after]):
        what = f"{one.before} -> {one.after}" if one.before and one.after else ""
        what = what or (f"{one.after} added" if one.after else f"{one.before} is not needed any more")
        lines.append(f"{after.name}: {one.project} {what}{f', to build {one.build_of}' if one.build_of else ''}")
    lines += [
        f"{after.name}: {project} {version} has another file: {file.filename}"
        for project, files_of in new.items()
        for version, file in files_of.items()
        if old.get(project, {}).get(version, file).sha256 != file.sha256
    ]
    return sorted(lines)
