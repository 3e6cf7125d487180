"""OSV records, and databases of them on disk."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

#: When records are of, unless a test says otherwise.
MODIFIED = "2026-11-20T10:00:00Z"


def affected(name: str = "demo", *events: Mapping[str, str], versions: Iterable[str] = (), **more: Any) -> Any:
    """Return an entry of ``affected`` about a project of PyPI, with one range of *events* if there are any."""
    ranges = [{"type": "ECOSYSTEM", "events": [*events]}] if events else []
    return {"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges, "versions": [*versions]} | more


def record(name: str, *entries: Any, **more: Any) -> dict[str, Any]:
    """Return a record with the id *name* about *entries*; without any, about all of ``demo``."""
    known = {"schema_version": "1.7.5", "id": name, "modified": MODIFIED}
    return known | {"affected": [*entries] or [affected("demo", {"introduced": "0"})]} | more


def write_zip(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """Write *records* into a new archive at *path*, as databases are published, and return it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in records:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    return path


def write_directory(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """Write *records* into the directory *path*, in one directory for each first letter, and return it."""
    for one in records:
        place = path / str(one["id"])[0]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{one['id']}.json").write_text(json.dumps(one), encoding="utf-8")
    return path
