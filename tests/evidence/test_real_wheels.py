"""Real wheels of well-known projects are taken: the committed list, and a small cut from PyPI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pypi_subset.distributions.filenames import parse
from tests.evidence.real_wheels import fetching, reading
from tests.support.sites.workspace import AMBIENT, ORIGINAL
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


def test_the_list() -> None:
    """At least 300 real wheels were read, for every platform and `any`, and none was refused."""
    found = reading.committed()
    names = [one.filename for one in found]
    platforms = {tag.platform.partition("_")[0] for name in names for tag in parse(name)[2] or ()}
    assert len(names) == len(set(names)) >= 300
    assert len({parse(name)[0] for name in names}) >= 150
    assert platforms >= {"any", "win", "macosx", "manylinux", "musllinux"}
    assert {one.outcome for one in found} == {reading.TAKEN}
    assert all(len(one.sha256) == 64 for one in found)


def test_what_is_read(tmp_path: Path) -> None:
    """A wheel that both readers take is taken; what is wrong with another one is its outcome."""
    good = make_wheel("aa").save(tmp_path)
    assert reading.read(good).outcome == reading.TAKEN
    good.write_bytes(good.read_bytes() + b"\n")
    assert reading.read(good).outcome.startswith(f"{good.name} is a damaged wheel")


@pytest.mark.network
def test_a_small_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_pip: Path) -> None:
    """The newest wheels of a few projects, of each builder and platform, are taken within the goal."""
    assert clean_pip
    for name, value in ORIGINAL.items():
        if name.upper().startswith(AMBIENT) or name.lower().endswith("_proxy"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", ORIGINAL["HOME"])
    if "PIP_CONFIG_FILE" not in ORIGINAL:
        monkeypatch.delenv("PIP_CONFIG_FILE")
    assert os.environ["HOME"]
    cut = (["six", "attrs", "setuptools", "click", "black"], ["markupsafe", "pyyaml", "psutil", "rpds-py"])
    monkeypatch.setattr(fetching, "projects", lambda: (*cut, {"windows": ["win_amd64"], "mac": ["macosx_14_0_arm64"]}))
    assert [*fetching.fetch(tmp_path)] == []
    found = [reading.read(path) for path in tmp_path.glob("*.whl")]
    known = {one.filename: one.sha256 for one in reading.committed()}
    assert len(found) == 13
    assert {one.outcome for one in found} == {reading.TAKEN}
    assert all(known.get(one.filename, one.sha256) == one.sha256 for one in found)
    assert sum(one.seconds for one in found) / len(found) < reading.GOAL
