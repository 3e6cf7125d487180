"""Where builds run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.pipeline.rooms import BuildRooms
from pypi_subset.proof.isolation import available
from pypi_subset.proof.isolation.views import TMP

if TYPE_CHECKING:
    from pathlib import Path


def test_without_namespaces_builds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user may accept a build without isolation, which its record says."""
    monkeypatch.setattr(available, "refusal", lambda: "no namespaces")
    with pytest.raises(SubsetError, match="must be isolated, and this system refuses that: no namespaces") as caught:
        _ = BuildRooms().isolation
    assert "`--unisolated`" in caught.value.next_step
    assert BuildRooms(unisolated=True).isolation == "none: --unisolated"


def test_the_room_is_always_at_one_place(tmp_path: Path) -> None:
    """Wherever the directories are, a build sees them below ``/tmp``."""
    rooms = [BuildRooms().room(tmp_path / name / "build", tmp_path / name / "env") for name in ("a", "b")]
    assert {(one.seen_folder, one.seen_environment) for one in rooms} == {(f"{TMP}/build", f"{TMP}/environment")}


def test_the_own_python_comes_first() -> None:
    """Another one, of another version, comes after it, if there is one."""
    own, *others = BuildRooms().pythons()
    assert own.version == ".".join(map(str, sys.version_info[:3]))
    assert len(others) <= 1
    assert own.tag not in {one.tag for one in others}
