"""
The snapshots of a packages directory: a document for each, and the files that it names in the pool.

Pages of a site depend on the version of the tool that wrote them. A snapshot keeps them, and does not render them again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from pypi_subset.bundle.ledger import manifest_in
from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.model import documents, door
from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Manifest, Sha256
from pypi_subset.model.paths import DEVICE, MANIFEST, README, REPORT
from pypi_subset.model.report import Digest, Time
from pypi_subset.snapshots.pool import SNAPSHOTS, Pool, lost
from pypi_subset.support import files, staging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The directory of the documents.
_NAMED, _SUFFIX = "named", ".json"
#: Characters of a name. It becomes a file name on each system, and a word of a command line.
_LONGEST = 60
_NAME = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
#: The name of the site of the run. No snapshot has it.
SITE = "site"

Title = Annotated[str, Meta(pattern=r"^[a-z0-9]+([-_.][a-z0-9]+)*$(?!\n)", max_length=_LONGEST)]


class Snapshot(Document, frozen=True, kw_only=True):
    """
    A named state of a site.

    :param schema: version of this form, major.minor.
    :param taken: when it was taken (UTC).
    :param manifest: SHA-256 of its manifest, which names every other file.
    :param report: SHA-256 of its report, empty without one.
    :param readme: SHA-256 of its README, empty without one.
    :param proven: whether a complete green report was about these bytes when it was taken.
    :param doubt: why nothing proved them, empty if something did.
    :param distributions: number of its distributions.
    :param bytes: size of all of these.
    """

    name: ClassVar[str] = "the snapshot"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    title: Title = msgspec.field(name="name")
    taken: Time
    manifest: Sha256
    report: Digest
    readme: Digest
    proven: bool
    doubt: str
    distributions: int
    bytes: int

    @property
    def beside(self) -> dict[str, str]:
        """Path → SHA-256 of the files that its manifest does not name."""
        return {path: digest for path, digest in ((REPORT, self.report), (README, self.readme)) if digest}


def require_name(name: str) -> str:
    """
    Return *name* if a snapshot may have it.

    :raises SubsetError: it may not.
    """
    if DEVICE.fullmatch(name):
        msg = f"a snapshot cannot be called {name!r}, a device on Windows: no file there has that name"
        raise SubsetError(msg, next_step="choose another name, as in 2026-11")
    if not (_NAME.fullmatch(name) and len(name) <= _LONGEST) or name == SITE:
        msg = f"a snapshot cannot be called {name!r}" if name else "the snapshot has no name"
        step = f"use up to {_LONGEST} lower-case letters and digits, with single '-', '_' or '.' between, as in 2026-11"
        raise SubsetError(msg, next_step=step)
    return name


class Store:
    """
    The snapshots of one packages directory.

    :param packages: the directory.
    """

    def __init__(self, packages: Path) -> None:
        self.pool = Pool(packages)
        self.folder = packages / SNAPSHOTS
        self._named = self.folder / _NAMED

    def names(self) -> list[str]:
        """Return the names of all snapshots, sorted."""
        if not self._named.is_dir():
            return []
        with files.folder_errors(self._named):
            found = [path.name.removesuffix(_SUFFIX) for path in self._named.glob(f"*{_SUFFIX}")]
        return sorted(name for name in found if _NAME.fullmatch(name))

    def every(self) -> list[Snapshot]:
        """
        Return all snapshots, in the order in which they were taken.

        :raises SubsetError: a document is damaged.
        """
        return sorted(map(self.read, self.names()), key=lambda one: (one.taken, one.title))

    def read(self, name: str) -> Snapshot:
        """
        Return the snapshot *name*.

        :raises SubsetError: there is none, or its document is damaged.
        """
        path = self.path_of(require_name(name))
        if not path.is_file():
            known = ", ".join(self.names()[-5:])
            msg = f"there is no snapshot {name!r}"
            step = f"the last ones are {known}" if known else f"take one: `pypi-subset snapshot --name {name}`"
            raise SubsetError(msg, next_step=step)
        step = "put it back from a backup of packages/, or remove it"
        found = documents.read(path, Snapshot, next_step=step)
        if found.title != name:
            msg = f"this is the snapshot {found.title!r} under another name"
            raise SubsetError(msg, path=path, next_step=step)
        return found

    def keep(self, snapshot: Snapshot) -> None:
        """Write the document of *snapshot*, whose files are in the pool: after this it is there."""
        path = self.path_of(snapshot.title)
        with files.folder_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, documents.encode(snapshot))

    def remove(self, name: str) -> None:
        """Remove the document of the snapshot *name*, then the files that no other one needs."""
        path = self.path_of(name)
        with files.folder_errors(path):
            path.unlink()
        self.sweep()

    def sweep(self) -> None:
        """Remove the files of the pool that no snapshot needs."""
        for path in self.pool.unneeded(self.needed()):
            with files.folder_errors(path):
                staging.remove_tree(path)

    def needed(self) -> set[str]:
        """Return the SHA-256 of each file that a snapshot needs."""
        return {digest for one in self.every() for digest in self.hashes(one).values()}

    def manifest_of(self, snapshot: Snapshot, *, strict: bool = False) -> Manifest:
        """
        Return the manifest of *snapshot*.

        :param strict: let it through the `door`, which takes a second at 10,000 wheels: its paths become files.
        :raises SubsetError: the pool has lost it, or has other bytes.
        """
        path, data = self.pool.path_of(snapshot.manifest), self.pool.read(snapshot.manifest)
        if hashlib.sha256(data).hexdigest() != snapshot.manifest:
            msg = f"the manifest of the snapshot {snapshot.title} has other bytes than when it was taken"
            raise SubsetError(msg, path=path, next_step="put it back from a backup, or remove the snapshot")
        if not strict:
            with contextlib.suppress(ValueError):
                return manifest_in(data)
        return door.decode(data, path=path, next_step=documents.UPGRADE)

    def hashes(self, snapshot: Snapshot, *, strict: bool = False) -> dict[str, str]:
        """Return path below the site → SHA-256, of all files of *snapshot*; *strict* is as in `manifest_of`."""
        return {**self.manifest_of(snapshot, strict=strict).hashes, **snapshot.beside, MANIFEST: snapshot.manifest}

    @contextlib.contextmanager
    def laid_out(self, snapshot: Snapshot) -> Iterator[Path]:
        """
        Yield a directory with the site of *snapshot*, of hard links; it is removed after the block.

        :raises FolderError: the pool has lost a file, or the disk is full.
        """
        stage = self.folder / f".{snapshot.title}.{os.getpid()}.stage"
        try:
            self._lay_out(snapshot, stage)
            yield stage
        finally:
            with files.folder_errors(stage):
                staging.remove_tree(stage)

    def _lay_out(self, snapshot: Snapshot, stage: Path) -> None:
        staging.sweep(self.folder, ".*.stage")
        folders: set[Path] = set()
        for path, digest in self.hashes(snapshot, strict=True).items():
            source, place = self.pool.path_of(digest), stage / path
            with files.folder_errors(place):
                if place.parent not in folders:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    folders.add(place.parent)
                try:
                    files.link_or_copy(os.fspath(source), os.fspath(place))
                except FileNotFoundError as error:
                    raise lost(source) from error

    def path_of(self, name: str) -> Path:
        """Return the path of the document of the snapshot *name*."""
        return self._named / f"{name}{_SUFFIX}"


def require_plain(site: Path, path: str) -> Path:
    """
    Return the file at *path* below *site*.

    :raises FolderError: it is not there, or is a symbolic link.
    """
    found = site / path
    if found.is_symlink() or not found.is_file():
        msg = "the manifest names this, and it is no plain file there"
        raise FolderError(msg, path=found, next_step="run `pypi-subset mirror`")
    return found
