"""What a run works with: its directories, its lock, its sources."""

from __future__ import annotations

import contextlib
import functools
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.errors.tree import SURROUNDINGS
from pypi_subset.locks.lost import lost_wheels
from pypi_subset.model.intake.sources import OWN_WHEELS
from pypi_subset.pip.pool import Pips
from pypi_subset.pipeline.fetching import Documents
from pypi_subset.policy.judge import candidates_judge
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.reach import Reach
from pypi_subset.requirements.subset import read_subset
from pypi_subset.site.ownership import require_own
from pypi_subset.support import files, staging
from pypi_subset.support.machine import holding
from pypi_subset.support.progress import SILENT
from pypi_subset.upstream.constraints import read_constraints
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.settings.usable import require_admitted, require_agreement

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime
    from pathlib import Path

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.policy.judge import Judge
    from pypi_subset.support.progress import Progress
    from pypi_subset.upstream.gateway import Loopback
    from pypi_subset.upstream.pip_config import Network


#: Below ``packages/``: what a run fetched that failed or was stopped. The next one need not fetch it again.
KEPT = ".fetched"
#: Below that: what indexes answered.
ANSWERS = "answers"
#: What release 0.1 kept in the packages directory. It is removed: its caches are built again.
OBSOLETE = (".last-site", ".last-site.*.stage", ".memory.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """
    What resolving and fetching run with.

    :param index: opens the loopback index at its first call; a run with nothing to do never calls it.
    :param constraints: those of the user's pip configuration.
    :param work: a directory for this run.
    :param judge: returns the rules about candidates and the cut-off of upload times; like *index*, at its first call.
    :param prior: pip's ``uploaded-prior-to``, ``None`` without it.
    :param unlike: receives a sentence for each wheel that was built to other bytes the second time.
    """

    index: Callable[[], Loopback]
    pips: Pips
    constraints: tuple[str, ...]
    work: Path
    judge: Callable[[], tuple[Judge, str]]
    prior: datetime | None = None
    unlike: list[str] = field(default_factory=list)

    @property
    def cutoff(self) -> str:
        """The moment before which files must be uploaded, ``""`` without a cut-off."""
        return self.judge()[1]


def inputs_of(paths: Paths, progress: Progress, *, update: bool = False) -> tuple[Subset, Network]:
    """
    Return what ``requirements/`` asks for and the network settings of pip; show the notes about targets.

    :param update: fetch documents at URLs again.
    :raises FolderError: one directory contains another, or the site is not ours.
    :raises SubsetError: ``requirements/`` or pip's configuration cannot be read.
    """
    require_separate(paths)
    _require_own_locks(paths)
    require_own(paths.site)
    network = read_network()
    require_admitted(network.settings)
    reach = Reach(
        index_urls=network.index_urls,
        find_links=(*network.find_links, str(paths.requirements / OWN_WHEELS)),
        documents=Documents(network, paths.locks, update=update),
    )
    subset = read_subset(paths.requirements, reach)
    indexes = [one.name for one in subset.sources.named if one.index]
    require_agreement(network.settings, built=[*subset.build, *subset.keep], indexes=indexes)
    for note in (note for target in subset.targets for note in target.notes):
        progress.say(f"note: {note}")
    sources = replace(subset.sources, lost=lost_wheels(subset.sources, paths.locks))
    own = paths.requirements / OWN_WHEELS
    return subset, replace(network, own_wheels=own, sources=sources, first_source_wins=subset.first_source_wins)


def require_separate(paths: Paths) -> None:
    """
    Refuse directories if one contains another.

    :raises FolderError: one of the site and another contains the other.
    """
    files.require_apart(paths.site, "the site", (paths.packages, paths.requirements))


def _require_own_locks(paths: Paths) -> None:
    """
    Refuse a directory of locks that is a link to somewhere else: a proposed change must not have files written there.

    :raises FolderError: it leads out of the directory above ``requirements/``.
    """
    why, _ = places_of(paths.requirements).refusal(paths.locks)
    if why:
        raise FolderError(why, path=paths.locks, next_step="make it a directory; locks are written to it")


@contextlib.contextmanager
def working(paths: Paths, *, builds: bool = True) -> Iterator[Path]:
    """
    Lock ``packages/`` and the site for this run, and yield a scratch directory on the file system of ``packages/``.

    What a killed run left is removed. The whole files that a failed run fetched are moved to ``store`` in the new directory.

    :param builds: whether the run replaces the site; else that is neither locked nor mended.
    :raises FolderError: another run works in ``packages/`` or with the site, or ``packages/`` cannot be written.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(holding.exclusive(paths.packages))
        if builds:
            stack.enter_context(holding.beside(paths.site))
            staging.recover(paths.site)
        yield stack.enter_context(_scratch(paths))


@contextlib.contextmanager
def _scratch(paths: Paths) -> Iterator[Path]:
    # A name of its own for each run: a pip that outlives a failed run may make the directory of that run again.
    work = paths.packages.absolute() / f".work.{secrets.randbelow(10**9)}.stage"
    kept = paths.packages.absolute() / KEPT
    with files.folder_errors(paths.packages):
        for store in sorted(paths.packages.glob(".work.*.stage/store")):
            if not kept.exists():
                store.rename(kept)
    for pattern in (".work.*.stage", *OBSOLETE, ".*.part"):
        staging.sweep(paths.packages, pattern)
    staging.sweep(paths.locks, ".*.part")
    try:
        with files.known_as(work, paths.packages):
            with files.folder_errors(work):
                # What pip reads and writes there has the address of the loopback index.
                work.mkdir(mode=0o700)
                if kept.exists():
                    kept.rename(work / "store")
            yield work
    except BaseException as error:
        # Who mends what an index has, and runs again at once, wants its page of now.
        cut_off = not isinstance(error, SubsetError) or error.exit_code == SURROUNDINGS
        with contextlib.suppress(OSError):
            _keep(work / "store", kept, answers=cut_off)
        raise
    finally:
        # What cannot be removed now, the next run will remove.
        with contextlib.suppress(OSError):
            staging.discard(work)


def _keep(store: Path, kept: Path, *, answers: bool) -> None:
    """
    Give *store* the name *kept* if there is anything in it.

    :param answers: whether what indexes answered is kept beside files.
    """
    for part in store.glob("*/.*.part"):
        part.unlink()
    if not answers and (store / ANSWERS).is_dir():
        staging.discard(store / ANSWERS)
    if any(store.glob("*/*")):
        store.rename(kept)


@contextlib.contextmanager
def opened(  # noqa: PLR0913 - what a run has, and what the user allows
    subset: Subset,
    network: Network,
    packages: Path,
    work: Path,
    progress: Progress = SILENT,
    *,
    unisolated: bool = False,
    forget: Collection[str] = (),
) -> Iterator[Backend]:
    """
    Yield what resolving and fetching run with, while the block lasts.

    :param packages: the files of earlier runs; the index does not fetch them again.
    :param progress: receives a line for each build.
    :param unisolated: whether builds may run without isolation.
    :param forget: names of files that may have other bytes than when they were locked.
    """
    unlike: list[str] = []
    prior = getattr(network.options, "uploaded_prior_to", None)
    with contextlib.ExitStack() as stack, Pips(work) as pips:

        @functools.cache
        def judge() -> tuple[Judge, str]:
            return candidates_judge(subset, prior)

        @functools.cache
        def index() -> Loopback:
            # These import a server and pip's network side.
            from pypi_subset.upstream.catalog import Upstream  # noqa: PLC0415
            from pypi_subset.upstream.gateway import Loopback  # noqa: PLC0415

            upstream = Upstream(network, store=work / "store", shelf=packages, judge=judge()[0], say=progress.say)
            stack.callback(upstream.fetcher.close)
            if subset.build or subset.keep:
                from pypi_subset.pipeline.building import builder_of  # noqa: PLC0415 - few build anything

                upstream.builds = builder_of(
                    subset,
                    upstream,
                    pips=pips,
                    packages=packages,
                    work=work,
                    progress=progress,
                    unlike=unlike,
                    unisolated=unisolated,
                    forget=forget,
                )
            return stack.enter_context(Loopback(upstream, subset.targets))

        limits = read_constraints(network)
        yield Backend(index=index, pips=pips, constraints=limits, work=work, judge=judge, prior=prior, unlike=unlike)
