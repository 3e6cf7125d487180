"""Emptying ``packages/`` and ``site/``, and removing from ``packages/`` what no lock, snapshot or bundle needs."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct

from pypi_subset.bundle import ledger
from pypi_subset.bundle.ledger import SENT
from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.locks import lockfile
from pypi_subset.model.documents import Document
from pypi_subset.model.paths import MANIFEST
from pypi_subset.packages import file_cache, gone_list, other_files
from pypi_subset.packages.bad_files import LIST
from pypi_subset.packages.stock import REJECTED, is_distribution
from pypi_subset.pipeline.workspace import KEPT, OBSOLETE
from pypi_subset.proof.cache.green_results import NAME
from pypi_subset.publishing import locked
from pypi_subset.requirements.intake.other_files import files_of
from pypi_subset.site import build_state
from pypi_subset.site.ownership import require_own
from pypi_subset.site.readme.cache import NAME as READMES
from pypi_subset.snapshots.listing import needed_by_snapshots
from pypi_subset.snapshots.pool import SNAPSHOTS
from pypi_subset.snapshots.store import Store
from pypi_subset.support import files, staging
from pypi_subset.support.machine import holding
from pypi_subset.upstream.places import apart

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator, Mapping

    from pypi_subset.model.paths import Paths


#: What runs keep in ``packages/`` beside distributions.
WORKING = frozenset(
    {
        *(holding.RUNNING, REJECTED, LIST, KEPT, *OBSOLETE, NAME, READMES),
        *(
            file_cache.FILE,
            build_state.FILE,
            gone_list.FILE,
            apart.FILE,
            locked.FILE,
            SENT,
            SNAPSHOTS,
            other_files.FOLDER,
        ),
    }
)


class Emptied(Struct, frozen=True, kw_only=True):
    """
    A directory that was emptied.

    :param path: as the user wrote it.
    :param files: the number of files that were removed.
    :param bytes: their size. A file with two names, in both directories, counts where it was removed first.
    """

    path: str
    files: int
    bytes: int


class Cleaned(Document, frozen=True, kw_only=True):
    """
    What was removed.

    :param schema: version of this form, major.minor.
    :param directories: the packages directory and the site.
    """

    name: ClassVar[str] = "the result of clean"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    directories: tuple[Emptied, ...]


def clean(packages: Path, site: Path) -> Cleaned:
    """
    Empty *packages* and *site*, and return what was removed.

    READMEs, snapshots, the list of files that are gone and the ledger of bundles stay.

    :raises FolderError: one of them is no directory, or holds anything that mirror did not make; nothing is removed then.
    """
    _require_directories(packages, site)
    require_own(site)
    # To lock a directory creates it, so only an existing one is locked.
    with contextlib.ExitStack() as stack:
        if packages.is_dir():
            stack.enter_context(holding.exclusive(packages))
        if site.is_dir():
            stack.enter_context(holding.beside(site))
        for path in _content(packages):
            temporary = path.name.startswith(".") and path.name.endswith((".part", ".stage"))
            if not (temporary or path.name in WORKING or is_distribution(path.name)):
                msg = "mirror did not make this"
                raise FolderError(msg, path=path, next_step="move it away, then run clean again")
        done, seen = [], set[tuple[int, int]]()
        for folder in (packages, site):
            staging.recover(folder)
            count = size = 0
            # The manifest last: without one, the rest of a site would be taken for the user's own.
            for path in sorted(_content(folder), key=lambda one: one.name == MANIFEST):
                if (path in {packages / SENT, packages / SNAPSHOTS} and path.is_dir()) or (
                    path == packages / gone_list.FILE and _has_entries(packages)
                ):
                    continue
                with files.folder_errors(path):
                    for facts in _facts(path):
                        count += 1
                        if (facts.st_dev, facts.st_ino) not in seen:
                            size += facts.st_size
                        seen.add((facts.st_dev, facts.st_ino))
                    staging.remove_tree(path)
            done.append(Emptied(path=str(folder), files=count, bytes=size))
    return Cleaned(directories=tuple(done))


def _require_directories(*folders: Path) -> None:
    """Return if each of *folders* is a directory, or is not there."""
    for folder in folders:
        if folder.exists() and not folder.is_dir():
            msg = "this is no directory"
            raise FolderError(msg, path=folder, next_step="name a directory that mirror wrote")


def _facts(path: Path) -> Iterator[os.stat_result]:
    """Yield the status of each file at and below *path*, except the lock file of this run."""
    if path.name == holding.RUNNING:
        return
    if path.is_dir() and not path.is_symlink():
        yield from (facts for name, facts in files.walk(path) if not name.endswith("/"))
    else:
        yield path.lstat()


def _has_entries(packages: Path) -> bool:
    """Return whether the list of files that are gone says more than that there are none. A damaged one does not."""
    with contextlib.suppress(SubsetError):
        return bool(gone_list.read(packages).files)
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Unneeded:
    """
    One file in the packages directory.

    :param path: below the packages directory.
    :param size: bytes.
    :param why: why it goes or stays, in one phrase.
    """

    path: str
    size: int
    why: str


class Pruned(Document, frozen=True, kw_only=True):
    """
    What no lock, no snapshot and no bundle needs.

    :param schema: version of this form, major.minor.
    :param bytes: the size of all *files*.
    :param files: those that go.
    :param kept: the number of files that a lock needs.
    :param removed: whether *files* are gone now.
    :param staying: every distribution that stays. Since 1.1.
    """

    name: ClassVar[str] = "the result of prune"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"] = "1.1"
    bytes: int
    files: tuple[Unneeded, ...]
    kept: int
    removed: bool
    staying: tuple[Unneeded, ...] = ()


def prune(paths: Paths, *, remove: bool) -> Pruned:
    """
    Return the files in the packages directory that no lock, snapshot or bundle needs, and remove them if asked.

    Every lock of ``requirements/lock`` counts, also of a target that ``requirements/`` no longer has. Each snapshot and the
    site that the last bundle carried count as well. The site keeps its own hard links.

    :param remove: whether they are removed; else nothing is changed.
    :raises LockError: a lock cannot be read; nothing is removed then.
    :raises SubsetError: a snapshot or the ledger of bundles is damaged; nothing is removed then.
    :raises FolderError: there is no lock, or another run works in the packages directory.
    """
    locks = [lockfile.read(path) for path in sorted(paths.locks.glob("pylock.*.toml"))]
    if not locks:
        msg = "there is no lock, so every file would be removed"
        step = "run `pypi-subset mirror`; `pypi-subset clean` empties packages/"
        raise FolderError(msg, path=paths.locks, next_step=step)
    with holding.exclusive(paths.packages) if paths.packages.is_dir() else contextlib.nullcontext():
        content = _content(paths.packages)
        named = {
            one.filename: f"{lockfile.path_of(Path(), lock.name)} names it"
            for lock in locks
            for one in lock.distributions
        }
        needed = {**_sent(paths.packages), **needed_by_snapshots(paths.packages), **named}
        asked = {one.sha256 for one in files_of(paths.requirements)}
        lost = (*_unneeded(paths.packages, content, needed), *_unneeded_others(paths.packages, asked))
        found = tuple(sorted(lost, key=lambda one: one.path))
        for one in found if remove else ():
            path = paths.packages / one.path
            with files.folder_errors(path):
                path.unlink()
    return Pruned(
        bytes=sum(one.size for one in found),
        files=found,
        kept=sum(path.name in named for path in content),
        removed=remove,
        staying=tuple(
            Unneeded(path=path.name, size=path.stat().st_size, why=needed[path.name])
            for path in content
            if path.name in needed and path.is_file()
        ),
    )


def _sent(packages: Path) -> dict[str, str]:
    """Return file name → a phrase, of each distribution of the site that the last bundle carried: its medium may be lost."""
    last = ledger.read(packages).sent[-1:]
    bases = [base for one in last if (base := ledger.base_of(packages, one))]
    return {one.filename: "the last bundle carried it" for base in bases for one in base.manifest.files}


def _unneeded(packages: Path, content: list[Path], needed: Mapping[str, str]) -> Iterator[Unneeded]:
    store = Store(packages)
    for path in store.pool.unneeded(store.needed()):
        yield Unneeded(path=path.relative_to(packages).as_posix(), size=path.lstat().st_size, why="no snapshot has it")
    reasons = {REJECTED: "set aside: its hash was wrong", KEPT: "fetched by a run that failed"}
    for path in content:
        if path.name in reasons and path.is_dir() and not path.is_symlink():
            for one in sorted(path.rglob("*")):
                if one.is_file() and not one.is_symlink():
                    name = one.relative_to(path.parent).as_posix()
                    yield Unneeded(path=name, size=one.stat().st_size, why=reasons[path.name])
        elif is_distribution(path.name) and path.name not in needed and path.is_file() and not path.is_symlink():
            yield Unneeded(path=path.name, size=path.stat().st_size, why="no lock names it")


def _unneeded_others(packages: Path, asked: Collection[str]) -> Iterator[Unneeded]:
    """Yield each other file whose hash is not in *asked*, and what a stopped run left of one; snapshots have links of their own."""
    folder = packages / other_files.FOLDER
    if folder.is_dir() and not folder.is_symlink():
        for path in sorted(folder.iterdir()):
            if path.name not in asked and path.is_file() and not path.is_symlink():
                name = path.relative_to(packages).as_posix()
                yield Unneeded(path=name, size=path.stat().st_size, why="no [[files]] of subset.toml names it")


def _content(folder: Path) -> list[Path]:
    """Return what *folder* holds beside its README, sorted; nothing if there is no such directory."""
    with files.folder_errors(folder):
        return sorted(path for path in folder.iterdir() if path.name != "README.md") if folder.is_dir() else []
