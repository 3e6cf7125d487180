"""What a run works with: its directories, its lock, its sources."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError
from pypi_subset.model.locks import Inputs
from pypi_subset.packages.bad_files import Intake
from pypi_subset.packages.file_cache import Memory
from pypi_subset.requirements.subset import read_subset
from pypi_subset.support import files, staging
from pypi_subset.upstream.pip_config import read_constraints, read_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Job, Subset
    from pypi_subset.support.progress import Progress
    from pypi_subset.upstream.gateway import Loopback
    from pypi_subset.upstream.pip_config import Network


#: Below ``packages/``: what a run fetched that failed or was stopped. The next one need not fetch it again.
KEPT = ".fetched"
#: Below ``packages/``: what is known of files that have not changed since. It may be deleted.
MEMORY = ".memory.json"
#: The folder in ``packages/`` in which earlier releases kept the site before the last; it is removed.
LAST_SITE = ".last-site"


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What the stages of one run share."""

    subset: Subset
    paths: Paths
    work: Path
    progress: Progress
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
            policy=self.subset.policy_digest,
            constraint=constraint,
        )


@contextlib.contextmanager
def opened(paths: Paths, progress: Progress) -> Iterator[tuple[Run, Network]]:
    """What a run begins with: the subset and what is to be known of its targets, the network, a folder to work in."""
    subset = read_subset(paths.requirements)
    for note in (note for target in subset.targets for note in target.notes):
        progress.say(f"note: {note}")
    network = read_network()
    with files.exclusive(paths.packages), _workspace(paths) as work:
        memory = Memory(paths.packages / MEMORY)
        run = Run(
            subset=subset,
            paths=paths,
            work=work,
            progress=progress,
            constraints=read_constraints(network),
            memory=memory,
            intake=Intake(subset.bad_files, paths.packages, memory, progress.say),
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
def sources_of(run: Run, network: Network) -> Iterator[Callable[[], Loopback]]:
    """What opens the index that pip is shown, when first called: a run with nothing to do needs none of it."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def index() -> Loopback:
            from pypi_subset.upstream.catalog import Upstream  # noqa: PLC0415
            from pypi_subset.upstream.gateway import Loopback  # noqa: PLC0415 - brings in a server and pip's network side

            upstream = Upstream(network, store=run.work / "store", shelf=run.paths.packages)
            return stack.enter_context(Loopback(upstream, run.subset.targets))

        yield index
