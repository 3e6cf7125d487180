"""What builds sdists in a run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pypi_subset.errors import LockError
from pypi_subset.locks import lockfile, memory
from pypi_subset.model.intake.sources import BUILD
from pypi_subset.model.paths import Paths
from pypi_subset.pipeline.rooms import BuildRooms
from pypi_subset.sdists.builder import Builder
from pypi_subset.sdists.keeper import Keeper
from pypi_subset.sdists.releases import Search
from pypi_subset.targets.host import describe_host

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset
    from pypi_subset.pip.pool import Pips
    from pypi_subset.support.progress import Progress
    from pypi_subset.upstream.builds import Builds
    from pypi_subset.upstream.catalog import Upstream


def builder_of(  # noqa: PLR0913 - what a build needs, each by name
    subset: Subset,
    upstream: Upstream,
    *,
    pips: Pips,
    packages: Path,
    work: Path,
    progress: Progress,
    unlike: list[str],
    unisolated: bool,
    forget: Collection[str] = (),
) -> Builds:
    """
    Return what builds the sdists of the projects that *subset* names, and keeps others.

    :param packages: the files of earlier runs: a wheel that a standing lock has is not built again.
    :param work: the directory of the run.
    :param unlike: receives a sentence for each wheel that was built to other bytes the second time.
    :param unisolated: whether builds may run without isolation.
    :param forget: names of files that may have other bytes than when they were locked.
    """
    locks = Paths(requirements=subset.root, packages=packages, site=packages).locks
    before = [*_standing(locks)]
    everything = memory.named(before) | memory.read(locks)
    known = {name: sha256 for name, sha256 in everything.items() if name not in forget}
    unnamed = memory.unnamed(before, forget)
    search = Search([*_pinned(subset), *_built(before)])
    rooms = BuildRooms(unisolated=unisolated)
    found = Builder(
        upstream,
        projects=subset.build,
        targets=subset.targets,
        host=describe_host(BUILD),
        rooms=rooms,
        pips=pips,
        shelf=packages,
        locks=locks,
        work=work / "builds",
        progress=progress,
        unlike=unlike,
        search=search,
        known=known,
        unnamed=unnamed,
        forget=forget,
    )
    found.remember(before)
    if not subset.keep:
        return found
    return Keeper(
        found,
        upstream,
        projects=subset.keep,
        targets=subset.targets,
        rooms=rooms,
        pips=pips,
        work=work / "builds",
        progress=progress,
        search=search,
        known=known,
        unnamed=unnamed,
    )


def _pinned(subset: Subset) -> Iterator[tuple[str, Version]]:
    """Yield project and version of each release that a line of a set names by ``==``."""
    lines = (line.requirement for one in subset.sets for line in (*one.requests, *one.constraints))
    for requirement in lines:
        for one in requirement.specifier:
            if one.operator in {"==", "==="} and not one.version.endswith(".*"):
                # What ``===`` names may be no version.
                with contextlib.suppress(InvalidVersion):
                    yield canonicalize_name(requirement.name), Version(one.version)


def _built(locks: Iterable[Lock]) -> Iterator[tuple[str, Version]]:
    """Yield project and version of each release that *locks* have, and of what was required to build one."""
    for lock in locks:
        for one in (*lock.distributions, *(file for file, _ in lock.built_with)):
            yield one.project, one.version


def _standing(folder: Path) -> Iterator[Lock]:
    """Yield the locks in *folder* that can be read."""
    for path in sorted(folder.glob("pylock.*.toml")):
        # What is wrong with one is reported where it is used.
        with contextlib.suppress(LockError):
            yield lockfile.read(path)
