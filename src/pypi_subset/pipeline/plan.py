"""What a run would change, before anything is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from pypi_subset.distributions import filenames
from pypi_subset.locks import diff, gaps
from pypi_subset.locks.diff import Change, needs, size_of
from pypi_subset.locks.judging import require_admitted
from pypi_subset.locks.offered import judged
from pypi_subset.model.documents import Document
from pypi_subset.model.intake.gone import Gone
from pypi_subset.model.intake.verdicts import Denied, PassedOver, Untimed, Unusable
from pypi_subset.model.locks import AcceptedGap, Outdated
from pypi_subset.model.paths import SIMPLE
from pypi_subset.packages import file_cache, other_files
from pypi_subset.packages.bad_files import Intake
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.packages.other_changes import OtherChange, changes
from pypi_subset.packages.stock import strangers
from pypi_subset.pipeline.origins import require_as_locked
from pypi_subset.pipeline.recall import compared
from pypi_subset.pipeline.relock import left_over, relock
from pypi_subset.pipeline.workspace import inputs_of, opened, working
from pypi_subset.resolve.explain.older import outdated
from pypi_subset.resolve.explain.older.causes import Known
from pypi_subset.resolve.explain.older.refused import refused_by_policy
from pypi_subset.support.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.pipeline.relock import Relocked
    from pypi_subset.pipeline.workspace import Backend
    from pypi_subset.support.progress import Progress
    from pypi_subset.upstream.catalog import Upstream


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What a target would need, and how much of that would have to be fetched; files that two targets need count twice."""

    target: str
    files: int
    bytes: int
    fetch_files: int
    fetch_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelVariants:
    """
    Files of a project that are not taken, since pip installs none of them yet: wheel variants (PEP 825, a draft).

    :param wheels: wheels with a label of a variant.
    :param lists: files ``NAME-VERSION-variants.json``, one for each release.
    """

    project: str
    wheels: int
    lists: int


class Forecast(Document, frozen=True, kw_only=True):
    """
    What a run would do.

    :param schema: version of this form, major.minor.
    :param removed: names of the locks that would go, since no set asks for their targets any more.
    :param held: each project that is older than the newest release.
    :param early: each pre-release.
    :param gone: each locked file that an index does not offer any more.
    :param unknown: why it is not known of others whether they are gone, one sentence each.
    :param accepted_gaps: each request that is left out, because the user accepts that it has no solution.
    :param passed_over: each newer release that the policy refuses, though it fits.
    :param untimed: what has no upload time and was left out by ``min_age``, by index.
    :param denied: projects whose pages an index did not show, by index and status.
    :param unusable: files with a fault, which count only if a target would take them, by index and fault.
    :param on_several_indexes: projects that more than one index of pip's configuration has.
    :param warnings: sentences about what is probably a mistake, and about each lower version than the lock has.
    :param other_files: each file of ``[[files]]`` that would come, go or change.
    :param wheel_variants: projects with wheel variants, of those whose pages were read or that are in ``requirements/wheels``.
    """

    name: ClassVar[str] = "the result of plan"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"] = "1.1"
    rows: tuple[Row, ...]
    changes: tuple[Change, ...]
    removed: tuple[str, ...]
    held: tuple[Outdated, ...]
    early: tuple[Outdated, ...]
    accepted_gaps: tuple[AcceptedGap, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    untimed: tuple[Untimed, ...] = ()
    denied: tuple[Denied, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    on_several_indexes: tuple[str, ...] = ()
    wheel_variants: tuple[WheelVariants, ...] = ()
    gone: tuple[Gone, ...] = ()
    unknown: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    other_files: tuple[OtherChange, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Older:
    """What is held back, what is a pre-release, and what the policy refuses."""

    held: tuple[Outdated, ...]
    early: tuple[Outdated, ...]
    refused: tuple[PassedOver, ...]


def _rows(subset: Subset, locks: Iterable[Lock], present: Collection[str]) -> tuple[Row, ...]:
    """Return a row for each target that some set serves; files called as those *present* need not be fetched."""
    found = []
    for target, needed in needs(subset, locks).items():
        absent = [one for name, one in needed.items() if name not in present]
        size, left = size_of(needed.values()), size_of(absent)
        found.append(Row(target=target, files=len(needed), bytes=size, fetch_files=len(absent), fetch_bytes=left))
    return tuple(found)


def _older(subset: Subset, locked: Relocked, backend: Backend) -> _Older:
    """Return what is older than it might be, of all projects of all locks, sorted by job and project."""
    held: list[Outdated] = []
    early: list[Outdated] = []
    refused: list[PassedOver] = []
    for whole, lock in zip(subset.jobs, locked.locks, strict=True):
        job = gaps.served(whole, lock)
        offers = backend.index().upstream.on(job.target.name)
        # What an old cut-off refuses is said too: no lock depends on a forecast.
        known = Known(offers=offers, limits=backend.constraints, kept=locked.reused)
        held += outdated.as_remembered(lock, outdated.held_back(job, lock, known, others=locked.locks))
        early += outdated.as_remembered(lock, outdated.early(job, lock, known))
        if backend.judge()[0].counts:
            refused += refused_by_policy(job, lock, known)
    return _Older(held=tuple(held), early=tuple(early), refused=tuple(refused))


def _wheel_variants(upstream: Upstream) -> tuple[WheelVariants, ...]:
    """Return the projects with wheel variants, sorted."""
    found = {project: set(names) for project, names in upstream.pages.wheel_variants.items() if names}
    own = upstream.own_wheels
    # A project of which the directory has nothing else comes from an index.
    for path in own.iterdir() if own is not None and own.is_dir() else ():
        if project := filenames.of_wheel_variant(path.name):
            found.setdefault(project, set()).add(path.name)
    return tuple(
        WheelVariants(
            project=project,
            wheels=sum(name.endswith(".whl") for name in names),
            lists=sum(not name.endswith(".whl") for name in names),
        )
        for project, names in sorted(found.items())
    )


def _say_empty(subset: Subset, locked: Relocked, progress: Progress) -> None:
    """Name the sets of which no line applies to a target: they are no mistake, and may be meant otherwise."""
    for job, lock in zip(subset.jobs, locked.locks, strict=True):
        if not lock.pins and not lock.gaps:
            progress.say(f"note: no line of {job.requirement_set.name} applies to {job.target.name}")


def _present(paths: Paths) -> frozenset[str]:
    """Return the names of the files that need not be fetched."""
    places = (paths.packages, *(paths.site / SIMPLE).glob("*"))
    return frozenset(path.name for place in places for path in place.glob("*.*"))


def _to_fetch(locked: Relocked, present: Collection[str]) -> list[Distribution]:
    """Return the files of locks that stay as they are, without those called as *present*: each once."""
    kept = (one for lock in locked.locks if lock.name in locked.reused for one in lock.distributions)
    return [*{one.filename: one for one in kept if one.filename not in present and one.built is None}.values()]


def plan(paths: Paths, *, update: bool = False, unisolated: bool = False, progress: Progress | None = None) -> Forecast:
    """
    Return what `mirror` would do; nothing is written but mirror's own caches in ``packages/``.

    It reads the metadata that a mirror reads, and the page of every locked project: newer releases are found there.

    :param paths: the three directories.
    :param update: what an update would do.
    :param unisolated: build sdists without isolation where this system has none.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises NoSolution: a set has no solution for a target.
    :raises Gaps: several have none.
    :raises SubsetError: what else would prevent the mirror.
    """
    progress = progress or SILENT
    subset, network = inputs_of(paths, progress, update=update)
    with working(paths, builds=False) as work:
        gone = left_over(subset, paths.locks)
        cache = FileCache(paths.packages / file_cache.FILE)
        other_files.require_sources(subset.other_files, cache)
        intake = Intake(subset.bad_files, paths.packages, cache)
        with opened(subset, network, paths.packages, work, progress, unisolated=unisolated) as backend:
            locked = relock(subset, paths, backend, intake, progress, update=update, forecast=True)
            require_admitted(subset, locked.locks, cache, backend.prior, missing=locked.missing, resolves=True)
            require_as_locked(subset.sources, locked.before.values(), (), cache)
            _, lower = compared(subset, paths, locked, backend, progress, allowed=True)
            older = _older(subset, locked, backend)
            variants = _wheel_variants(backend.index().upstream)
            present = _present(paths)
            addresses = backend.index().upstream.warnings_of(_to_fetch(locked, present))
            _say_empty(subset, locked, progress)
        intake.refuse(strangers(locked.locks, paths.packages))
        for sentence in (*addresses, *intake.close().values()):
            progress.warn(sentence)
    every = diff.changes({**locked.before, **gone}, locked.locks)
    return Forecast(
        rows=_rows(subset, locked.locks, present),
        changes=every,
        removed=tuple(gone),
        gone=tuple(judged(subset, locked.missing, locked.before.values())),
        unknown=locked.unknown,
        accepted_gaps=gaps.accepted_gaps(subset, locked.locks),
        held=older.held,
        early=older.early,
        passed_over=older.refused,
        untimed=locked.asked.untimed,
        denied=locked.asked.denied,
        unusable=locked.asked.unusable,
        on_several_indexes=locked.asked.on_several_indexes,
        wheel_variants=variants,
        warnings=(*locked.warnings, *lower, *addresses),
        other_files=changes(subset.other_files, paths),
    )
