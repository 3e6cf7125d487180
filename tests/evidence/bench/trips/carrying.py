"""
A bundle of one changed wheel in 10,000, exported and imported, and one of 200 files beside tar.

All numbers are of one run. The import is compared with ``cp -al`` of the same site: a copy by hard links, which any new tree
costs at least.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zlib
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pypi_subset.bundle.document import NAMESPACE
from pypi_subset.proof.evidence.key import VARIABLE
from pypi_subset.support.machine.sizes import readable_size
from tests.evidence.bench.index.indexing import workplace
from tests.evidence.bench.trips.offices import Office
from tests.support.sites.signed import allow, ssh_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.cli.display import Display

#: Wheels of the large site, files of the small one, and bytes of each of those.
LARGE, SMALL, EACH = 10_000, 200, 500_000
#: Seconds of an export, bytes that a bundle may add, share of the packed manifest, and times ``cp -al`` of an import.
EXPORT, MORE, SHARE, COPY = 2.0, 250_000, 0.01, 3.0
COLUMNS = ("what", "measured", "goal", "met")


class Carried(NamedTuple):
    """
    What one trip took.

    :param export: seconds of it; *imported* those of the import with ``--trust-kept``, *copy* those of ``cp -al``.
    :param processor: seconds of processors that the export took, which depend less on the load of the machine.
    :param size: bytes of all files of the bundle.
    :param changed: bytes of the new and changed files that it carries.
    :param manifest: bytes of the manifest, packed.
    """

    export: float
    processor: float
    imported: float
    copy: float
    size: int
    changed: int
    manifest: int


def run(display: Display, environment: Mapping[str, str]) -> None:
    """Print both tables."""
    with workplace() as (folder, kind), pytest.MonkeyPatch.context() as patch:
        # No report of the bench is one of the user.
        patch.setenv(VARIABLE, str(folder / "reports"))
        environment = {**environment, VARIABLE: str(folder / "reports")}
        # The first run compiles the sources, as for a user.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        display.say(f"bundles: in {folder.parent} ({kind})")
        found = carry(folder / "large", LARGE, environment)
        display.table(COLUMNS, rows(found), title=f"one wheel changed in {LARGE:,}")
        beside = small(folder / "small", environment)
        display.table(("what", "seconds", "size"), beside, title=f"{SMALL} files in full")


def carry(folder: Path, count: int, environment: Mapping[str, str]) -> Carried:
    """Return what the second trip took, of a site of *count* wheels of which one changed."""
    side, far, stick = Office(folder / "office", count).fill(), folder / "far", folder / "stick"
    key = ssh_key(folder / "key")
    far.mkdir()
    allow(far / "allowed_signers", namespaces=NAMESPACE, office=key)
    export(side, stick, key, environment)
    bring(stick, far)
    side.change()
    before = _processor()
    exported = export(side, stick, key, environment, "--since=last")
    processor = _processor() - before
    imported = bring(stick, far, "--trust-kept")
    copied = seconds(["cp", "-al", str(far / "site"), str(folder / "copy")], environment)
    stated = json.loads((stick / "bundle.json").read_bytes())
    return Carried(
        export=exported,
        processor=processor,
        imported=imported,
        copy=copied,
        size=sum(path.stat().st_size for path in stick.iterdir()),
        changed=sum((far / "site" / path).stat().st_size for path in stated["paths"]),
        manifest=len(zlib.compress((far / "site" / "manifest.json").read_bytes(), 9)),
    )


def small(folder: Path, environment: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return rows about a full bundle of a small site, and about tar of the same site."""
    side, stick = Office(folder / "office", SMALL, EACH).fill(), folder / "stick"
    took = export(side, stick, ssh_key(folder / "key"), environment)
    archive = folder / "site.tar"
    packed = seconds(["tar", "-C", str(side.root), "-cf", str(archive), "site"], environment)
    size = sum(path.stat().st_size for path in stick.iterdir())
    return [
        ("bundle, proof checked, signed, read back", f"{took:.2f}", readable_size(size)),
        ("tar", f"{packed:.2f}", readable_size(archive.stat().st_size)),
    ]


def export(side: Office, stick: Path, key: Path, environment: Mapping[str, str], *options: str) -> float:
    """Return the seconds of ``pypi-subset bundle``, a process of its own."""
    places = [f"--{name}={getattr(side.paths, name)}" for name in ("requirements", "packages", "site")]
    command = [sys.executable, "-m", "pypi_subset", "bundle", f"--to={stick}", f"--key={key}", *places, *options]
    return seconds(command, environment)


def bring(stick: Path, far: Path, *options: str) -> float:
    """Return the seconds of the importer that lies on the medium."""
    command = [sys.executable, "-I", str(stick / "import_bundle.py"), str(stick), "--into", str(far), *options]
    return seconds(command, {})


def seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Return the seconds of *command*, which must succeed."""
    started = time.perf_counter()
    subprocess.run(command, check=True, env=dict(environment) or None, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _processor() -> float:
    """Return the processor seconds of all children that have ended, with theirs."""
    used = os.times()
    return used.children_user + used.children_system


def rows(found: Carried) -> list[tuple[str, str, str, str]]:
    """Return a row for each goal."""
    limit = int(found.changed + MORE + SHARE * found.manifest)
    goals = [
        ("export", f"{found.export:.2f} s ({found.processor:.2f} s CPU)", f"< {EXPORT:.0f} s", found.export < EXPORT),
        ("bundle", f"{found.size:,} bytes", f"<= {limit:,} bytes", found.size <= limit),
        (
            "import --trust-kept",
            f"{found.imported:.2f} s",
            f"<= {COPY:.0f} x cp -al ({found.copy:.2f} s)",
            found.imported <= COPY * found.copy,
        ),
    ]
    return [(what, measured, goal, "yes" if met else "NO") for what, measured, goal, met in goals]
