"""Bundles of this exporter, imported by the very importer that they carry: the site that arrives is the one of publish."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle.document import NAMESPACE
from pypi_subset.cli.display import Display
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.publisher import publish_to
from tests.support.bundles.office import Office, office
from tests.support.gap.far import pythons
from tests.support.sites.signed import allow, ssh_key
from tests.support.sites.trees import tree
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.index import Index

TARGETS = {"linux": "cp312-manylinux_2_28_x86_64", "windows": "cp312-win_amd64"}
#: Found before a test hides the home directory: the oldest, the newest, and the one that runs the tests.
FOUND = pythons()
_KNOWN = sorted((tuple(map(int, name.split(".")[:2])), name) for name in FOUND if not name.startswith("2."))
ENDS = dict.fromkeys([_KNOWN[0][1], _KNOWN[-1][1]])


@pytest.fixture
def index() -> Iterator[Index]:
    """Yield an index with the first releases."""
    with own_index() as made:
        made.add(make_wheel("app", requires=["lib"]), make_wheel("lib"), make_wheel("old"), make_sdist("lib"))
        made.add(make_wheel("win", ballast=200_000))
        yield made


@pytest.fixture
def side(tmp_path: Path) -> Office:
    """Return the connected side."""
    return office(Workspace(tmp_path / "work"), TARGETS)


def brought(python: Path | str, stick: Path, far: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Return how the importer on the medium ended."""
    command = [str(python), "-I", str(stick / "import_bundle.py"), str(stick), "--into", str(far), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def published(side: Office, to: Path) -> dict[str, bytes]:
    """Return what publish puts into a directory, but its own release.json."""
    publish_to(side.site, Folder(to), force=False, grace=0, progress=Display())
    return {path: data for path, data in tree(to).items() if path != "release.json"}


def live(far: Path) -> dict[str, bytes]:
    """Return the site that arrived, but what the importer writes into it, and release.json."""
    return {path: data for path, data in tree(far / "site").items() if path not in {"release.json", "release.html"}}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDS)
def test_there_and_there_again(side: Office, index: Index, tmp_path: Path, name: str) -> None:
    """
    In full on volumes of which one is lost, then the difference, then one that starts from a receipt.

    After each trip the live site is what publish would have made.
    """
    python, stick, far = FOUND[name], tmp_path / "stick", tmp_path / "far"
    far.mkdir()
    allow(far / "allowed_signers", namespaces=NAMESPACE, office=side.key)
    side.mirror("app", "old", 'win; sys_platform == "win32"')
    size = side.bundle(stick).size
    full = side.bundle(stick, volume=str(size - 100_000), parity=True).bundle
    assert len(full.volumes) > 1
    (stick / full.volumes[-1].name).unlink()
    done = brought(python, stick, far)
    assert done.returncode == 0, done.stderr
    assert live(far) == published(side, tmp_path / "public")
    index.add(make_wheel("lib", "2.0"), make_wheel("new"))
    side.mirror("app", "new", 'win; sys_platform == "win32"')
    side.bundle(stick, since="last")
    receipt = tmp_path / "receipt.json"
    done = brought(python, stick, far, "--receipt", str(receipt), "--grace", "0")
    assert done.returncode == 0, done.stderr
    assert live(far) == published(side, tmp_path / "public")
    assert json.loads(receipt.read_bytes())["serial"] == 2
    index.add(make_wheel("new", "2.0"))
    side.mirror("app", "new")
    third = side.bundle(stick, since=str(receipt)).bundle
    assert (third.base, third.serial) == (json.loads(receipt.read_bytes())["manifest"], 3)
    done = brought(python, stick, far, "--grace", "0")
    assert done.returncode == 0, done.stderr
    assert live(far) == published(side, tmp_path / "public")
    again = brought(python, stick, far)
    assert again.returncode == 0, again.stderr


@pytest.mark.slow
def test_what_is_refused_over_there(side: Office, index: Index, tmp_path: Path) -> None:
    """A key that no one allowed, a byte that changed, a bundle that starts from another site: nothing is live."""
    stick, far = tmp_path / "stick", tmp_path / "far"
    far.mkdir()
    allow(far / "allowed_signers", namespaces=NAMESPACE, office=ssh_key(tmp_path / "other"))
    side.mirror("app", "old")
    side.bundle(stick)
    stranger = brought(sys.executable, stick, far)
    assert (stranger.returncode, "signer" in stranger.stderr) == (1, True), stranger.stderr
    allow(far / "allowed_signers", namespaces=NAMESPACE, office=side.key)
    volume = stick / "volume-001.zip"
    whole = bytearray(volume.read_bytes())
    whole[len(whole) // 2] ^= 1
    volume.write_bytes(whole)
    damaged = brought(sys.executable, stick, far)
    assert damaged.returncode != 0
    assert "volume-001.zip" in damaged.stderr
    index.add(make_wheel("lib", "2.0"))
    side.mirror("app")
    side.bundle(stick, since="last")
    other = brought(sys.executable, stick, far)
    assert other.returncode != 0
    assert not (far / "site").exists()


@pytest.mark.slow
def test_many_files(side: Office, index: Index, tmp_path: Path) -> None:
    """Blobs that are larger than a volume are cut, and arrive whole."""
    stick, far = tmp_path / "stick", tmp_path / "far"
    far.mkdir()
    allow(far / "allowed_signers", namespaces=NAMESPACE, office=side.key)
    index.add(make_wheel("huge", ballast=900_000))
    side.mirror("huge", "app")
    made = side.bundle(stick, volume="300001").bundle
    assert max(len(blob.parts) for blob in made.blobs.values()) > 2
    done = brought(sys.executable, stick, far)
    assert done.returncode == 0, done.stderr
    assert live(far) == published(side, tmp_path / "public")
