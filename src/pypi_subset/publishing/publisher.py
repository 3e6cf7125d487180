"""
A site's copy for its readers: what is named goes before the page that names it, and what goes away, goes last.

A reader sees the old site or the new one, or for a project the old page and for another the new; never a page that leads
to something that is not there. That holds wherever a run is cut off, and the next one makes good what is left to do.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError, NotProven
from pypi_subset.model.manifest import is_manifest
from pypi_subset.model.paths import GENERATED, MANIFEST, RELEASE, Paths, publish_order
from pypi_subset.model.report import TIME
from pypi_subset.proof.report.verdict import weakness
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.destinations.rsync import Rsync, is_remote
from pypi_subset.publishing.publication import Release, record, release_of
from pypi_subset.publishing.release import MAX_BYTES, decode, following
from pypi_subset.site.ownership import DROPPED
from pypi_subset.support import bounds, files, staging
from pypi_subset.support.machine import holding
from pypi_subset.support.machine.room import Need, require_room
from pypi_subset.support.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from pypi_subset.publishing.destinations.base import Destination, Found

logger = logging.getLogger(__name__)

#: Stands at a destination while it is being published: it is ours, even if no manifest has got there yet.
MARKER = ".publishing"
_MARK = b"Being published, or stopped on the way: the next `pypi-subset publish` goes on from here and removes this.\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """
    What a run did.

    :param sent: number of files.
    :param removed: the same.
    :param kept: number of files that were as they should be.
    :param doubt: why nothing proves them.
    :param manifest_sha256: of the manifest that is published, which `fetch_site` can be held to.
    :param serial: the number of this publication.
    """

    sent: int
    removed: int
    kept: int
    doubt: NotProven | None
    manifest_sha256: str = ""
    serial: int = 0


def destination_of(to: str, *apart: Path) -> Destination:
    """
    Return the place that the user named.

    :param apart: directories that must not be it, contain it, or be in it.
    :raises FolderError: it names nothing that can be published to.
    """
    if not to or to.startswith("-"):
        msg = "publish has no destination"
        raise FolderError(
            msg,
            next_step="name one, as in `--to /srv/www/pypi`, `--to host:/srv/www/pypi`, or `--to rsync://host/module`",
        )
    if is_remote(to):
        return Rsync(to)
    files.require_apart(Path(to), "the place to publish to", apart)
    return Folder(Path(to))


@staging.readable()
def publish(
    paths: Paths,
    to: str | Path,
    *,
    force: bool = False,
    grace: float = 10,
    check: bool = False,
    progress: Progress | None = None,
) -> Published:
    """
    Make the destination *to* hold the proven site; files precede the pages that name them.

    :param to: a directory, or what rsync takes: ``host:path``, ``rsync://host/module``.
    :param force: publish a site that no green report is about; the published manifest then says so.
    :param grace: seconds for which files stay that no page names any more.
    :param check: compare every file at the destination by its bytes. Otherwise a distribution of the same size and time
        counts as the same.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises NotProven: no complete green report is about these bytes, or not by this user with this tool.
    :raises SubsetError: the destination holds other files, cannot be reached, or is full.
    """
    destination = destination_of(str(to), paths.site, paths.packages)
    # No mirror replaces the site meanwhile. To lock a directory creates it, so only an existing one is locked.
    with contextlib.ExitStack() as stack:
        if paths.packages.is_dir():
            stack.enter_context(holding.exclusive(paths.packages))
        if paths.site.is_dir():
            stack.enter_context(holding.beside(paths.site))
        if isinstance(destination, Folder):
            stack.enter_context(holding.beside(destination.path))
        published = publish_to(
            paths.site,
            destination,
            requirements=paths.requirements,
            packages=paths.packages,
            force=force,
            grace=grace,
            check=check,
            progress=progress or SILENT,
        )
    if isinstance(destination, Folder):
        staging.open_up(destination.path)
    return published


def publish_to(  # noqa: PLR0913 - as `publish`
    site: Path,
    destination: Destination,
    *,
    force: bool,
    grace: float,
    progress: Progress,
    requirements: Path | None = None,
    packages: Path | None = None,
    check: bool = False,
    kept: bool = False,
) -> Published:
    """Make *destination* hold what *site* does, as `publish`; only what differs is sent. *kept* is as in `release_of`."""
    release = release_of(site, force=force, requirements=requirements, packages=packages, kept=kept)
    there = destination.look()
    _require_ours(destination, there)
    release = _numbered(release, destination, there)
    sizes = release.sizes
    if release.report is not None:
        if weak := weakness(release.report):
            progress.warn(weak)
        record(release.report)
    with tempfile.TemporaryDirectory(prefix="pypi-subset-publish-") as scratch:
        own = Path(scratch)
        files.write(own / MARKER, _MARK)
        for path, data in release.made.items():
            (own / path).parent.mkdir(exist_ok=True)
            files.write(own / path, data)
        changed = _changed(release, destination, there, own, every=check)
        if isinstance(destination, Folder):
            # What is replaced makes room at once, what no page names any more at the end alone.
            more = sum(sizes[path] - (there[path].size if path in there else 0) for path in changed)
            require_room([Need(destination.path, max(more, 0))], "publish")
        stale = [path for path, one in there.items() if one.kind == "file" and path != MARKER and path not in sizes]
        folders = _unused(there, sizes)
        if changed or stale or folders or MARKER in there:
            destination.send(own, [MARKER], lambda _: None, {})
            _send(release, destination, changed, there, own, progress)
            _remove(destination, stale, folders, grace)
            destination.remove([MARKER])
    return Published(
        sent=len(changed),
        removed=len(stale),
        kept=len(sizes) - len(changed),
        doubt=release.doubt,
        manifest_sha256=release.manifest_sha256,
        serial=decode(release.made[RELEASE], path=Path(RELEASE), next_step="").serial,
    )


def _numbered(release: Release, destination: Destination, there: Mapping[str, Found]) -> Release:
    """
    Return *release* with the ``release.json`` that comes after the one at *destination*.

    :raises SubsetError: the one there is damaged.
    """
    data = b""
    if RELEASE in there:
        data = destination.read(RELEASE) if there[RELEASE].size <= MAX_BYTES else bytes(MAX_BYTES + 1)
    step = f"put the {RELEASE} of the last publication back; without it, the serial begins at 1 and `fetch` refuses it"
    last = decode(data, path=Path(destination.name, RELEASE), next_step=step) if RELEASE in there else None
    made = following(last, data, release.manifest_sha256, datetime.now(UTC).strftime(TIME))
    return replace(release, made={**release.made, RELEASE: made})


def _require_ours(destination: Destination, there: Mapping[str, Found]) -> None:
    """Refuse a place that holds anything that we did not put there; the error names it."""
    for path, one in sorted(there.items()):
        if one.kind == "other":
            msg = f"{destination.name}: {path} is no plain file, and is neither followed nor overwritten"
            raise FolderError(msg, next_step="remove it, or publish elsewhere")
    top = sorted({path.partition("/")[0] for path in there} - DROPPED)
    # A first run may have been killed while it wrote the mark.
    held = [name for name in top if not name.startswith(f".{MARKER}.")]
    strange = [name for name in top if not is_known(name)] or ([] if _is_ours(destination, there) else held)
    if strange:
        msg = f"{destination.name}: publish did not put {strange[0]} there, and it would go"
        raise FolderError(msg, next_step="move it away, or publish to a directory that is empty")


def is_known(name: str) -> bool:
    """Whether *name* at the root is one of ours, or of a file of ours that a stopped run was still writing."""
    known = {*GENERATED, MARKER}
    return name in known or any(name.startswith(f".{one}.") for one in known)


def _is_ours(destination: Destination, there: Mapping[str, Found]) -> bool:
    """Whether we published there before: names alone do not tell, but the manifest does, or the mark of a stopped run."""
    if MARKER in there:
        return destination.read(MARKER) == _MARK
    small = MANIFEST in there and there[MANIFEST].size <= bounds.LARGEST_DOCUMENT
    return small and is_manifest(destination.read(MANIFEST))


def _changed(
    release: Release, destination: Destination, there: Mapping[str, Found], own: Path, *, every: bool
) -> set[str]:
    """Return the paths of what is not yet there as it should be."""
    changed, asked = set(), []
    for path, size in release.sizes.items():
        old = there.get(path)
        if old is None or old.kind != "file" or old.size != size:
            changed.add(path)
        # A distribution of the same size and time is taken to be the same, as rsync does it.
        elif every or publish_order(path) or path in release.made or old.modified != _modified(release.site / path):
            asked.append(path)
    for source, paths in _by_source(release, asked, own):
        changed |= destination.changed(source, paths)
    return changed


def _modified(path: Path) -> int:
    with files.folder_errors(path):
        return int(path.lstat().st_mtime)


def _by_source(release: Release, paths: Iterable[str], own: Path) -> list[tuple[Path, list[str]]]:
    """Return the directories that *paths* are taken from, each with those that lie in it: the site, and what was made."""
    found: dict[Path, list[str]] = {}
    for path in paths:
        found.setdefault(own if path in release.made else release.site, []).append(path)
    return [*found.items()]


def _send(
    release: Release,
    destination: Destination,
    changed: Iterable[str],
    there: Container[str],
    own: Path,
    progress: Progress,
) -> None:
    """
    Send what changed, each turn when the one before is there; of a turn, what is new goes first.

    :raises FolderError: a file has other bytes than the manifest says; what names it is not sent.
    """
    digests = {**release.digests, **{path: hashlib.sha256(data).hexdigest() for path, data in release.made.items()}}

    def turn_of(path: str) -> tuple[int, bool]:
        return publish_order(path), path in there

    ordered = sorted(changed, key=lambda path: (*turn_of(path), path))
    with progress.stage("publish", len(ordered)) as bar:
        for _, paths in itertools.groupby(ordered, key=turn_of):
            for source, turn in _by_source(release, paths, own):
                logger.info("%s: sending %d files", destination.name, len(turn))
                destination.send(source, turn, bar.advance, digests)


def _remove(destination: Destination, stale: Sequence[str], folders: Sequence[str], grace: float) -> None:
    """Remove what no page names any more: pages that lead to pages first, then what they led to, the files last."""
    for turns in ((7, 6, 5, 4, 3), (2, 1), (0,)):
        group = [path for path in stale if publish_order(path) in turns]
        # Hidden are settings, and what a stopped run left; no page names those.
        if any(not Path(path).name.startswith(".") for path in group):
            time.sleep(grace)
        if group:
            logger.info("%s: removing %d files", destination.name, len(group))
            destination.remove(group)
    if folders:
        destination.remove([], folders)


def _unused(there: Mapping[str, Found], wanted: Iterable[str]) -> list[str]:
    used = {folder.as_posix() for path in wanted for folder in Path(path).parents}
    return sorted(path for path, one in there.items() if one.kind == "folder" and path not in used)
