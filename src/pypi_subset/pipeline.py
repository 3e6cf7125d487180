"""
The story: requirements go in, a verified site comes out, one stage a line.

This module alone calls the stages; none of them knows another.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pypi_subset import files, forecast, heldback, lock, staging
from pypi_subset.build import GENERATED, Content, build, readme_of
from pypi_subset.crew import Crew
from pypi_subset.download import download, strangers, take_stock
from pypi_subset.errors import FolderError, Gaps, LockError, NoSolution
from pypi_subset.forecast import Forecast
from pypi_subset.inputs import read_plan
from pypi_subset.intake import Intake
from pypi_subset.memory import Memory
from pypi_subset.model import Inputs, Reason
from pypi_subset.network import read_constraints, read_network
from pypi_subset.piprun import Pips
from pypi_subset.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pypi_subset.display import Display
    from pypi_subset.download import Stock
    from pypi_subset.loopback import Loopback
    from pypi_subset.model import Artifact, Job, Lock, Paths, Plan
    from pypi_subset.network import Network


#: What file managers leave behind wherever somebody looks.
DROPPED = frozenset({".DS_Store", "Thumbs.db"})

#: Below ``packages/``: what a run fetched that failed or was stopped. The next one need not fetch it again.
KEPT = ".fetched"
#: Below ``packages/``: what is known of files that have not changed since. It may be deleted.
MEMORY = ".memory.json"
#: The folder in ``packages/`` in which earlier releases kept the site before the last; it is removed.
LAST_SITE = ".last-site"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the summary: a target, how much it needs, and the seconds spent on resolving for it."""

    target: str
    projects: int
    files: int
    bytes: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What a run did."""

    rows: tuple[Row, ...]
    changes: tuple[str, ...]
    rejected: tuple[str, ...]
    superseded: tuple[str, ...]
    resolved: int
    fetched: int
    published: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """What the stages of one run share."""

    plan: Plan
    paths: Paths
    work: Path
    display: Display
    constraints: tuple[str, ...]
    memory: Memory
    intake: Intake
    seconds: dict[str, float] = field(default_factory=dict)

    def inputs(self, job: Job) -> Inputs:
        """Digests of all that the lock of *job* depends on."""
        constraint = hashlib.sha256("\n".join(self.constraints).encode()).hexdigest()
        return Inputs(
            requirement_set=job.requirement_set.digest,
            target=job.target.digest,
            policy=self.plan.policy_digest,
            constraint=constraint,
        )


def mirror(paths: Paths, *, display: Display, update: bool = False) -> Summary:
    """
    Build the site that ``requirements/`` asks for; on any error leave the old one as it was.

    :param paths: the three folders.
    :param display: where progress is shown.
    :param update: resolve every pair anew, whether or not its lock still matches.
    :raises SubsetError: whatever stood in the way, with the next step.
    """
    require_apart(paths)
    require_own(paths.site)
    with _opened(paths, display) as (run, network):
        before = _standing_locks(run, update=update)
        valid = {} if update else _still_valid(run, before)
        with _sources(run, network) as sources, Pips(run.work) as pips:
            locks = _lock_all(run, valid, sources, pips)
            changes = _write_locks(run, before, locks)
            stock = take_stock(locks, paths.packages, site=paths.site, memory=run.memory)
            artifacts = _fetch(run, stock, sources, pips)
            bad = run.intake.close()
        content = Content(plan=run.plan, locks=locks, artifacts=artifacts, bad=bad)
        published = build(content, paths.site, run.memory)
        run.memory.keep(forget=published)
        readme = paths.packages / "README.md"
        if not readme.exists():
            files.write(readme, readme_of("packages"))
    return Summary(
        rows=_rows(run, locks),
        changes=changes,
        rejected=stock.rejected,
        superseded=stock.superseded,
        resolved=len(locks) - len(valid),
        fetched=sum(len(group) for _, group in stock.missing),
        published=published,
    )


def foresee(paths: Paths, *, display: Display, update: bool = False) -> Forecast:
    """
    Return what `mirror` would do; nothing is written but what a mirror keeps for itself in ``packages/``.

    Metadata is read as for a mirror, and the page of every project that is locked already: what is newer stands there.

    :param paths: the three folders.
    :param display: where progress is shown.
    :param update: what an update would do.
    :raises SubsetError: whatever would stand in the way.
    """
    require_apart(paths)
    require_own(paths.site)
    with _opened(paths, display) as (run, network):
        before = _standing_locks(run, update=update)
        gone = _left_over(run)
        valid = {} if update else _still_valid(run, before)
        with _sources(run, network) as sources, Pips(run.work) as pips:
            locks = _lock_all(run, valid, sources, pips)
            upstream = sources().upstream
            known = heldback.Known(
                offers=upstream.offers,
                metadata=upstream.metadata_seen(),
                limits=run.constraints,
                kept=frozenset(valid),
            )
            held = heldback.held_back(run.plan, locks, known)
            early = heldback.early(run.plan, locks, known)
        run.intake.refuse(strangers(locks, paths.packages))
        run.intake.close()
    lying = {path.name for path in paths.packages.glob("*.whl")} | {
        path.name for path in paths.site.glob("simple/*/*.whl")
    }
    rows, changes = forecast.rows(run.plan, locks, lying), forecast.changes(before | gone, locks)
    return Forecast(rows=rows, changes=changes, removed=tuple(gone), held=held, early=early)


@contextlib.contextmanager
def _opened(paths: Paths, display: Display) -> Iterator[tuple[_Run, Network]]:
    """What a run begins with: the plan and what is to be known of its targets, the network, a folder to work in."""
    plan = read_plan(paths.requirements)
    for note in (note for target in plan.targets for note in target.notes):
        display.say(f"note: {note}")
    network = read_network()
    with files.exclusive(paths.packages), _workspace(paths) as work:
        memory = Memory(paths.packages / MEMORY)
        run = _Run(
            plan=plan,
            paths=paths,
            work=work,
            display=display,
            constraints=read_constraints(network),
            memory=memory,
            intake=Intake(plan.bad_files, paths.packages, memory, display.say),
        )
        yield run, network


def require_apart(paths: Paths) -> None:
    """
    Refuse folders that stand in one another.

    :raises FolderError: the site is, holds, or stands in one of the others.
    """
    site = paths.site.resolve()
    for other in (paths.packages.resolve(), paths.requirements.resolve()):
        if site == other or site in other.parents or other in site.parents:
            msg = f"the site and {other.name} stand in one another"
            raise FolderError(msg, path=paths.site, next_step="name two folders side by side")


def require_own(site: Path) -> None:
    """
    Refuse a folder whose content would be lost.

    :raises FolderError: it holds what mirror did not make; names alone do not tell, so its manifest must be there.
    """
    if site.exists() and not site.is_dir():
        msg = "the site is no folder, and would be replaced by one"
        raise FolderError(msg, path=site, next_step="name a folder for the site")
    with files.folder_errors(site):
        found = {path.name for path in site.iterdir()} - DROPPED if site.is_dir() else set()
    strange = sorted(found - GENERATED) or ([] if _is_ours(site) else sorted(found - {"README.md"}))
    if strange:
        msg = f"mirror did not make {strange[0]}, and the whole folder would go"
        raise FolderError(msg, path=site, next_step="move it away, or name another folder for the site")


def _is_ours(site: Path) -> bool:
    """Whether mirror made the folder: its manifest says so, whatever else bears the names that ours have."""
    try:
        document = json.loads((site / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and {"schema", "targets", "sets", "files"} <= document.keys()


@contextlib.contextmanager
def _workspace(paths: Paths) -> Iterator[Path]:
    """
    A folder for this run on the file system of ``packages/``; what an earlier, killed run left is removed.

    But what a run that did not come to its end had fetched whole, is in the new one's ``store`` from the beginning.
    """
    staging.recover(paths.site)
    work, kept = paths.packages.absolute() / f".work.{os.getpid()}.stage", paths.packages.absolute() / KEPT
    with files.folder_errors(paths.packages):
        for store in sorted(paths.packages.glob(".work.*.stage/store")):
            if not kept.exists():
                store.rename(kept)
    staging.sweep(paths.packages, ".work.*.stage")
    for pattern in (LAST_SITE, f"{LAST_SITE}.*.stage"):
        staging.sweep(paths.packages, pattern)
    staging.sweep(paths.packages, ".*.part")
    staging.sweep(paths.locks, ".*.part")
    try:
        with files.known_as(work, paths.packages):
            with files.folder_errors(work):
                work.mkdir()
                if kept.exists():
                    kept.rename(work / "store")
            yield work
    except BaseException:
        with contextlib.suppress(OSError):
            _keep(work / "store", kept)
        raise
    finally:
        # What cannot be removed now, the next run will remove.
        with contextlib.suppress(OSError):
            staging.discard(work)


def _keep(store: Path, kept: Path) -> None:
    """Give *store* the name *kept* if there is any whole file in it."""
    for part in store.glob("*/.*.part"):
        part.unlink()
    for folder in store.glob("*"):
        with contextlib.suppress(OSError):
            folder.rmdir()
    if any(store.glob("*")):
        store.rename(kept)


@contextlib.contextmanager
def _sources(run: _Run, network: Network) -> Iterator[Callable[[], Loopback]]:
    """What opens the index that pip is shown, when first called: a run with nothing to do needs none of it."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def index() -> Loopback:
            from pypi_subset.loopback import Loopback  # noqa: PLC0415 - brings in a server and pip's network side
            from pypi_subset.upstream import Upstream  # noqa: PLC0415

            upstream = Upstream(network, store=run.work / "store", shelf=run.paths.packages)
            return stack.enter_context(Loopback(upstream, run.plan.targets))

        yield index


def _standing_locks(run: _Run, *, update: bool) -> dict[str, Lock]:
    """The locks on disk of the plan's jobs, by the job's name; an update does without one that cannot be read."""
    read = {}
    for job in run.plan.jobs:
        path = lock.path_of(run.paths.locks, job.name)
        with contextlib.suppress(LockError) if update else contextlib.nullcontext():
            if path.is_file():
                read[job.name] = lock.read(path)
    # A lock that was renamed speaks of another pair.
    return {name: one for name, one in read.items() if one.name == name}


def _still_valid(run: _Run, locks: dict[str, Lock]) -> dict[str, Lock]:
    """Those locks whose inputs are what they were; says of the others what changed."""
    valid = {}
    for job in run.plan.jobs:
        if job.name not in locks:
            continue
        now, then = run.inputs(job), locks[job.name].inputs
        names = {"set": "requirement_set", "target": "target", "policy": "policy", "pip's constraints": "constraint"}
        changed = [word for word, name in names.items() if getattr(now, name) != getattr(then, name)]
        if changed:
            run.display.say(f"{job.name}: {' and '.join(changed)} changed, resolving anew")
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


def _lock_all(run: _Run, valid: dict[str, Lock], sources: Callable[[], Loopback], pips: Pips) -> tuple[Lock, ...]:
    """One lock for each job: the valid ones as they are, the others from pip, in parallel; all gaps at once."""
    jobs = [job for job in run.plan.jobs if job.name not in valid]
    if not jobs:
        return tuple(valid[job.name] for job in run.plan.jobs)
    index, warnings = sources(), set[str]()
    with run.display.stage("resolve", len(jobs)) as bar, Crew(os.cpu_count()) as crew:

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
        run.display.say(f"warning: {sentence}")
    # Before any gap: that they were passed over may be why there is one.
    run.intake.pass_over(index.refused)
    gaps = [error for error in errors if isinstance(error, NoSolution)]
    other = next((error for error in errors if not isinstance(error, NoSolution)), None)
    if other is not None:
        raise other
    if gaps:
        raise gaps[0] if len(gaps) == 1 else Gaps(gaps)
    locks = valid | {name: future.result() for name, future in futures.items()}
    return tuple(locks[job.name] for job in run.plan.jobs)


def _write_locks(run: _Run, before: dict[str, Lock], locks: Sequence[Lock]) -> tuple[str, ...]:
    """Write what changed, remove locks that no job has any more; return the differences, one line each."""
    changes: list[str] = []
    for job, one in zip(run.plan.jobs, locks, strict=True):
        if one is not before.get(one.name):
            lock.write(one, run.paths.locks, target=job.target, packages=run.paths.packages)
            changes += _changes(before.get(one.name), one)
    for name in _left_over(run):
        path = lock.path_of(run.paths.locks, name)
        with files.folder_errors(path):
            path.unlink()
        changes.append(f"{path.name}: no set asks for this target any more, lock removed")
    return tuple(changes)


def _left_over(run: _Run) -> dict[str, Lock]:
    """The locks of ours that no job has any more, by name: a mirror removes them."""
    names = {job.name for job in run.plan.jobs}
    ours = (lock.read(path) for path in sorted(run.paths.locks.glob("pylock.*.toml")) if _is_lock(path))
    return {one.name: one for one in ours if one.name not in names}


def _is_lock(path: Path) -> bool:
    """Whether we wrote it; the user's own locks may lie beside ours."""
    try:
        return path == lock.path_of(path.parent, lock.read(path).name)
    except LockError:
        return False


def _changes(before: Lock | None, after: Lock) -> list[str]:
    """``base--linux: pandas 2.3.1 -> 2.3.2``, also for what came and what went; nothing for a first lock."""
    if before is None:
        return []
    old, new = forecast.releases(before), forecast.releases(after)
    lines = []
    for one in forecast.changes({after.name: before}, [after]):
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


def _fetch(run: _Run, stock: Stock, sources: Callable[[], Loopback], pips: Pips) -> tuple[Artifact, ...]:
    """Every artifact that is let in, sorted by name, what was missing fetched first."""
    for name in stock.rejected:
        run.display.say(f"{name} had a wrong hash: moved to {run.paths.packages / '.rejected'} and replaced")
    run.intake.refuse(stock.strangers)
    present = run.intake.admitted(stock.present)
    if not stock.missing:
        return present
    with run.display.stage("download", sum(len(group) for _, group in stock.missing)) as bar:
        fetched = download(
            stock,
            targets={job.name: job.target for job in run.plan.jobs},
            index=sources(),
            pips=pips,
            packages=run.paths.packages,
            work=run.work / "download",
            admits=run.intake.admits,
            progress=bar.advance,
        )
    return tuple(sorted([*present, *fetched], key=lambda one: one.distribution.filename))


def _rows(run: _Run, locks: Sequence[Lock]) -> tuple[Row, ...]:
    """One row for each target that some set serves; a file that several sets need counts once."""
    return tuple(
        Row(
            target=target,
            projects=len({one.project for one in needed.values()}),
            files=len(needed),
            bytes=forecast.size_of(needed.values()),
            seconds=sum(run.seconds.get(one.name, 0.0) for one in locks if one.target_name == target),
        )
        for target, needed in forecast.needs(run.plan, locks).items()
    )
