"""Rows of the advisories that the project cordon-scanner publishes, as OSV records."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.support.advisories.records import affected, record

if TYPE_CHECKING:
    from pathlib import Path

#: The release whose rows are known.
REQUIREMENT = "cordon-scanner==0.6.0"
_MEMBER = "cordon_scanner/intel/data/advisories-pypi.json.gz"
_EVENTS = ("introduced", "fixed", "last_affected")


def rows_of(wheel: Path) -> list[dict[str, Any]]:
    """Return the rows in *wheel*: each is a list of versions, or the events of one range."""
    with zipfile.ZipFile(wheel) as archive:
        found: list[dict[str, Any]] = json.loads(gzip.decompress(archive.read(_MEMBER)))
    return found


def records_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one record for each id, with an entry for each project and a range for each row of events."""
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["id"]].append(row)
    return [_record(name, those) for name, those in grouped.items()]


def _record(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    entries: dict[str, dict[str, Any]] = {}
    for row in rows:
        entry = entries.setdefault(row["name"], affected(row["name"]))
        entry["versions"] += row.get("versions", [])
        if events := [{kind: row[kind]} for kind in _EVENTS if kind in row]:
            # In the reverse order: a reader must sort them.
            entry["ranges"].append({"type": "ECOSYSTEM", "events": events[::-1]})
    aliases = sorted({alias for row in rows for alias in row.get("aliases", [])})
    severity = next((row["severity"].upper() for row in rows if "severity" in row), None)
    return record(name, *entries.values(), aliases=aliases, database_specific={"severity": severity})
