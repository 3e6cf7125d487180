"""Attacks by a database of advisories: what of it is lost, and what it costs to read."""

from __future__ import annotations

import contextlib
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest import mock

from pypi_subset.distributions import archive
from pypi_subset.model.intake.advisories import AdvisoryRules
from pypi_subset.model.policy import today
from pypi_subset.pipeline.mirror import mirror
from pypi_subset.policy import advisories, database, osv, severity
from pypi_subset.policy.database import Database
from pypi_subset.policy.osv import Record
from pypi_subset.support import bounds
from tests.evidence.hostile.input.attack import both, costs, setting, without
from tests.evidence.hostile.input.intake.subsets import OLD, asking, locked, named, paths
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.evidence.hostile.input.attack import Attempt

_OSV = '[policy]\nadvisories = "osv.zip"\nmax_severity = "medium"\n'


def _record(name: str, **more: object) -> dict[str, object]:
    """Return a record of a high severity that every version of ``app`` is affected by."""
    events = [{"introduced": "0"}]
    entry = {"package": {"ecosystem": "PyPI", "name": "app"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    modified = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    known = {"id": name, "modified": modified, "affected": [entry], "database_specific": {"severity": "HIGH"}}
    return known | more


#: A record about another project: a database must have one.
_OTHER: Mapping[str, object] = {
    **_record("X-OTHER"),
    "affected": [{"package": {"ecosystem": "PyPI", "name": "other"}, "versions": ["1.0"]}],
}


def _judged(files: Mapping[str, bytes], settings: str = _OSV) -> Attempt:
    """Return an attempt to have ``app`` let in by a database of these *files*."""

    def attempt(folder: Path) -> bool:
        with Index({"app": [make_wheel("app")]}) as index, asking(index):
            own = paths(folder, settings, "app\n")
            with zipfile.ZipFile(own.requirements / "osv.zip", "w") as packed:
                for name, data in {"X-OTHER.json": _json(_OTHER), **files}.items():
                    packed.writestr(name, data)
            mirror(own)
            return bool(locked(own, "app"))

    return attempt


def _json(record: Mapping[str, object]) -> bytes:
    return json.dumps(record).encode()


def _read(files: Sequence[tuple[str, bytes]]) -> Attempt:
    """Return an attempt to have a database of these files read."""

    def attempt(folder: Path) -> bool:
        path = folder / "osv.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in files:
                packed.writestr(name, data)
        return bool(database.read(path).records)

    return attempt


def _bomb(folder: Path) -> bool:
    path = folder / "osv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("X-1.json", _json(_record("X-1")))
        packed.writestr("X-2.json", b"[" + b" " * (300 << 20) + b"]")
    return costs(lambda: database.read(path), 150)


def _aged(days: int) -> Attempt:
    """Return an attempt to have a database taken whose newest record has that date, *days* from now."""

    def attempt(folder: Path) -> bool:
        modified = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        path = folder / "osv.zip"
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("X-1.json", _json(_record("X-1", modified=modified)))
        return bool(advisories.read(AdvisoryRules(path=path), today()).day)

    return attempt


# Doors: what a simpler reader would do.


@contextlib.contextmanager
def _passing_over() -> Iterator[None]:
    """Pass over a record that cannot be read."""
    read = osv.read_record

    def lenient(data: bytes) -> Record:
        try:
            return read(data)
        except ValueError:
            return Record(id="X", modified=OLD, affected=())

    with mock.patch.object(database, "read_record", lenient):
        yield


@contextlib.contextmanager
def _one_for_each_id() -> Iterator[None]:
    """Keep one record of each id, the last."""
    read = database.read

    def last(path: Path) -> Database:
        found = read(path)
        records = tuple({one.id: one for one in found.records}.values())
        return Database(path=found.path, sha256=found.sha256, day=found.day, records=records)

    with mock.patch.object(database, "read", last):
        yield


_any_size = both(setting(bounds, LARGEST_UNPACKED=1 << 40, LARGEST_RECORD=1 << 40), setting(archive, RATIO=1 << 40))
_later = (datetime.now(UTC) + timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%SZ")
_own = {"X-1.json": _json(_record("X-1"))}
_malware = _json(_record("X-1", aliases=["MAL-2026-1"], database_specific={"severity": "LOW"}))
_git = _json(
    _record(
        "X-1",
        affected=[
            {
                "package": {"ecosystem": "PyPI", "name": "app"},
                "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}],
            }
        ],
    )
)


ATTACKS = [
    named("advisories-unreadable-record", _judged({"X-1.json": _own["X-1.json"][:-9]}), _passing_over),
    named("advisories-record-of-another-form", _judged({"X-1.json": b'{"id": "X-1"}'}), _passing_over),
    named(
        "advisories-same-id-withdrawn",
        _judged(_own | {"X-2.json": _json(_record("X-1", withdrawn=OLD))}),
        _one_for_each_id,
    ),
    named(
        "advisories-same-id-of-another-version",
        _judged(_own | {"X-2.json": _json(_record("X-1", affected=_OTHER["affected"]))}),
        _one_for_each_id,
    ),
    named(
        "advisories-withdrawn-in-a-year",
        _judged({"X-1.json": _json(_record("X-1", withdrawn=_later))}),
        setting(advisories, is_withdrawn=lambda record, _: record.withdrawn is not None),
    ),
    named(
        "advisories-malicious-by-an-alias",
        _judged({"X-1.json": _malware}),
        both(setting(severity, is_malware=lambda _: False), setting(advisories, is_malware=lambda _: False)),
    ),
    named("advisories-without-versions", _judged({"X-1.json": _git}), without(advisories.Advisories, "unjudged", ())),
    named(
        "advisories-below-a-dot",
        _judged({"./X-1.json": _own["X-1.json"]}),
        setting(database, _is_plain=lambda _: True),
    ),
    named(
        "advisories-name-upwards",
        _read([("../X-1.json", _own["X-1.json"])]),
        both(setting(database, _is_plain=lambda _: True), setting(database, _is_hidden=lambda _: False)),
    ),
    named(
        "advisories-in-another-format",
        _judged({"X-1.yaml": b"id: X-1\n"}),
        setting(database, _records=lambda _, names: sorted(one for one in names if one.endswith(".json"))),
    ),
    named("advisories-bomb", _bomb, _any_size),
    named("advisories-of-last-year", _aged(-365), without(advisories, "require_recent")),
    named("advisories-of-next-year", _aged(365), without(advisories, "require_recent")),
]
