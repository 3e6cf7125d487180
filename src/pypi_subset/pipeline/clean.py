"""Emptying ``packages/`` and ``site/``, and removing from ``packages/`` what no lock needs."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from pypi_subset.bundle.ledger import SENT
from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.locks import lockfile
from pypi_subset.model.documents import Document
from pypi_subset.model.paths import MANIFEST
from pypi_subset.packages import file_cache, gone_list
from pypi_subset.packages.bad_files import LIST
from pypi_subset.packages.stock import REJECTED, is_distribution
from pypi_subset.pipeline.workspace import KEPT, OBSOLETE
from pypi_subset.proof.cache.green_results import NAME
from pypi_subset.publishing import locked
from pypi_subset.site import build_state
from pypi_subset.site.ownership import require_own
from pypi_subset.site.readme.cache import NAME as READMES
from pypi_subset.support import files, staging
from pypi_subset.support.machine import holding
from pypi_subset.upstream.places import apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.model.paths import Paths


#: What runs keep in ``packages/`` beside distributions.
WORKING = frozenset(
    {
        *(holding.RUNNING, REJECTED, LIST, KEPT, *OBSOLETE, NAME, READMES),
        *(file_cache.FILE, build_state.FILE, gone_list.FILE, apart.FILE, locked.FILE, SENT),
    }
)


def clean(packages: Path, site: Path) -> None:
    """
    Empty *packages* and *site*; READMEs, the list of files that are gone and the ledger of bundles stay.

    :raises FolderError: one of them holds anything that mirror did not make; nothing is removed then.
    """
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
        for folder in (packages, site):
            staging.recover(folder)
            # The manifest last: without one, the rest of a site would be taken for the user's own.
            for path in sorted(_content(folder), key=lambda one: one.name == MANIFEST):
                if (path == packages / SENT and path.is_dir()) or (
                    path == packages / gone_list.FILE and _has_entries(packages)
                ):
                    continue
                with files.folder_errors(path):
                    staging.remove_tree(path)


def _has_entries(packages: Path) -> bool:
    """Return whether the list of files that are gone says more than that there are none. A damaged one does not."""
    with contextlib.suppress(SubsetError):
        return bool(gone_list.read(packages).files)
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Unneeded:
    """
    One file that no lock needs.

    :param path: below the packages directory.
    :param size: bytes.
    :param why: why it is there, in one phrase.
    """

    path: str
    size: int
    why: str


class Pruned(Document, frozen=True, kw_only=True):
    """
    What no lock needs.

    :param schema: version of this form, major.minor.
    :param bytes: the size of all *files*.
    :param kept: the number of files that a lock needs.
    :param removed: whether *files* are gone now.
    """

    name: ClassVar[str] = "the result of prune"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    bytes: int
    files: tuple[Unneeded, ...]
    kept: int
    removed: bool


def prune(paths: Paths, *, remove: bool) -> Pruned:
    """
    Return the files in the packages directory that no lock needs, and remove them if asked.

    Every lock of ``requirements/lock`` counts, also of a target that ``requirements/`` no longer has. The site keeps its
    own hard links.

    :param remove: whether they are removed; else nothing is changed.
    :raises LockError: a lock cannot be read; nothing is removed then.
    :raises FolderError: there is no lock, or another run works in the packages directory.
    """
    locks = [lockfile.read(path) for path in sorted(paths.locks.glob("pylock.*.toml"))]
    if not locks:
        msg = "there is no lock, so every file would be removed"
        step = "run `pypi-subset mirror`; `pypi-subset clean` empties packages/"
        raise FolderError(msg, path=paths.locks, next_step=step)
    needed = {one.filename for lock in locks for one in lock.distributions}
    with holding.exclusive(paths.packages) if paths.packages.is_dir() else contextlib.nullcontext():
        content = _content(paths.packages)
        found = tuple(sorted(_unneeded(content, needed), key=lambda one: one.path))
        for one in found if remove else ():
            path = paths.packages / one.path
            with files.folder_errors(path):
                path.unlink()
    return Pruned(
        bytes=sum(one.size for one in found),
        files=found,
        kept=sum(path.name in needed for path in content),
        removed=remove,
    )


def _unneeded(content: list[Path], needed: set[str]) -> Iterator[Unneeded]:
    reasons = {REJECTED: "set aside: its hash was wrong", KEPT: "fetched by a run that failed"}
    for path in content:
        if path.name in reasons and path.is_dir() and not path.is_symlink():
            for one in sorted(path.rglob("*")):
                if one.is_file() and not one.is_symlink():
                    name = one.relative_to(path.parent).as_posix()
                    yield Unneeded(path=name, size=one.stat().st_size, why=reasons[path.name])
        elif is_distribution(path.name) and path.name not in needed and path.is_file() and not path.is_symlink():
            yield Unneeded(path=path.name, size=path.stat().st_size, why="no lock names it")


def _content(folder: Path) -> list[Path]:
    """Return what *folder* holds beside its README, sorted; nothing if there is no such directory."""
    with files.folder_errors(folder):
        return sorted(path for path in folder.iterdir() if path.name != "README.md") if folder.is_dir() else []
