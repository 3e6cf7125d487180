"""A few pins of a large lock: the same values as a reading of all of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from pypi_subset.bundle.review.excerpt import distributions_of
from pypi_subset.errors import LockError
from pypi_subset.locks import lockfile
from pypi_subset.model.locks import Inputs, Lock, Pin, Reason
from tests.support.stages.values import LINUX, artifacts_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a lock of 40 pins."""
    every = artifacts_of([make_wheel(f"p{number}") for number in range(40)], tmp_path / "packages")
    pins = tuple(
        Pin(
            distribution=one.distribution,
            reasons=(Reason(requirement=Requirement(one.distribution.project), origin="base.txt:1"),),
        )
        for one in sorted(every, key=lambda each: each.distribution.project)
    )
    inputs = Inputs(requirement_set="0", target="0", policy="0", constraint="0")
    lock = Lock(set_name="base", target_name="linux", inputs=inputs, pins=pins)
    lockfile.write(replace(lock), tmp_path / "lock", target=LINUX, packages=tmp_path / "packages")
    return lockfile.path_of(tmp_path / "lock", "base--linux")


def test_a_few_pins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first, one in the middle and the last, which the lock's own table follows; the rest is not read."""
    every = lockfile.read(path).distributions
    chosen = (every[0], every[17], every[-1])
    monkeypatch.setattr(lockfile, "read", None)
    assert distributions_of(path, {str(one.sha256) for one in chosen}) == chosen


def test_many_pins(path: Path) -> None:
    """If much of the lock is asked for, all of it is read once."""
    every = lockfile.read(path).distributions
    assert distributions_of(path, {str(one.sha256) for one in every[:20]}) == every


def test_nothing_is_there(path: Path) -> None:
    """No pin has such a hash."""
    assert distributions_of(path, {"0" * 64}) == ()


def test_a_damaged_pin(path: Path) -> None:
    """What is asked for and cannot be read is one error."""
    wheel = make_wheel("p7")
    text = path.read_text()
    before, mark, after = text.partition(wheel.sha256)
    path.write_text(f"{before}{mark}{after.replace('required-by', 'required', 1)}")
    with pytest.raises(LockError, match="the lock cannot be read"):
        distributions_of(path, {wheel.sha256})
