"""Locks: which still hold, which are resolved anew, what changed."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pypi_subset.errors import Gaps, LockError, NoSolution
from pypi_subset.locks import diff, lockfile
from pypi_subset.model.locks import Reason
from pypi_subset.resolve.resolver import resolve
from pypi_subset.support import files
from pypi_subset.support.threads import DaemonThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Job
    from pypi_subset.pip.pool import Pips
    from pypi_subset.pipeline.workspace import Run
    from pypi_subset.upstream.gateway import Loopback


def standing_locks(run: Run, *, update: bool) -> dict[str, Lock]:
    """The locks on disk of the subset's jobs, by the job's name; an update does without one that cannot be read."""
    read = {}
    for job in run.subset.jobs:
        path = lockfile.path_of(run.paths.locks, job.name)
        with contextlib.suppress(LockError) if update else contextlib.nullcontext():
            if path.is_file():
                read[job.name] = lockfile.read(path)
    # A lock that was renamed speaks of another pair.
    return {name: one for name, one in read.items() if one.name == name}


def still_valid(run: Run, locks: dict[str, Lock]) -> dict[str, Lock]:
    """Those locks whose inputs are what they were; says of the others what changed."""
    valid = {}
    for job in run.subset.jobs:
        if job.name not in locks:
            continue
        now, then = run.inputs(job), locks[job.name].inputs
        names = {"set": "requirement_set", "target": "target", "policy": "policy", "pip's constraints": "constraint"}
        changed = [word for word, name in names.items() if getattr(now, name) != getattr(then, name)]
        if changed:
            run.progress.say(f"{job.name}: {' and '.join(changed)} changed, resolving anew")
        else:
            valid[job.name] = _with_origins(locks[job.name], job)
    return valid


def _with_origins(one: Lock, job: Job) -> Lock:
    """The lock with the places where its requests stand now: a comment may have moved them."""
    places: dict[str, list[str]] = {}
    for request in job.requirement_set.requests:
        places.setdefault(str(request.requirement), []).append(request.origin)
    pins = tuple(replace(pin, reasons=_placed(pin.reasons, places)) for pin in one.pins)
    return one if pins == one.pins else replace(one, pins=pins)


def _placed(reasons: tuple[Reason, ...], places: dict[str, list[str]]) -> tuple[Reason, ...]:
    others = {reason for reason in reasons if reason.by}
    asked = {reason.requirement for reason in reasons if not reason.by}
    return tuple(
        sorted(others | {Reason(requirement=text, origin=at) for text in asked for at in places.get(text, ())})
    )


def lock_all(run: Run, valid: dict[str, Lock], sources: Callable[[], Loopback], pips: Pips) -> tuple[Lock, ...]:
    """One lock for each job: the valid ones as they are, the others from pip, in parallel; all gaps at once."""
    jobs = [job for job in run.subset.jobs if job.name not in valid]
    if not jobs:
        return tuple(valid[job.name] for job in run.subset.jobs)
    index, warnings = sources(), set[str]()
    with run.progress.stage("resolve", len(jobs)) as bar, DaemonThreadPool(os.cpu_count()) as crew:

        def one(job: Job) -> Lock:
            started = time.monotonic()
            found = resolve(
                job,
                inputs=run.inputs(job),
                constraints=run.constraints,
                index=index,
                pips=pips,
                work=run.work / "resolve" / job.name,
                warn=warnings.add,
            )
            run.seconds[job.name] = time.monotonic() - started
            bar.advance()
            return found

        futures = {job.name: crew.submit(one, job) for job in jobs}
        errors = [error for future in futures.values() if (error := future.exception()) is not None]
    for sentence in sorted(warnings):
        run.progress.warn(sentence)
    # Before any gap: that they were passed over may be why there is one.
    run.intake.pass_over(index.refused)
    gaps = [error for error in errors if isinstance(error, NoSolution)]
    other = next((error for error in errors if not isinstance(error, NoSolution)), None)
    if other is not None:
        raise other
    if gaps:
        raise gaps[0] if len(gaps) == 1 else Gaps(gaps)
    locks = valid | {name: future.result() for name, future in futures.items()}
    return tuple(locks[job.name] for job in run.subset.jobs)


def write_locks(run: Run, before: dict[str, Lock], locks: Sequence[Lock]) -> tuple[str, ...]:
    """Write what changed, remove locks that no job has any more; return the differences, one line each."""
    changes: list[str] = []
    for job, one in zip(run.subset.jobs, locks, strict=True):
        if one is not before.get(one.name):
            lockfile.write(one, run.paths.locks, target=job.target, packages=run.paths.packages)
            changes += _changes(before.get(one.name), one)
    for name in left_over(run):
        path = lockfile.path_of(run.paths.locks, name)
        with files.folder_errors(path):
            path.unlink()
        changes.append(f"{path.name}: no set asks for this target any more, lock removed")
    return tuple(changes)


def left_over(run: Run) -> dict[str, Lock]:
    """The locks of ours that no job has any more, by name: a mirror removes them."""
    names = {job.name for job in run.subset.jobs}
    ours = (lockfile.read(path) for path in sorted(run.paths.locks.glob("pylock.*.toml")) if _is_lock(path))
    return {one.name: one for one in ours if one.name not in names}


def _is_lock(path: Path) -> bool:
    """Whether we wrote it; the user's own locks may lie beside ours."""
    try:
        return path == lockfile.path_of(path.parent, lockfile.read(path).name)
    except LockError:
        return False


def _changes(before: Lock | None, after: Lock) -> list[str]:
    """``base--linux: pandas 2.3.1 -> 2.3.2``, also for what came and what went; nothing for a first lock."""
    if before is None:
        return []
    old, new = diff.releases(before), diff.releases(after)
    lines = []
    for one in diff.changes({after.name: before}, [after]):
        what = f"{one.before} -> {one.after}" if one.before and one.after else ""
        what = what or (f"{one.after} added" if one.after else f"{one.before} is not needed any more")
        lines.append(f"{after.name}: {one.project} {what}")
    lines += [
        f"{after.name}: {project} {version} has another file: {file.filename}"
        for project, files_of in new.items()
        for version, file in files_of.items()
        if old.get(project, {}).get(version, file).sha256 != file.sha256
    ]
    return sorted(lines)
