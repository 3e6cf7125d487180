"""Imports that are killed at each step, and readers that read meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.gap.far import Far, Trip, joined, run_alone
from tests.support.gap.releases import files_of
from tests.support.programs.ending import until


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


MODES = ["exchange", "renames", "copies", "renames and copies"]


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_killed_at_some_steps(trip: Trip, tmp_path: Path, mode: str) -> None:
    """
    Killed before a step, the old site stands or the new one, whole; the next call ends the import.

    Only between the two renames is there no site; the next call puts one there.
    """
    sweep(trip, tmp_path, mode, 23)


@pytest.mark.sweep
@pytest.mark.parametrize("mode", MODES)
def test_killed_at_each_step(trip: Trip, tmp_path: Path, mode: str) -> None:
    """The same, before every single step."""
    sweep(trip, tmp_path, mode, 1)


def sweep(trip: Trip, root: Path, mode: str, step: int) -> None:
    """Kill imports before each *step*-th step, and compare what is left with the two sites."""
    far = trip.far(f"far-{root.name}", 1)
    shutil.copytree(far.into, root / "far")
    shutil.copytree(trip.sites[0], root / "old")
    shutil.copytree(trip.sites[1], root / "new")
    shutil.copytree(trip.media[1], root / "stick")
    command = [sys.executable, "-P", "-m", "tests.support.gap.sweep", str(root), mode, "1", str(step)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=root)
    assert done.returncode == 0, done.stderr
    *findings, last = done.stdout.splitlines()
    assert int(last.partition(" ")[0]) > 150
    assert [line for line in findings if not line.startswith("window ")] == []
    assert len([line for line in findings if line.startswith("window ")]) == ("renames" in mode and step == 1)


def test_reader_in_a_loop(trip: Trip, tmp_path: Path) -> None:
    """A reader of the manifest, and of a page that each release has, misses nothing while releases are swapped."""
    script = tmp_path / "import_bundle.py"
    script.write_bytes(joined())
    far = trip.far("loop", 1)
    known = {files_of(site)["manifest.json"] for site in trip.sites}
    seen: list[bytes] = []
    misses: list[OSError] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            try:
                seen.append((far.site / "manifest.json").read_bytes())
                (far.site / "simple/lib/index.html").read_bytes()
            except OSError as error:
                misses.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for arguments in ([trip.media[1]], [trip.media[2]], ["--rollback"], ["--rollback"], ["--rollback", "1"]):
            done = run_alone(sys.executable, script, *arguments, "--into", far.into)
            assert done.code == 0, done.err
            count = len(seen)
            until(lambda count=count: len(seen) > count + 1, "the reader reads this release")  # type: ignore[misc]
    finally:
        ended.set()
        reader.join()
    assert misses == []
    assert len(seen) > 100
    manifests = {json.dumps(json.loads(data)["files"]) for data in set(seen)}
    assert len(manifests) == len(known) == 3


def insensitive(path: str) -> str:
    """Return *path* as a file system that ignores case finds it: the names that are there, in their own case."""
    found = Path("/")
    for part in str(path).strip("/").split("/"):
        names = {one.name.lower(): one.name for one in found.iterdir()} if found.is_dir() else {}
        found /= names.get(part.lower(), part)
    return str(found)


def test_disk_that_ignores_case(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a double of such a disk, where a second spelling is the same file, imports make the same sites."""
    far = trip.far("case")
    for name in ("link", "rename", "replace"):
        whole = getattr(os, name)
        monkeypatch.setattr(os, name, lambda one, other, whole=whole: whole(insensitive(one), insensitive(other)))
    for name in ("mkdir", "unlink", "rmdir", "lstat", "chmod"):
        whole = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda path, *rest, whole=whole, **more: whole(path if more else insensitive(path), *rest, **more)
        )
    for medium, site in zip(trip.media, trip.sites, strict=True):
        done = far.run(medium, "--grace", "0")
        assert done.code == 0, done.err
        assert files_of(far.site) == files_of(site)
    assert Far(far.into).run("--verify").code == 0
