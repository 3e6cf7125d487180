"""Promotion: a channel gets what another one has, or a snapshot; an earlier state is put back by a rename."""

from __future__ import annotations

import contextlib
import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from pypi_subset.errors import NotProven, SubsetError
from pypi_subset.model.paths import LOCKS, Paths
from pypi_subset.proof.report.verdict import weakness
from pypi_subset.publishing.admission import admitted, asked_by
from pypi_subset.publishing.publication import proof_of, record
from pypi_subset.snapshots import promotions
from pypi_subset.snapshots.channels import KEPT, Channel, States, channel_of, require_channel, require_own
from pypi_subset.snapshots.promotions import WHO, WHY, Promotion
from pypi_subset.snapshots.store import Store
from pypi_subset.snapshots.taking import refused, sent
from pypi_subset.support import staging
from pypi_subset.support.machine import holding
from pypi_subset.support.progress import SILENT, Progress

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.manifest import Manifest
    from pypi_subset.snapshots.promotions import Promotions
    from pypi_subset.snapshots.store import Snapshot

#: Digits of a hash that messages show.
_FEW = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Promoted:
    """
    What a run did.

    :param promotion: the last entry of the record about the channel.
    :param is_new: whether this run changed the channel or the record; else the channel had it before.
    :param seconds: how long the channel took to have it.
    """

    promotion: Promotion
    is_new: bool
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Order:
    """What is to be done: a snapshot, checked, goes to a channel."""

    source: str
    snapshot: Snapshot
    manifest: Manifest
    by: str
    why: str
    now: str

    def entry(self, channel: Channel, before: str, serial: int, how: Literal["published", "renamed"]) -> Promotion:
        """Return the entry of the record."""
        return Promotion(
            channel=channel.name,
            to=channel.to,
            source=self.source,
            snapshot=self.snapshot.title,
            manifest=self.snapshot.manifest,
            previous=before,
            serial=serial,
            how=how,
            by=self.by,
            when=self.now,
            why=self.why,
        )


@staging.readable()
def promote(  # noqa: PLR0913 - what a record states
    paths: Paths,
    source: str,
    channel: str,
    *,
    by: str,
    now: str,
    why: str = "",
    grace: float = 10,
    progress: Progress | None = None,
) -> Promoted:
    """
    Let *channel* have the proven snapshot *source*, or what the channel *source* has, and record who did that and why.

    The files come from the snapshot, never from the other channel. If the channel is a directory of this machine, up to
    three earlier states stay beside it: one of them is put back by a rename.

    :param source: the name of a snapshot or of a channel.
    :param channel: a name in ``[channels]`` of ``subset.toml``.
    :param by: who promotes.
    :param now: the time, RFC 3339 with microseconds, in UTC.
    :param why: the reason.
    :param grace: seconds for which files stay that no page names any more.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises NotProven: no complete green report of this user is about the snapshot.
    :raises SubsetError: a name is wrong, *source* has no snapshot, or the channel holds other files.
    """
    _require_words(by, why)
    progress, store = progress or SILENT, Store(paths.packages)
    place = require_channel(paths.requirements, channel, paths.site, paths.packages)
    with contextlib.ExitStack() as stack:
        stack.enter_context(holding.exclusive(paths.packages))
        if place.folder:
            stack.enter_context(holding.beside(place.folder))
        snapshot = snapshot_of(paths.requirements, store, source)
        order = _Order(
            source=source,
            snapshot=snapshot,
            manifest=store.manifest_of(snapshot),
            by=by.strip(),
            why=why.strip(),
            now=now,
        )
        known = promotions.read(paths.packages)
        _require_promotable(order, store, paths, progress)
        started = time.monotonic()
        states = States(place.folder) if place.folder else None
        done = (states and _put_back(order, place, states)) or _published(order, place, store, paths, grace, progress)
        seconds = time.monotonic() - started
        last = next(iter(reversed(known.of(channel))), None)
        if done.previous == done.manifest:
            # A run that was killed before it wrote the record had done this already.
            done = structs.replace(done, previous=last.manifest if last else "")
        is_new = last is None or done.serial != last.serial or (last.manifest, last.to) != (done.manifest, done.to)
        if is_new:
            promotions.append(paths.packages, done)
            known = promotions.read(paths.packages)
        if place.folder and states:
            states.forget(but=_kept(known, channel, done.manifest))
            states.drop_carried(grace)
            staging.open_up(place.folder)
    return Promoted(promotion=done if is_new or last is None else last, is_new=is_new, seconds=seconds)


def snapshot_of(requirements: Path, store: Store, name: str) -> Snapshot:
    """
    Return the snapshot *name*, or the one that the channel *name* has.

    :param requirements: the directory with ``subset.toml``.
    :raises SubsetError: there is neither, or the channel has a site that is no snapshot.
    """
    channel = channel_of(requirements, name)
    if channel is None:
        return store.read(name)
    data = channel.manifest()
    digest = hashlib.sha256(data).hexdigest() if data else ""
    found = [one for one in store.every() if one.manifest == digest]
    if not found:
        what = (
            f"a site whose manifest has the SHA-256 {digest[:_FEW]}…, and no snapshot is of it" if data else "no site"
        )
        msg = f"the channel {name} has {what}"
        raise SubsetError(msg, next_step=f"promote a snapshot: `pypi-subset promote --from SNAPSHOT --to {name}`")
    return found[-1]


def _require_words(by: str, why: str) -> None:
    for option, text, most in (("--by", by.strip(), WHO), ("--why", why.strip(), WHY)):
        if len(text) > most or not all(map(str.isprintable, text)):
            msg = f"{option} takes one line of up to {most} characters"
            raise SubsetError(msg, next_step="write a shorter line, without control characters")
    if not by.strip():
        msg = "promote does not know who you are"
        raise SubsetError(msg, next_step="say it: `--by NAME`")


def _require_promotable(order: _Order, store: Store, paths: Paths, progress: Progress) -> None:
    """
    Return if the snapshot is proven, and the policy of today admits it.

    :raises NotProven: it is not proven; no force changes that.
    """
    snapshot = order.snapshot
    if not (snapshot.proven and snapshot.report):
        raise refused(snapshot, NotProven(snapshot.doubt or "it has no report"))
    try:
        report = proof_of(store.pool.path_of(snapshot.report), order.manifest, snapshot.manifest)
    except NotProven as error:
        raise refused(snapshot, error) from error
    locks = sorted(path for path in order.manifest.pages if path.startswith(f"{LOCKS}/pylock."))
    own_locks = [store.pool.path_of(order.manifest.pages[path]) for path in locks]
    subset = asked_by(paths.requirements)
    admitted(order.manifest, paths.requirements, paths.packages, again=True, subset=subset, own_locks=own_locks)
    if weak := weakness(report):
        progress.warn(weak)
    record(report)


def _put_back(order: _Order, channel: Channel, states: States) -> Promotion | None:
    """Return the entry about a kept state that is live now; ``None`` if the files are to be published."""
    require_own(channel)
    digest, before = order.snapshot.manifest, states.digest()
    if not before:
        return None
    # A run that was killed behind the rename left the state of before under the name of this one.
    states.settle()
    if before == digest:
        return None
    if states.has(digest, order.manifest):
        release = states.put_back(digest, order.manifest, before, order.now)
        return order.entry(channel, before, release.serial, "renamed")
    states.keep(before)
    return None


def _published(
    order: _Order, channel: Channel, store: Store, paths: Paths, grace: float, progress: Progress
) -> Promotion:
    """Return the entry after the files of the snapshot were published, in the order that readers need."""
    data = channel.manifest()
    before = hashlib.sha256(data).hexdigest() if data else ""
    done = sent(paths, store, order.snapshot, channel.destination, grace=grace, progress=progress)
    return order.entry(channel, before, done.serial, "published")


def _kept(known: Promotions, channel: str, live: str) -> set[str]:
    """Return the manifests of the last states of *channel* but the live one."""
    found: dict[str, None] = {}
    for one in reversed(known.of(channel)):
        for digest in (one.manifest, one.previous):
            if digest not in {"", live}:
                found[digest] = None
    return {*list(found)[:KEPT]}
