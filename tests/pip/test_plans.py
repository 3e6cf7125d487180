"""A pip that has run once, and looks into other environments."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest

from pypi_subset.pip.pool import Pips
from tests.support.wheels import make_wheel


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_check_of_other_libraries(tmp_path: Path) -> None:
    """A pip that has run once checks what lies in a directory, and imports nothing from there."""
    (broken := tmp_path / "broken").mkdir()
    (whole := tmp_path / "whole").mkdir()
    for folder, required in ((broken, ["absent"]), (whole, [])):
        wheel = make_wheel("app", requires=required, files={"sitecustomize.py": b"1/0", "zipfile.py": b"1/0"})
        with zipfile.ZipFile(io.BytesIO(wheel.data)) as archive:
            archive.extractall(folder)
    with Pips(tmp_path / "all", Path(sys.executable), plans=True) as pips:
        told = {
            folder: pips.run(["check"], work=tmp_path / "run", environment=None, libraries=libraries)
            for folder, libraries in ((broken, [broken]), (whole, [whole]), (None, []))
        }
        asked = pips.run(["install", "--dry-run", "--no-index", "absent"], work=tmp_path / "run", environment=None)
    assert "app 1.0 requires absent, which is not installed." in told[broken].stdout
    assert "app 1.0" not in f"{told[whole].stdout}{told[None].stdout}"
    assert asked.returncode == 1
    assert "No matching distribution found for absent" in asked.stderr
