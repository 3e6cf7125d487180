"""Packages of npm that tests load into a browser, of one version and with one hash each, in ``.bench/npm``."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from tests.support.checkout import ROOT

#: Version and SHA-512, as npm writes it, of each package.
PACKAGES = {
    "axe-core": ("4.14.1", "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="),
    "pyodide": ("0.29.5", "TkYrUv9m8QmfImADKRmpwZulL48E0uUaBSO+dvRQKyAJc0qh9gu7jn8btyHPh3NZm1r2IH2YrJhIr7Q2B9urAw=="),
}


def package(name: str) -> Path:
    """Return the directory of the package *name*, unpacked; skip the test where there is no npm."""
    version, digest = PACKAGES[name]
    place = ROOT / ".bench" / "npm" / f"{name}-{version}"
    if not place.is_dir():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("no npm here")
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            subprocess.run([npm, "pack", "--silent", f"{name}@{version}"], cwd=scratch, check=True, capture_output=True)
            (archive,) = Path(scratch).glob("*.tgz")
            assert base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() == digest, archive
            with tarfile.open(archive) as opened:
                opened.extractall(scratch, filter="data")
            take(Path(scratch) / "package", place)
    return place


def take(whole: Path, place: Path) -> None:
    """Give the directory *whole* its *place* in one step, unless another process was faster."""
    try:
        whole.rename(place)
    except OSError:
        if not place.is_dir():
            raise


def axe() -> str:
    """Return the script of axe-core, which judges the accessibility of a page."""
    return (package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
