"""A site that is its manifest alone, written by hand: what a lock is compared with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypi_subset.distributions.filenames import parse as parsed
from pypi_subset.targets.tag import parse
from tests.support.sites.handwritten import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.support.wheels import Sdist, Wheel

#: Two kinds of machine.
TARGETS = {"lab": "cp311-manylinux_2_28_x86_64", "win": "cp312-win_amd64"}


@dataclass(frozen=True)
class Held:
    """A file of the site, the targets that need it, and the sdist that it was built from."""

    file: Wheel | Sdist
    targets: Sequence[str] = ("lab", "win")
    built_from: Sdist | None = None


def write_manifest(site: Path, *files: Held, targets: Mapping[str, str] | None = None) -> Path:
    """Return *site*, with a manifest of *files* for *targets*, by default `TARGETS`."""
    own = [parse(name, tag) for name, tag in (targets or TARGETS).items()]
    names = sorted(one.name for one in own)
    document = {
        "schema": 1,
        "targets": [
            {"name": one.name, "tag": one.tag, "python": one.release, "markers": one.lasting_markers}
            | {"digest": one.digest}
            for one in sorted(own, key=lambda one: one.name)
        ],
        "sets": [{"name": "base", "requests": [_line("demo")], "targets": names}],
        "files": sorted((_entry(one, names) for one in files), key=lambda entry: str(entry["path"])),
        "pages": {},
    }
    site.mkdir(parents=True, exist_ok=True)
    (site / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    return site


def _line(requirement: str) -> dict[str, str]:
    return {"requirement": requirement, "origin": "base.txt:1"}


def _entry(one: Held, names: Sequence[str]) -> dict[str, Any]:
    project, version, _ = parsed(one.file.filename)
    chain = [{"requirement": "demo", "by": "", "origin": "base.txt:1"}]
    entry = {
        "filename": one.file.filename,
        "path": f"simple/{project}/{one.file.filename}",
        "project": project,
        "version": str(version),
        "size": len(one.file.data),
        "sha256": sha256(one.file.data),
        "requires_python": None,
        "metadata": None,
        "needed_by": [{"set": "base", "target": name, "chain": chain} for name in one.targets if name in names],
    }
    if one.built_from:
        source = {"filename": one.built_from.filename, "sha256": sha256(one.built_from.data), "url": None}
        entry["built_from"] = source
    return entry
