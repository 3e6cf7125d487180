"""
The newest report about each manifest, recorded beside the key: an older one is not published in its place.

An older report of the same bytes has an author as well; green may have become red since.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from filelock import FileLock, Timeout
from msgspec import Raw, Struct

from pypi_subset.errors import DiskError, SubsetError
from pypi_subset.model.documents import DAMAGED
from pypi_subset.proof.report.verdict import part_of
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pypi_subset.model.report import Report
    from pypi_subset.proof.evidence.key import Key


logger = logging.getLogger(__name__)

#: How many reports are recorded, the newest ones; and seconds to wait for another run that records one.
MOST, PATIENCE = 2000, 30


class Seen(Struct, frozen=True, kw_only=True):
    """
    A report.

    :param created: its time.
    :param mac: its HMAC, by which it is known.
    :param targets: as in the report; so is *shard*.
    :param failed: how many of its results are red.
    """

    created: str
    mac: str
    targets: tuple[str, ...] = ()
    shard: str = ""
    failed: int = 0


class _State(Struct, frozen=True, kw_only=True):
    """
    The file.

    :param reports: manifest and kind of report → the newest of these.
    :param mac: of *reports*.
    """

    schema: Literal["1.0"] = "1.0"
    mac: str
    reports: Raw


def state_path(key: Key) -> Path:
    """Return the path of the file: beside the key."""
    return key.path.with_name(f"{key.path.name}.newest")


@contextlib.contextmanager
def held(key: Key) -> Iterator[None]:
    """Keep other runs from recording reports while the block runs, where the directory of the key can be written."""
    lock = FileLock(state_path(key).with_name(f"{key.path.name}.running"), timeout=PATIENCE, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        msg = "another run has held the record of reports for too long"
        raise DiskError(msg, path=key.path.parent, next_step="wait for it to end") from None
    except OSError as error:
        logger.info("%s: no lock: %s", key.path.parent, error)
    try:
        yield
    finally:
        lock.release()


def record(key: Key, report: Report, signer: str = "") -> None:
    """
    Record *report*, in one step; the caller holds the record.

    A directory that cannot be written is no error: a key that a build server lends has no place to record anything.

    :param signer: who signed it, ``""`` if it has the HMAC of *key*.
    """
    try:
        known = _read(key)
    except SubsetError as error:
        # Written with a key that was replaced, or damaged; this run is the newest in any case.
        logger.warning("%s", error)
        known = {}
    name = _name(report, signer)
    if name in known and known[name].created > report.created:
        return
    failed = report.totals.failed
    known[name] = Seen(
        created=report.created, mac=report.mac, targets=report.targets, shard=report.shard, failed=failed
    )
    kept = sorted(known.items(), key=lambda item: item[1].created)[-MOST:]
    reports = msgspec.json.encode(dict(kept))
    data = msgspec.json.encode(_State(mac=key.mac("newest reports", reports), reports=Raw(reports)))
    try:
        _write(state_path(key), data)
    except OSError as error:
        logger.warning("%s: the newest report is not recorded: %s", state_path(key), error)


def last(key: Key, manifest: str) -> Seen | None:
    """
    Return the newest report about the *manifest* of this SHA-256, ``None`` if there is none.

    A record that cannot be read counts as none.
    """
    with contextlib.suppress(SubsetError):
        return _last(key, manifest)
    return None


def doubt(key: Key, report: Report) -> SubsetError | None:
    """Return why *report* is not the newest one about its manifest, ``None`` if it is."""
    try:
        found = _last(key, report.manifest_sha256)
    except SubsetError as error:
        return error
    if found is None or report.created > found.created or report.mac == found.mac:
        return None
    what = f"the report is of {report.created}, and there is a newer one about the same manifest, of {found.created}"
    return SubsetError(what, next_step="run `pypi-subset verify`")


def replaced(key: Key, report: Report, signer: str = "", beside: Collection[str] = ()) -> Seen | None:
    """
    Return the newest report that *report* must not be joined without, ``None`` if there is none.

    That is another one about the same manifest which is not older: of the same part and signer, or a red one of any part and
    signer which may have results of the same cases. A joined one counts for joined ones alone: it follows from its parts.

    :param beside: HMACs of the reports that are joined with it.
    :raises SubsetError: the record is damaged.
    """
    own, manifest = _name(report, signer), report.manifest_sha256
    found = [
        seen
        for name, seen in _read(key).items()
        if name == own
        or (name.startswith(f"{manifest}\0") and "\0joined\0" not in name and seen.failed and _overlaps(report, seen))
    ]
    newer = [seen for seen in found if seen.created >= report.created and seen.mac not in {report.mac, *beside}]
    return max(newer, key=lambda seen: seen.created, default=None)


def _overlaps(report: Report, seen: Seen) -> bool:
    """Whether both may have results of the same case."""
    if report.targets and seen.targets and set(report.targets).isdisjoint(seen.targets):
        return False
    (number, _, count), (other, _, others) = report.shard.partition("/"), seen.shard.partition("/")
    return set(report.targets) != set(seen.targets) or not (count and count == others and number != other)


def _last(key: Key, manifest: str) -> Seen | None:
    found = [seen for name, seen in _read(key).items() if name.startswith(manifest)]
    return max(found, key=lambda seen: seen.created, default=None)


def _name(report: Report, signer: str) -> str:
    """Return by what a report is known whose place a newer one takes: the part, or that it is joined; its signer."""
    return "\0".join((report.manifest_sha256, "joined" if report.parts else part_of(report), signer))


def _read(key: Key) -> dict[str, Seen]:
    """
    Return what is recorded.

    :raises SubsetError: it is damaged, or was recorded with another key.
    """
    path = state_path(key)
    if not os.path.lexists(path):
        return {}
    with contextlib.suppress(OSError, *DAMAGED):
        state = msgspec.json.decode(files.read_input(path, bounds.LARGEST_CACHE), type=_State)
        if not path.is_symlink() and key.made(state.mac, "newest reports", bytes(state.reports)):
            return msgspec.json.decode(state.reports, type=dict[str, Seen])
    msg = "the record of the newest reports is damaged, or was made with another key"
    raise SubsetError(msg, path=path, next_step="run `pypi-subset verify`, which begins a new one")


def _write(path: Path, data: bytes) -> None:
    """Make *path* hold *data* atomically; its name until then cannot be guessed."""
    file, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise
