"""
The story as a recipe: requirements go in, a verified site comes out, one stage a line.

The pipeline alone calls the stages; no stage calls another.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from pypi_subset.locks import diff, memory
from pypi_subset.locks.beside import beside_locked, resized
from pypi_subset.locks.gaps import accepted_gaps
from pypi_subset.locks.judging import require_admitted, unneeded_waivers
from pypi_subset.locks.offered import judged
from pypi_subset.model.distributions import BadFile
from pypi_subset.model.documents import Document
from pypi_subset.model.intake.gone import Gone, Looked
from pypi_subset.model.intake.variants import ViewsOnly, notice, variants_locked, views_only
from pypi_subset.model.intake.verdicts import Denied, Untimed, Unusable, Waived
from pypi_subset.model.locks import AcceptedGap, Outdated
from pypi_subset.packages import file_cache, gone_list, other_files
from pypi_subset.packages.bad_files import Intake
from pypi_subset.packages.download import Downloads
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.packages.pip_download import PipDownload
from pypi_subset.packages.stock import REJECTED, take_stock
from pypi_subset.packages.watch import of_locks
from pypi_subset.pipeline.origins import require_as_locked
from pypi_subset.pipeline.recall import compared, with_own, with_sizes, write_own_facts
from pypi_subset.pipeline.relock import left_over, relock, write_locks
from pypi_subset.pipeline.workspace import inputs_of, opened, working
from pypi_subset.site import build_state
from pypi_subset.site.builder import readme_of, staged_site
from pypi_subset.site.content import Content
from pypi_subset.support import files, staging
from pypi_subset.support.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.distributions import Artifact
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.packages.stock import Stock
    from pypi_subset.pipeline.relock import Relocked
    from pypi_subset.pipeline.workspace import Backend
    from pypi_subset.support.progress import Progress


logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """
    What one target needs.

    :param bytes: the size of its files.
    :param seconds: the time that its resolution took, 0 for locks that were reused.
    """

    target: str
    projects: int
    files: int
    bytes: int
    seconds: float


class MirrorResult(Document, frozen=True, kw_only=True):
    """
    What a mirror did.

    :param schema: version of this form, major.minor.
    :param rows: one row for each target that a set serves.
    :param changes: the differences between the old and the new locks, one line each.
    :param rejected: names of files in ``packages/`` that had a wrong hash and were replaced.
    :param superseded: names of distributions in ``packages/`` that no lock names.
    :param bad_files: the files that the site lacks, because they are damaged or strange.
    :param warnings: sentences about what is allowed and probably a mistake.
    :param resolved: the number of locks that were resolved.
    :param fetched: the number of files that were fetched in this run.
    :param reused: the number of locks that match their inputs, and were not resolved.
    :param present: the number of locked files that were here already, those included that a stopped run fetched.
    :param fetched_bytes: the size of the files that were fetched.
    :param published: whether a new site replaced the old one.
    :param unvouched: names of files whose SHA-256 no index and no request stated when they were locked. A file of a
        local directory is not among them.
    :param built: names of locked wheels that were built from sdists, in this run or an earlier one.
    :param kept: names of sdists that the site has, which each machine builds.
    :param views_only: projects with variants: the union index leaves their files out, the views of targets have them.
    :param outdated: requested projects that are older than the newest release, and pre-releases, as the locks remember.
    :param accepted_gaps: requests that are left out, because the user accepts that they have no solution.
    :param waived: locked releases that a rule refuses and the user accepts.
    :param untimed: what has no upload time and was left out by ``min_age`` in this run's resolutions, by index.
    :param denied: projects whose pages an index did not show in this run's resolutions, by index and status.
    :param unusable: files with a fault, which count only if a target would take them, by index and fault.
    :param on_several_indexes: projects that more than one index of pip's configuration has, of this run's resolutions.
    :param gone: files of the locks before this run that an index does not offer any more, as the last look found.
    :param other_files: the number of files of ``[[files]]`` that the site carries.
    :param unknown: why this run does not know of some whether they are, one sentence each.
    """

    name: ClassVar[str] = "the result of mirror and update"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"] = "1.1"
    rows: tuple[Row, ...]
    changes: tuple[str, ...]
    rejected: tuple[str, ...]
    superseded: tuple[str, ...]
    bad_files: tuple[BadFile, ...]
    warnings: tuple[str, ...]
    resolved: int
    fetched: int
    published: bool
    reused: int = 0
    present: int = 0
    fetched_bytes: int = 0
    unvouched: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    outdated: tuple[Outdated, ...] = ()
    views_only: tuple[ViewsOnly, ...] = ()
    accepted_gaps: tuple[AcceptedGap, ...] = ()
    waived: tuple[Waived, ...] = ()
    untimed: tuple[Untimed, ...] = ()
    denied: tuple[Denied, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    on_several_indexes: tuple[str, ...] = ()
    gone: tuple[Gone, ...] = ()
    unknown: tuple[str, ...] = ()
    other_files: int = 0


@staging.readable()
def mirror(
    paths: Paths,
    *,
    update: bool = False,
    forget: Sequence[str] = (),
    allow_downgrade: bool = False,
    unisolated: bool = False,
    progress: Progress | None = None,
) -> MirrorResult:
    """
    Build the site that ``requirements/`` asks for; on any error the old site stays.

    :param paths: the three directories.
    :param update: resolve every set for every target again, even where a lock matches its inputs.
    :param forget: names of files that may have other bytes than when they were locked; *update* resolves them again.
    :param allow_downgrade: accept a lower version than the lock has, though the newer one is still offered.
    :param unisolated: build sdists without isolation where this system has none.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises HashMismatch: a file has other bytes than when it was locked.
    :raises LowerVersions: a project would get a lower version, and nothing that the user wrote asks for that.
    :raises SubsetError: what prevents the mirror, with the next step.
    """
    progress = progress or SILENT
    subset, network = inputs_of(paths, progress, update=update)
    with working(paths) as work:
        cache = FileCache(paths.packages / file_cache.FILE)
        others = other_files.gather(subset.other_files, paths, network, cache, progress)
        intake = Intake(subset.bad_files, paths.packages, cache)
        with (
            opened(subset, network, paths.packages, work, progress, unisolated=unisolated, forget=forget) as backend,
            progress.stage("download", 0, "bytes") as bar,
            Downloads(
                lambda: backend.index().upstream, paths, _gatherer(backend), cache, intake.admits, bar
            ) as downloads,
        ):
            locked = relock(subset, paths, backend, intake, progress, update=update, downloads=downloads)
            gone = left_over(subset, paths.locks)
            waived = require_admitted(subset, locked.locks, cache, backend.prior, missing=locked.missing, resolves=True)
            idle = unneeded_waivers(subset, waived)
            for sentence in idle:
                progress.warn(sentence)
            require_as_locked(subset.sources, locked.before.values(), forget, cache)
            recalled, lower = compared(
                subset, paths, locked, backend, progress, gone=gone.values(), forget=forget, allowed=allow_downgrade
            )
            downloads.require_room(locked.locks)
            forgotten = recalled.lines(memory.named(locked.locks))
            changes = (*forgotten, *write_locks(subset, paths, locked, gone, recalled.known))
            gone_list.keep(paths, locked.locks, of_locks(Looked(files=locked.missing), locked.locks), locked.answered)
            then = locked.before.values()
            stock = take_stock(locked.locks, paths.packages, site=paths.site, cache=cache, before=then)
            artifacts = _gather(subset, stock, downloads, intake, paths.packages, progress)
            if own := with_sizes(artifacts, backend.index().upstream.own_facts if stock.missing else {}):
                locked = write_own_facts(subset, paths, locked, own)
                artifacts = tuple(with_own(one, own) for one in artifacts)
        missing = {one.filename for _, group in stock.missing for one in group}
        fetched = {name: size for name, size in downloads.received.items() if name in missing}
        left_out = intake.close()
        for sentence in left_out.values():
            progress.warn(sentence)
        content = Content(subset=subset, locks=locked.locks, artifacts=artifacts, bad=[*left_out], others=others)
        variants = variants_locked(locked.locks)
        if variants:
            progress.say(f"note: {notice(variants)}")
        doubles = [*resized(own), *beside_locked(locked.locks)]
        for sentence in doubles:
            progress.say(f"note: {sentence}")
        with progress.stage("index", 0) as bar:
            published = _publish(content, paths, cache)
            if published:
                bar.expect(len(artifacts))
                bar.advance(len(artifacts))
        staging.open_up(paths.site)
        cache.save(forget=published)
        _add_readme(paths.packages)
    pinned = [(one.distribution, one.vouched) for lock in locked.locks for one in lock.pins]
    return MirrorResult(
        rows=_rows(subset, locked),
        changes=changes,
        rejected=stock.rejected,
        superseded=stock.superseded,
        bad_files=(*left_out,),
        warnings=(*locked.warnings, *idle, *backend.unlike, *lower, *left_out.values(), *doubles),
        resolved=len(locked.locks) - len(locked.reused),
        fetched=len(fetched),
        reused=len(locked.reused),
        present=len(stock.present) + len(missing) - len(fetched),
        fetched_bytes=sum(fetched.values()),
        published=published,
        unvouched=tuple(sorted({one.filename for one, vouched in pinned if not vouched and one.url})),
        built=tuple(sorted({one.filename for lock in locked.locks for one in lock.distributions if one.built})),
        kept=tuple(sorted({one.distribution.filename for lock in locked.locks for one in lock.pins if one.is_kept})),
        outdated=locked.outdated,
        views_only=views_only(variants),
        accepted_gaps=accepted_gaps(subset, locked.locks),
        waived=waived,
        untimed=locked.asked.untimed,
        denied=locked.asked.denied,
        unusable=locked.asked.unusable,
        on_several_indexes=locked.asked.on_several_indexes,
        gone=tuple(judged(subset, locked.missing, locked.before.values(), locked.locks)),
        unknown=locked.unknown,
        other_files=len(others),
    )


def _gatherer(backend: Backend) -> PipDownload:
    return PipDownload(index=backend.index, pips=backend.pips, work=backend.work / "download")


def _gather(
    subset: Subset, stock: Stock, downloads: Downloads, intake: Intake, packages: Path, progress: Progress
) -> tuple[Artifact, ...]:
    """Return every admitted artifact, sorted by file name, after fetching those that *packages* lacks."""
    for name in stock.rejected:
        progress.say(f"{name} had a wrong hash: moved to {packages / REJECTED} and replaced")
    for name in stock.replaced:
        progress.say(f"{name} is locked with other bytes now: the file of before is in {packages / REJECTED}")
    intake.refuse(stock.strangers)
    present = intake.admitted(stock.present)
    count = sum(len(group) for _, group in stock.missing)
    logger.info("%d files are in %s, %d are to be fetched", len(present), packages, count)
    if not count:
        return present
    fetched = downloads.collect(stock, targets={job.name: job.target for job in subset.jobs})
    return tuple(sorted([*present, *fetched], key=lambda one: one.distribution.filename))


def _publish(content: Content, paths: Paths, cache: FileCache) -> bool:
    """Build the site, carry the last report over, and return whether the new site replaced the old one."""
    with staged_site(content, paths.site, cache, paths.packages / build_state.FILE) as stage:
        if stage is not None:
            # The report imports rich and more, which a run with nothing to do does not need.
            from pypi_subset.proof.report.report import carry_over  # noqa: PLC0415

            carry_over(paths.site, stage)
    logger.info("%s %s", paths.site, "was up to date" if stage is None else "was replaced")
    return stage is not None


def _add_readme(packages: Path) -> None:
    readme = packages / "README.md"
    if not readme.exists():
        files.write(readme, readme_of("packages"))


def _rows(subset: Subset, locked: Relocked) -> tuple[Row, ...]:
    """Return one row for each target that a set serves; a file that several sets need counts once."""
    return tuple(
        Row(
            target=target,
            projects=len({one.project for one in needed.values()}),
            files=len(needed),
            bytes=diff.size_of(needed.values()),
            seconds=sum(locked.seconds.get(one.name, 0.0) for one in locked.locks if one.target_name == target),
        )
        for target, needed in diff.needs(subset, locked.locks).items()
    )
