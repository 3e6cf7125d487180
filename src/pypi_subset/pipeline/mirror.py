"""
The story: requirements go in, a verified site comes out, one stage a line.

This module alone calls the stages; none of them knows another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.locks import diff
from pypi_subset.packages.download import download
from pypi_subset.packages.stock import take_stock
from pypi_subset.pip.pool import Pips
from pypi_subset.pipeline.relock import lock_all, standing_locks, still_valid, write_locks
from pypi_subset.pipeline.workspace import Run, opened, require_apart, sources_of
from pypi_subset.site.builder import readme_of, staged_site
from pypi_subset.site.content import Content
from pypi_subset.site.ownership import require_own
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pypi_subset.model.distributions import Artifact
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.paths import Paths
    from pypi_subset.packages.stock import Stock
    from pypi_subset.support.progress import Progress
    from pypi_subset.upstream.gateway import Loopback


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


def mirror(paths: Paths, *, progress: Progress, update: bool = False) -> Summary:
    """
    Build the site that ``requirements/`` asks for; on any error leave the old one as it was.

    :param paths: the three folders.
    :param progress: receives lines and stages.
    :param update: resolve every pair anew, whether or not its lock still matches.
    :raises SubsetError: whatever stood in the way, with the next step.
    """
    require_apart(paths)
    require_own(paths.site)
    with opened(paths, progress) as (run, network):
        before = standing_locks(run, update=update)
        valid = {} if update else still_valid(run, before)
        with sources_of(run, network) as sources, Pips(run.work) as pips:
            locks = lock_all(run, valid, sources, pips)
            changes = write_locks(run, before, locks)
            stock = take_stock(locks, paths.packages, site=paths.site, memory=run.memory)
            artifacts = _fetch(run, stock, sources, pips)
            bad = run.intake.close()
        content = Content(subset=run.subset, locks=locks, artifacts=artifacts, bad=bad)
        with staged_site(content, paths.site, run.memory) as stage:
            if stage is not None:
                # The report brings in rich and more, which a run with nothing to do does not need.
                from pypi_subset.proof.report.report import carry_over  # noqa: PLC0415

                carry_over(paths.site, stage)
        published = stage is not None
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


def _fetch(run: Run, stock: Stock, sources: Callable[[], Loopback], pips: Pips) -> tuple[Artifact, ...]:
    """Every artifact that is let in, sorted by name, what was missing fetched first."""
    for name in stock.rejected:
        run.progress.say(f"{name} had a wrong hash: moved to {run.paths.packages / '.rejected'} and replaced")
    run.intake.refuse(stock.strangers)
    present = run.intake.admitted(stock.present)
    if not stock.missing:
        return present
    with run.progress.stage("download", sum(len(group) for _, group in stock.missing)) as bar:
        fetched = download(
            stock,
            targets={job.name: job.target for job in run.subset.jobs},
            index=sources(),
            pips=pips,
            packages=run.paths.packages,
            work=run.work / "download",
            admits=run.intake.admits,
            progress=bar.advance,
        )
    return tuple(sorted([*present, *fetched], key=lambda one: one.distribution.filename))


def _rows(run: Run, locks: Sequence[Lock]) -> tuple[Row, ...]:
    """One row for each target that some set serves; a file that several sets need counts once."""
    return tuple(
        Row(
            target=target,
            projects=len({one.project for one in needed.values()}),
            files=len(needed),
            bytes=diff.size_of(needed.values()),
            seconds=sum(run.seconds.get(one.name, 0.0) for one in locks if one.target_name == target),
        )
        for target, needed in diff.needs(run.subset, locks).items()
    )
