"""What there is: snapshots, and what each channel got last; what packages/ must keep for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct

from pypi_subset.errors import SubsetError
from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import BuiltFrom
from pypi_subset.requirements.intake.channels import channels_of
from pypi_subset.snapshots import promotions
from pypi_subset.snapshots.promotions import Promotion
from pypi_subset.snapshots.store import Snapshot, Store
from pypi_subset.support.machine import holding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.paths import Paths


class Listed(Struct, frozen=True, kw_only=True):
    """
    One snapshot.

    :param taken: when it was taken (UTC).
    :param proven: whether it was proven then.
    :param distributions: number of its distributions.
    :param bytes: size of all of these.
    :param manifest_sha256: SHA-256 of its manifest.
    :param channels: names of the channels that got it last, sorted.
    """

    name: str
    taken: str
    proven: bool
    distributions: int
    bytes: int
    manifest_sha256: str
    channels: tuple[str, ...]


class Snapshots(Document, frozen=True, kw_only=True):
    """
    The result of ``snapshots``.

    :param schema: version of this form, major.minor.
    :param snapshots: in the order in which they were taken.
    :param promotions: the last one of each channel, sorted by channel.
    :param removed: names of snapshots that this run removed.
    """

    name: ClassVar[str] = "the result of snapshots"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    snapshots: tuple[Listed, ...]
    promotions: tuple[Promotion, ...]
    removed: tuple[str, ...] = ()


def list_snapshots(paths: Paths) -> Snapshots:
    """
    Return all snapshots, and what each channel of ``subset.toml`` got last.

    :raises SubsetError: a document is damaged.
    """
    return _listed(paths, ())


def remove_snapshots(paths: Paths, names: Sequence[str]) -> Snapshots:
    """
    Remove the snapshots *names*, and the files that no other snapshot needs; return what is left.

    :raises SubsetError: there is no such snapshot, or a channel got it last; nothing is removed then.
    """
    store = Store(paths.packages)
    with holding.exclusive(paths.packages):
        last, channels = _last(paths), _channels(paths)
        for snapshot in map(store.read, names):
            held = [one.channel for one in last if one.snapshot == snapshot.title and one.channel in channels]
            if held:
                msg = f"the channel {held[0]} has the snapshot {snapshot.title}"
                step = f"promote another one to {held[0]} first, or remove the channel from subset.toml"
                raise SubsetError(msg, next_step=step)
        for name in dict.fromkeys(names):
            store.remove(name)
        return _listed(paths, tuple(dict.fromkeys(names)))


def _channels(paths: Paths) -> set[str]:
    return {*channels_of(paths.requirements)}


def _last(paths: Paths) -> tuple[Promotion, ...]:
    """Return the last promotion of each channel, sorted by channel."""
    found = {one.channel: one for one in promotions.read(paths.packages).promotions}
    return tuple(found[name] for name in sorted(found))


def _listed(paths: Paths, removed: tuple[str, ...]) -> Snapshots:
    last = _last(paths)
    return Snapshots(
        snapshots=tuple(entry(one, last) for one in Store(paths.packages).every()), promotions=last, removed=removed
    )


def entry(one: Snapshot, last: Sequence[Promotion]) -> Listed:
    """Return *one* for a document; *last* are the last promotions of the channels."""
    return Listed(
        name=one.title,
        taken=one.taken,
        proven=one.proven,
        distributions=one.distributions,
        bytes=one.bytes,
        manifest_sha256=one.manifest,
        channels=tuple(each.channel for each in last if each.snapshot == one.title),
    )


def needed_by_snapshots(packages: Path) -> dict[str, str]:
    """
    Return file name → a phrase about the snapshots that have that distribution.

    :raises SubsetError: a document is damaged.
    """
    store = Store(packages)
    found: dict[str, list[str]] = {}
    for snapshot in store.every():
        for one in store.manifest_of(snapshot).files:
            found.setdefault(one.filename, []).append(snapshot.title)
            if isinstance(one.built_from, BuiltFrom):
                found.setdefault(one.built_from.filename, []).append(snapshot.title)
    return {
        name: f"the snapshot {titles[0]} has it"
        if len({*titles}) == 1
        else f"the snapshots {', '.join(dict.fromkeys(titles))} have it"
        for name, titles in found.items()
    }
