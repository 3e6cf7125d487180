"""Bundles of real sites: mirrored from an index, proven, written to a directory, and read again by Python's zipfile."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypi_subset.bundle.difference import rebuilt
from pypi_subset.bundle.exporter import make_bundle
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.requirements.subset import read_subset
from tests.support.sites.published import proven
from tests.support.sites.signed import ssh_key
from tests.support.sites.trees import tree
from tests.support.stages.mirroring import mirror

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pypi_subset.bundle.exporter import Bundled
    from tests.support.sites.workspace import Workspace

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Office:
    """The connected side: a workspace, and the key that signs."""

    space: Workspace
    key: Path

    @property
    def site(self) -> Path:
        """The directory of the site."""
        return self.space.paths.site

    def mirror(self, *lines: str) -> None:
        """Mirror what *lines* ask for, and prove it."""
        self.space.write("base.txt", "\n".join(lines))
        mirror(self.space, update=True)
        self.prove()

    def prove(self) -> None:
        """Write a green report about the site as it is now."""
        proven(self.site, subset_sha256=subset_digest(read_subset(self.space.paths.requirements)))

    def bundle(self, to: Path, **options: Any) -> Bundled:
        """Write a bundle to *to*."""
        return make_bundle(self.space.paths, to, **{"key": self.key, **options})


def office(space: Workspace, targets: Mapping[str, str]) -> Office:
    """Return the connected side in *space*, for *targets*."""
    space.paths.requirements.mkdir(parents=True, exist_ok=True)
    space.toml(dict(targets))
    return Office(space, ssh_key(space.root / "office"))


def document(to: Path) -> dict[str, Any]:
    """Return ``bundle.json`` in *to*."""
    found: dict[str, Any] = json.loads((to / "bundle.json").read_bytes())
    return found


def contents(to: Path) -> dict[str, bytes]:
    """Return the contents that the volumes in *to* have, by their SHA-256, after checking each file and each hash."""
    stated, archives = document(to), {}
    files = [(one["name"], one) for one in (*stated["volumes"], *filter(None, [stated["parity"]]))]
    for name, one in (*files, *stated["helpers"].items()):
        data = (to / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one["size"], one["sha256"])
    for number, one in enumerate(stated["volumes"], 1):
        archives[number] = zipfile.ZipFile(io.BytesIO((to / one["name"]).read_bytes()))
        assert archives[number].testzip() is None
    found = {}
    for digest, blob in stated["blobs"].items():
        data = b"".join(archives[part["volume"]].read(f"{digest}.{part['offset']}") for part in blob["parts"])
        assert (len(data), hashlib.sha256(data).hexdigest()) == (blob["size"], digest)
        found[digest] = data
    return found


def arrived(to: Path, old: Path | None = None) -> dict[str, bytes]:
    """Return the site that the bundle in *to* makes of the site *old*: path → bytes."""
    stated, held = document(to), contents(to)
    before = tree(old) if old else {}
    digests = {hashlib.sha256(data).hexdigest(): data for data in before.values()}
    manifest = held.get(stated["manifest"], digests.get(stated["manifest"], b""))
    if stated["manifest_from"]:
        manifest = rebuilt(before[MANIFEST], held[stated["manifest_from"]])
    assert hashlib.sha256(manifest).hexdigest() == stated["manifest"]
    parsed = json.loads(manifest)
    named = {one["path"]: one["sha256"] for one in parsed["files"]}
    named |= {f"{one['path']}.metadata": one["metadata"] for one in parsed["files"] if one["metadata"]}
    every = {**named, **parsed["pages"], **stated["beside"]}
    assert {path: digest for path, digest in every.items() if stated["paths"].get(path, digest) != digest} == {}
    found = {path: held[digest] if digest in held else digests[digest] for path, digest in every.items()}
    return {**found, MANIFEST: manifest}
