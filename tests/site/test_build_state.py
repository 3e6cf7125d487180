"""The state of the last build: read as it was written; anything else is no state."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from pypi_subset.site import build_state
from pypi_subset.site.build_state import UNKNOWN, BuildState, BuiltProject

if TYPE_CHECKING:
    from pathlib import Path

STATE = BuildState(
    program="644 x",
    inputs="0" * 64,
    directories={"": "1", "simple/a": "2"},
    projects={"a": BuiltProject(digest="3", lines=2, pages=("4", "5"))},
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Every value."""
    (tmp_path / build_state.FILE).write_bytes(msgspec.json.encode(STATE))
    assert build_state.read(tmp_path / build_state.FILE) == STATE


def test_no_state_is_unknown(tmp_path: Path) -> None:
    """A first build."""
    assert build_state.read(tmp_path / build_state.FILE) == UNKNOWN


@pytest.mark.parametrize(
    "change", [{"schema": 1}, {"projects": {"a": ["3", "2", []]}}, {"directories": []}, {"inputs": 1}]
)
def test_a_state_of_another_form_is_unknown(tmp_path: Path, change: dict[str, object]) -> None:
    """Another version's, or damaged: everything is rendered, nothing fails."""
    path = tmp_path / build_state.FILE
    path.write_bytes(msgspec.json.encode(STATE))
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change), encoding="utf-8")
    assert build_state.read(path) == UNKNOWN


def test_a_pipe_is_unknown(tmp_path: Path) -> None:
    """What is no file is not waited for."""
    os.mkfifo(tmp_path / build_state.FILE)
    assert build_state.read(tmp_path / build_state.FILE) == UNKNOWN


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"schema": 1} x', "\udcff", '{"x": ' + "[" * 100_000])
def test_a_damaged_file_is_unknown(tmp_path: Path, text: str) -> None:
    """Cut off, empty, or not JSON."""
    path = tmp_path / build_state.FILE
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert build_state.read(path) == UNKNOWN
