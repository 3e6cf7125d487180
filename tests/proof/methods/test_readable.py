"""No wheel with two readings is unpacked, and no bomb."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.methods import readable
from pypi_subset.proof.methods.by_unpacking import Unpacking
from pypi_subset.proof.methods.pip_install import Installed
from tests.support.hostile.archives import NAME
from tests.support.hostile.contents import hostile
from tests.support.sites.cases import LINUX, WINDOWS, cases, outcome, prove_first
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.proof.methods.pip_install import Files

BOMB = replace(make_wheel("bad"), data=hostile("overlapping-bomb")[0])


def unasked() -> Files:
    """Fail: nobody need ask pip."""
    raise AssertionError


def test_a_bomb_is_red_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel of a few kilobytes that claims 96 MB is red; pip is not started, and nothing is written."""
    monkeypatch.setattr(Unpacking, "_pip", None)
    check = prove_first(cases(tmp_path, WINDOWS, ["bad"], [BOMB])[0])
    assert len(BOMB.data) < 20_000
    status, reason = outcome(check)
    assert (status, reason.startswith(f"{NAME} is a bomb: it unpacks to 9600")) == ("failed", True)
    assert reason.endswith(" bytes, more than 50 times its size")
    assert sum(path.stat().st_size for path in (tmp_path / "work").rglob("*")) < 1 << 20


def test_other_projects_and_other_machines(tmp_path: Path) -> None:
    """A wheel for other machines, or of a project that the lock does not name, is no fault of a case."""
    for_windows = replace(make_wheel("bad", tag="cp312-cp312-win_amd64"), data=BOMB.data)
    case = cases(tmp_path / "one", LINUX, ["bad"], [for_windows])[0]
    readable.check(case, unasked)
    other = cases(tmp_path / "two", LINUX, ["aa"], [make_wheel("aa"), BOMB])[0]
    with pytest.raises(ProofFailed):
        readable.check(other, unasked)
    readable.check(replace(other, pins=("aa==1.0",)), unasked)


def test_a_site_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a site elsewhere the files are fetched that pip would take; what is not there pip names."""
    case = replace(cases(tmp_path, WINDOWS, ["bad"], [make_wheel("bad")])[0], url="http://site.test")
    asked: list[str] = []

    def file(_: object, path: str) -> Path:
        asked.append(path)
        if path == "gone":
            raise ProofFailed(path)
        return BOMB.save(tmp_path)

    monkeypatch.setattr(type(case), "file", file)
    one = Installed(project="bad", version="1.0", path="gone", sha256="")  # type: ignore[arg-type] # normalized
    readable.check(case, lambda: (one,))
    with pytest.raises(ProofFailed, match="is a bomb"):
        readable.check(case, lambda: (one, replace(one, path="bomb")))
    assert asked == ["gone", "gone", "bomb"]
