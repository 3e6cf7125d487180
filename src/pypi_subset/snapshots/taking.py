"""Taking a snapshot of the site, and publishing one."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pypi_subset.errors import NotProven, SubsetError
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import README
from pypi_subset.model.report import report_path
from pypi_subset.publishing import publisher
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.publication import release_of
from pypi_subset.requirements.intake.channels import channels_of
from pypi_subset.snapshots.store import Snapshot, Store, require_name, require_plain
from pypi_subset.support import files, staging
from pypi_subset.support.machine import holding
from pypi_subset.support.progress import SILENT, Progress

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.paths import Paths
    from pypi_subset.publishing.destinations.base import Destination
    from pypi_subset.publishing.publisher import Published


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """
    What a run took.

    :param is_new: whether it was not there before.
    """

    snapshot: Snapshot
    is_new: bool


def take_snapshot(paths: Paths, name: str, *, now: str, force: bool = False, progress: Progress | None = None) -> Taken:
    """
    Keep the proven site under *name*: its manifest, and each file in a pool that all snapshots share.

    :param name: lower-case letters and digits, with single ``-``, ``_`` or ``.`` between them.
    :param now: the time, RFC 3339 with microseconds, in UTC.
    :param force: keep a site that no green report is about; no channel takes it.
    :param progress: receives stages; ``None`` is silent.
    :raises NotProven: no complete green report is about these bytes, or not by this user with this tool.
    :raises SubsetError: *name* is none, or another site has it.
    """
    require_name(name)
    if name in channels_of(paths.requirements):
        msg = f"{name!r} is the name of a channel"
        raise SubsetError(msg, next_step="give the snapshot another name, as in 2026-11")
    store = Store(paths.packages)
    with contextlib.ExitStack() as stack:
        stack.enter_context(holding.exclusive(paths.packages))
        if paths.site.is_dir():
            stack.enter_context(holding.beside(paths.site))
        release = release_of(paths.site, force=force, requirements=paths.requirements, packages=paths.packages)
        manifest, place = release.manifest, manifest_path(paths.site)
        with files.folder_errors(place):
            # If a doubt was found, the published manifest says so, and the site's does not.
            data = place.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if name in store.names():
            return Taken(snapshot=_same(store.read(name), digest, store, doubted=release.doubt), is_new=False)
        # What is proven was hashed a moment ago.
        _fill(store, paths.site, manifest.hashes, progress or SILENT, hashed=release.doubt is None)
        store.pool.write(data, digest)
        snapshot = Snapshot(
            title=name,
            taken=now,
            manifest=digest,
            report=_beside(store, report_path(paths.site)),
            readme=_beside(store, paths.site / README),
            proven=release.doubt is None,
            doubt=release.doubt.what if release.doubt else "",
            distributions=len(manifest.files),
            bytes=sum(one.size for one in manifest.files),
        )
        store.keep(snapshot)
    return Taken(snapshot=snapshot, is_new=True)


def _beside(store: Store, path: Path) -> str:
    """Return the SHA-256 of a file that no manifest names, now in the pool; ``""`` if it is not there."""
    if not path.is_file():
        return ""
    digest = files.sha256_of(path)
    store.pool.add(path, digest, hashed=True)
    return digest


def _same(found: Snapshot, digest: str, store: Store, *, doubted: NotProven | None) -> Snapshot:
    """
    Return *found*, the snapshot that is there, if it is of the same site.

    :raises SubsetError: it is of another site, or is not proven while the site is.
    """
    if found.manifest == digest and (found.proven or doubted is not None):
        return found
    what = "another site" if found.manifest != digest else "this site before it was proven"
    msg = f"the snapshot {found.title} is of {what}"
    step = f"choose another name, or remove it: `pypi-subset snapshots --remove {found.title}`"
    raise SubsetError(msg, path=store.folder, next_step=step)


def _fill(store: Store, site: Path, hashes: dict[str, str], progress: Progress, *, hashed: bool) -> None:
    """Put the files of *site* that *hashes* names into the pool."""
    with progress.stage("snapshot", len(hashes)) as bar:
        for path, digest in hashes.items():
            store.pool.add(require_plain(site, path), digest, hashed=hashed)
            bar.advance()


@staging.readable()
def publish_snapshot(  # noqa: PLR0913 - as `publish`
    paths: Paths,
    name: str,
    to: str | Path,
    *,
    force: bool = False,
    grace: float = 10,
    check: bool = False,
    progress: Progress | None = None,
) -> Published:
    """
    Make the destination *to* hold the snapshot *name*, under the rules of `publish`.

    It must be proven as when it was taken, and the policy of today judges its locks. It need not be what
    ``requirements/`` asks for today.

    :param name: that of the snapshot.
    :param to: a directory, or what rsync takes: ``host:path``, ``rsync://host/module``.
    :param force: publish a snapshot that no green report is about; the published manifest then says so.
    :param grace: seconds for which files stay that no page names any more.
    :param check: compare every file at the destination by its bytes.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises NotProven: no complete green report is about it.
    :raises SubsetError: there is no such snapshot, or the destination holds other files, cannot be reached, or is full.
    """
    destination = publisher.destination_of(str(to), paths.site, paths.packages)
    store = Store(paths.packages)
    snapshot = store.read(name)
    with contextlib.ExitStack() as stack:
        stack.enter_context(holding.exclusive(paths.packages))
        if isinstance(destination, Folder):
            stack.enter_context(holding.beside(destination.path))
        published = sent(
            paths, store, snapshot, destination, force=force, grace=grace, check=check, progress=progress or SILENT
        )
    if isinstance(destination, Folder):
        staging.open_up(destination.path)
    return published


def sent(  # noqa: PLR0913 - as `publish_to`
    paths: Paths,
    store: Store,
    snapshot: Snapshot,
    destination: Destination,
    *,
    grace: float,
    progress: Progress,
    force: bool = False,
    check: bool = False,
) -> Published:
    """
    Return what it took to make *destination* hold *snapshot*; this run holds both.

    :raises NotProven: as `publish_snapshot`; the error names the snapshot.
    """
    with store.laid_out(snapshot) as stage:
        try:
            done = publisher.publish_to(
                stage,
                destination,
                force=force,
                grace=grace,
                progress=progress,
                requirements=paths.requirements,
                packages=paths.packages,
                check=check,
                kept=True,
            )
        except NotProven as error:
            raise refused(snapshot, error, stage) from error
    if done.doubt is None:
        return done
    return replace(done, doubt=NotProven(done.doubt.what, path=store.path_of(snapshot.title)))


def refused(snapshot: Snapshot, error: NotProven, stage: Path | None = None) -> NotProven:
    """Return *error* about a file of *snapshot* as one about the snapshot; *stage* is where it was laid out."""
    inside = error.path.relative_to(stage) if error.path and stage and error.path.is_relative_to(stage) else None
    where = f"{inside}: " if inside is not None and inside.name else ""
    msg = f"the snapshot {snapshot.title} is not proven: {where}{error.what}"
    return NotProven(msg, next_step="take a snapshot of a site that `pypi-subset verify` has proven")
