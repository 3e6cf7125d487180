"""
The channels of ``subset.toml``, and the earlier states of a channel, in a directory beside its own.

``.NAME.states`` beside the directory ``NAME`` holds them as hard links, each under the SHA-256 of its manifest. To put one
back takes a rename, whatever its size is.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.model.manifest import is_manifest
from pypi_subset.model.paths import HTACCESS, JSON_PAGE, MANIFEST, PAGE, RELEASE, REPORT, SIMPLE
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.publisher import MARKER, destination_of, is_known
from pypi_subset.publishing.release import MAX_BYTES, SiteRelease, decode, following
from pypi_subset.requirements.intake.channels import channels_of
from pypi_subset.requirements.subset_toml import SETTINGS
from pypi_subset.requirements.toml import nearest
from pypi_subset.site.ownership import DROPPED
from pypi_subset.support import bounds, files, staging

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from pypi_subset.model.manifest import Manifest
    from pypi_subset.publishing.destinations.base import Destination

#: Earlier states that a channel keeps.
KEPT = 3
#: The files in the directory of a project that are no distributions.
_PAGES = frozenset({PAGE, JSON_PAGE, HTACCESS})
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A name, and the place that it names."""

    name: str
    to: str
    destination: Destination

    @property
    def folder(self) -> Path | None:
        """The directory of a channel of this machine, ``None`` for one that rsync reaches."""
        return self.destination.path if isinstance(self.destination, Folder) else None

    def manifest(self) -> bytes:
        """
        Return the bytes of the manifest that is published there, nothing if there is none.

        :raises FolderError: the place cannot be read.
        """
        if isinstance(self.destination, Folder):
            path = self.destination.path / MANIFEST
            if not path.is_file() or path.is_symlink():
                return b""
            with files.folder_errors(path):
                return files.read_input(path, bounds.LARGEST_DOCUMENT)
        there = self.destination.look()
        small = MANIFEST in there and there[MANIFEST].size <= bounds.LARGEST_DOCUMENT
        return self.destination.read(MANIFEST) if small else b""


def channel_of(requirements: Path, name: str, *apart: Path) -> Channel | None:
    """
    Return the channel *name*, ``None`` if ``subset.toml`` has none of that name.

    :param requirements: the directory of ``subset.toml``.
    :param apart: directories that its place must not be, contain, or be inside.
    """
    places = channels_of(requirements)
    if name not in places:
        return None
    return Channel(name=name, to=places[name], destination=destination_of(places[name], *apart))


def require_channel(requirements: Path, name: str, *apart: Path) -> Channel:
    """
    Return the channel *name*.

    :raises SubsetError: ``subset.toml`` has none of that name.
    """
    found = channel_of(requirements, name, *apart)
    if found is None:
        names = [*channels_of(requirements)]
        msg = f"there is no channel {name!r}" if name else "the channel to promote to has no name"
        step = (
            nearest(name, names, "the channels are")
            if names
            else f'write [channels] {name or "prod"} = "/srv/www/pypi"'
        )
        raise SubsetError(msg, path=requirements / SETTINGS, next_step=step)
    return found


class States:
    """
    The earlier states of a channel that is a directory of this machine.

    :param live: the directory, which need not be there yet.
    """

    def __init__(self, live: Path) -> None:
        self.live = live
        self._folder = live.with_name(f".{live.name}.states")
        self._carried: list[str] = []

    def digest(self) -> str:
        """
        Return the SHA-256 of the manifest that is live and whole, ``""`` if nothing is.

        :raises FolderError: it is no directory of ours.
        """
        path = self.live / MANIFEST
        with files.folder_errors(self.live):
            if self.live.is_symlink() or not path.is_file() or (self.live / MARKER).exists():
                return ""
            data = files.read_input(path, bounds.LARGEST_DOCUMENT)
        return hashlib.sha256(data).hexdigest() if is_manifest(data) else ""

    def keep(self, digest: str) -> None:
        """Give the live state, whose manifest has the SHA-256 *digest*, a second set of names beside it."""
        self.settle()
        place = self._folder / digest
        if place.is_dir():
            return
        stage = self._folder / f".{digest}.{os.getpid()}.stage"
        with files.folder_errors(self._folder):
            staging.remove_tree(stage)
            for path, _ in files.walk(self.live):
                copy = stage / path
                if path.endswith("/"):
                    copy.mkdir(parents=True)
                    continue
                copy.parent.mkdir(parents=True, exist_ok=True)
                files.link_or_copy(os.fspath(self.live / path), os.fspath(copy))
            stage.rename(place)

    def has(self, digest: str, manifest: Manifest) -> bool:
        """Return whether the state with *manifest* is kept, with all of its files; sizes of distributions are compared."""
        self.settle()
        place = self._folder / digest
        path = place / MANIFEST
        with files.folder_errors(place):
            if not path.is_file() or files.sha256_of(path) != digest or not (place / REPORT).is_file():
                return False
            return _is_whole(place, manifest.hashes, {one.path: one.size for one in manifest.files})

    def put_back(self, digest: str, manifest: Manifest, before: str, now: str) -> SiteRelease:
        """
        Let the kept state *digest* and the live one change places in one step; return the new release.

        Distributions that the live state alone has come along, for clients that have read its pages: `drop_carried`
        removes them, and those that a killed run brought along.

        :param manifest: that of the kept state.
        :param before: SHA-256 of the manifest that is live.
        :param now: the time, RFC 3339 with microseconds, in UTC.
        :raises SubsetError: the ``release.json`` of the live state is damaged.
        """
        place = self._folder / digest
        made = self._numbered(digest, now)
        staging.sweep(place, f".{RELEASE}.*.part")
        files.write(place / RELEASE, made)
        self._carried = _carry(self.live, place, manifest.hashes)
        staging.swap(place, self.live)
        with files.folder_errors(self._folder):
            staging.remove_tree(self._folder / before)
            place.rename(self._folder / before)
        return decode(made, path=self.live / RELEASE, next_step="")

    def drop_carried(self, grace: float) -> None:
        """Remove what `put_back` carried over, after *grace* seconds."""
        if self._carried:
            time.sleep(grace)
        for path in self._carried:
            with files.folder_errors(self.live / path):
                (self.live / path).unlink(missing_ok=True)
                if not any((self.live / path).parent.iterdir()):
                    (self.live / path).parent.rmdir()
        self._carried = []

    def forget(self, but: Collection[str]) -> None:
        """Remove the kept states whose manifest is not among *but*."""
        for path in self._every():
            if path.name not in but:
                with files.folder_errors(path):
                    staging.discard(path)

    def _numbered(self, digest: str, now: str) -> bytes:
        path = self.live / RELEASE
        data = b""
        if path.is_file():
            with files.folder_errors(path):
                data = files.read_input(path, MAX_BYTES)
        step = f"put the {RELEASE} of the last publication back"
        last = decode(data, path=path, next_step=step) if data else None
        return following(last, data, digest, now)

    def _every(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        with files.folder_errors(self._folder):
            return sorted(path for path in self._folder.iterdir() if path.is_dir())

    def settle(self) -> None:
        """Give each kept state the name of its manifest: a run that was killed between two renames did not."""
        with files.folder_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        staging.recover(self.live)
        for path in self._every():
            found = _digest_in(path)
            if not _DIGEST.fullmatch(path.name) or not found:
                with files.folder_errors(path):
                    staging.remove_tree(path)
            elif found != path.name:
                right = path.with_name(found)
                with files.folder_errors(path):
                    if right.exists():
                        staging.remove_tree(path)
                    else:
                        path.rename(right)


def _carry(live: Path, place: Path, named: Collection[str]) -> list[str]:
    """
    Return the paths of the distributions, with their metadata, that *place* has beside its own.

    They are those that *live* alone had, and those of *live* that a killed run put there before.

    :param named: the paths that the manifest of *place* names.
    """
    found: list[str] = []
    with files.folder_errors(live):
        for project in sorted(_names(live / SIMPLE) | _names(place / SIMPLE)):
            folders = [one for one in (live / SIMPLE / project, place / SIMPLE / project) if one.is_dir()]
            names = {name for one in folders for name in _names(one)} - _PAGES
            found += [path for path in (f"{SIMPLE}/{project}/{name}" for name in sorted(names)) if path not in named]
        for path in found:
            (place / path).parent.mkdir(exist_ok=True)
            if not (place / path).exists():
                files.link_or_copy(os.fspath(live / path), os.fspath(place / path))
    return found


def _names(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}


def _digest_in(folder: Path) -> str:
    path = folder / MANIFEST
    return files.sha256_of(path) if path.is_file() else ""


def _is_whole(place: Path, hashes: Mapping[str, str], sizes: Mapping[str, int]) -> bool:
    """Return whether *place* has each file of *hashes*, and each of *sizes* with that size."""
    return all(_fits(f"{place}/{path}", sizes.get(path)) for path in hashes)


def _fits(path: str, size: int | None) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return size is None or found.st_size == size


def require_own(channel: Channel) -> None:
    """
    Return if the directory of *channel* is empty, missing, or was published by this tool.

    :raises FolderError: it holds something else, which a rename would take away.
    """
    folder = channel.folder
    if folder is None or not folder.is_dir():
        return
    strange = next(_strange(folder), "")
    if strange:
        msg = f"{folder}: publish did not put {strange} there, and it would go"
        raise FolderError(msg, next_step="move it away, or name another directory in [channels]")


def _strange(folder: Path) -> Iterator[str]:
    with files.folder_errors(folder):
        names = sorted(path.name for path in folder.iterdir())
    yield from (name for name in names if name not in DROPPED and not is_known(name))
