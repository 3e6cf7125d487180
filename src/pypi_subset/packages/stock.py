"""What `packages/` holds of what the locks name."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import BadDistribution, HashMismatch
from pypi_subset.model.distributions import Artifact
from pypi_subset.model.paths import file_path
from pypi_subset.packages.bad_files import LIST
from pypi_subset.packages.file_cache import identity_of
from pypi_subset.support import files
from pypi_subset.support.text import printable
from pypi_subset.support.threads import DaemonThreadPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock
    from pypi_subset.packages.file_cache import FileCache


logger = logging.getLogger(__name__)

#: Where files with another hash than the lock are kept, below ``packages/``: the user may want to look at them.
REJECTED = ".rejected"

#: Files of this tool in ``packages/``, beside distributions.
OWN = frozenset({"README.md", LIST})


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """
    What ``packages/`` holds of the locks before anything is fetched.

    :param present: files with the right hash.
    :param missing: what has to be fetched, for each job that is the first to need it.
    :param rejected: names of files whose hash was wrong; they were moved to ``.rejected/``.
    :param replaced: names of files that had the hash of the lock before; they were moved there too.
    :param superseded: names of distributions that no lock needs.
    :param strangers: all other files, by name, with what is wrong with each.
    """

    present: tuple[Artifact, ...]
    missing: tuple[tuple[str, tuple[Distribution, ...]], ...]
    rejected: tuple[str, ...]
    replaced: tuple[str, ...]
    superseded: tuple[str, ...]
    strangers: Mapping[str, BadDistribution]


def take_stock(
    locks: Sequence[Lock], packages: Path, *, site: Path, cache: FileCache, before: Iterable[Lock] = ()
) -> Stock:
    """
    Return what *packages* holds of *locks*; files with another hash are set aside.

    :param site: what *packages* lacks, and this site has, is linked back.
    :param cache: knows the hashes of files that have not changed.
    :param before: the locks before this run, whose files may have had other bytes under the same names.
    :raises HashMismatch: two locks want different bytes under one name.
    """
    wanted = _wanted(locks)
    lying, strangers = _lying(packages, wanted.keys())
    # A foreign file is never replaced: the file of its name counts as absent, and the run reports it.
    wanted = {name: one for name, one in wanted.items() if name not in strangers}
    identities = {name: identity_of(facts) for name, facts in lying.items() if name in wanted}
    hashes = {name: known for name, identity in identities.items() if (known := cache.recall(identity))}
    cached = len(hashes)
    unread = [name for name in identities if name not in hashes]
    with DaemonThreadPool(os.cpu_count()) as pool:
        hashes |= zip(unread, pool.map(cache.sha256, [packages / name for name in unread]), strict=True)
    logger.info("%d files: hashes of %d were cached", len(hashes), cached)
    wrong = sorted(name for name, sha256 in hashes.items() if sha256 != wanted[name][0].sha256)
    for name in wrong:
        _reject(packages / name, hashes[name])
        del identities[name]
    then = {(one.filename, one.sha256) for lock in before for one in lock.distributions} if wrong else set()
    replaced = [name for name in wrong if (name, hashes[name]) in then]
    right = {*identities}
    right |= _take_back((one for name, (one, _) in wanted.items() if name not in right), packages, site)
    missing: dict[str, list[Distribution]] = {}
    for name, (distribution, job) in wanted.items():
        if name not in right:
            missing.setdefault(job, []).append(distribution)
    return Stock(
        present=tuple(
            Artifact(distribution=wanted[name][0], folder=packages, identity=identities.get(name, ""))
            for name in sorted(right)
        ),
        missing=tuple((job, tuple(group)) for job, group in sorted(missing.items())),
        rejected=tuple(name for name in wrong if name not in replaced),
        replaced=tuple(replaced),
        superseded=tuple(sorted(lying.keys() - wanted.keys())),
        strangers=strangers,
    )


def strangers(locks: Iterable[Lock], packages: Path) -> Mapping[str, BadDistribution]:
    """Return the files in *packages* that are no distributions, by name, with what is wrong with each."""
    return _lying(packages, {one.filename for lock in locks for one in lock.distributions})[1]


def require_one_content(locks: Iterable[Lock]) -> None:
    """
    Return if no two of *locks* want different bytes under one name. Locks that do are not to be written.

    :raises HashMismatch: two do.
    """
    _wanted(locks)


def _wanted(locks: Iterable[Lock]) -> dict[str, tuple[Distribution, str]]:
    """Each file once, with the name of the first job that needs it."""
    wanted: dict[str, tuple[Distribution, str]] = {}
    for lock in locks:
        for one in lock.distributions:
            other, first = wanted.setdefault(one.filename, (one, lock.name))
            if other is one:
                continue
            wanted[one.filename] = other.joined(one), first
            if other.sha256 != one.sha256:
                msg = (
                    f"{one.filename} has two contents: sha256 {other.sha256} for {first}, {one.sha256} for {lock.name}"
                )
                step = f"{_one_of_two(other, one)}, then run `pypi-subset update`"
                raise HashMismatch(msg, project=one.project, target=lock.target_name, next_step=step)
    return wanted


def _one_of_two(one: Distribution, other: Distribution) -> str:
    """Return what the user does about two files of one name."""
    named = sorted({each.source for each in (one, other) if each.source})
    if not named:
        return "drop one of the two sources from pip's configuration"
    tables = " and ".join(f"[sources.{name}]" for name in named)
    return f"have one source serve both targets (see {tables} in subset.toml) or give one file another version"


def _take_back(absent: Iterable[Distribution], packages: Path, site: Path) -> set[str]:
    """Link what the site still holds into *packages*; return its names. Fetched again, its bytes would be here twice."""
    names = set()
    with files.known_as(packages, packages):
        for one in absent:
            published = site / file_path(one.project, one.filename)
            if published.is_file() and not published.is_symlink() and files.sha256_of(published) == one.sha256:
                files.link(published, packages / one.filename)
                names.add(one.filename)
    return names


def _lying(packages: Path, wanted: Collection[str]) -> tuple[dict[str, os.stat_result], dict[str, BadDistribution]]:
    """
    Names of the distributions in *packages* with what the system knows of them, and what else is there.

    Hidden files and our own are neither.

    :param wanted: names that a lock has, and need not be looked at again.
    """
    lying, strange = {}, {}
    with files.folder_errors(packages), os.scandir(packages) as entries:
        for entry in entries:
            name = entry.name
            # Nearly always.
            if name in wanted and entry.is_file(follow_symlinks=False):
                lying[name] = entry.stat()
            elif name.startswith(".") or name in OWN:
                continue
            elif what := _strange(entry, wanted):
                strange[name] = what
            else:
                lying[name] = entry.stat()
    step = "move it away: this directory holds distributions alone"
    strangers = {
        name: BadDistribution(what, path=packages / printable(name), next_step=step) for name, what in strange.items()
    }
    return lying, strangers


def _strange(entry: os.DirEntry[str], wanted: Collection[str]) -> str:
    """Return why the file is no distribution; ``""`` if it may be one."""
    if entry.is_file(follow_symlinks=False):
        return "" if entry.name in wanted or is_distribution(entry.name) else "this is no wheel and no sdist"
    if entry.is_symlink():
        return "this is a symbolic link, and no file"
    return "this is a directory" if entry.is_dir() else "this is no regular file"


def is_distribution(filename: str) -> bool:
    """Whether *filename* is the name of a wheel or an sdist, and of nothing else to a page, a shell or a server."""
    try:
        filenames.parse(filename)
    except filenames.INVALID:
        return False
    return True


def _reject(path: Path, sha256: str) -> None:
    folder = path.parent / REJECTED
    with files.folder_errors(folder):
        folder.mkdir(exist_ok=True)
        path.replace(folder / f"{path.name}.{sha256[:12]}")
