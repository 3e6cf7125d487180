"""Build environments."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import BadDistribution
from pypi_subset.pipeline.rooms import BuildRooms
from pypi_subset.sdists import environment
from tests.support.wheels import make_wheel, without

if TYPE_CHECKING:
    from pathlib import Path


def test_an_environment_holds_its_wheels_alone(tmp_path: Path) -> None:
    """Modules, and scripts that start with its interpreter; no pip."""
    info = "tool-1.0.dist-info"
    wheel = make_wheel("tool", files={f"{info}/entry_points.txt": b"[console_scripts]\nrun-it = tool:main\n"})
    rooms = BuildRooms(unisolated=True)
    room = rooms.room(tmp_path / "build", tmp_path / "environment")
    python = environment.make(room, rooms.pythons()[0], [(wheel.save(tmp_path), wheel.filename)])
    code = "import tool, sys, importlib.util as u; print(tool.__version__, u.find_spec('pip'), sys.prefix)"
    said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == f"1.0 None {tmp_path / 'environment'}\n"
    script = (tmp_path / "environment" / "bin" / "run-it").read_text()
    assert script.startswith(f"#!{python}\n")


def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    """It is checked as a wheel of the subset is."""
    wheel = without(make_wheel("tool"), "tool.py")
    rooms = BuildRooms(unisolated=True)
    room = rooms.room(tmp_path / "build", tmp_path / "environment")
    with pytest.raises(BadDistribution):
        environment.make(room, rooms.pythons()[0], [(wheel.save(tmp_path), wheel.filename)])
