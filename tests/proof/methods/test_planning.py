"""One pip for all cases of a target says what it would install, and nothing is ever installed for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import WAYS
from pypi_subset.proof.methods import planning
from tests.support.sites.cases import HERE, OWN, cases
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are no boxes"),
    pytest.mark.usefixtures("forked_pip", "_ended"),
]


@pytest.fixture
def _ended() -> Iterator[None]:
    """End the pips that a test began."""
    planning.end()
    yield
    planning.end()


def test_each_route_is_asked(tmp_path: Path, shared: Path) -> None:
    """By one pip, for one case after the other; what is missing is told as an installation would tell it."""
    wheels = [make_wheel("aa", requires=["bb"]), make_wheel("bb"), make_wheel("cc", requires=["gone"])]
    _, aa, cc = cases(tmp_path, HERE, ["aa", "cc"], wheels, installed=shared)
    (shared / "held").mkdir(exist_ok=True)
    for route in WAYS:
        took = planning.planned(aa, OWN[0], route, ())
        assert [one.pin for one in took] == ["aa==1.0", "bb==1.0"]
        with pytest.raises(ProofFailed, match="gone"):
            planning.planned(cc, OWN[0], route, ())
    assert len(planning._WAITING) == 1  # noqa: SLF001 - what is counted
    (one,) = planning._WAITING.values()  # noqa: SLF001
    assert not [*one.inputs.iterdir()]
    assert not [*one.written.glob("*.json")]


def test_a_pip_that_ended_is_begun_again(tmp_path: Path, shared: Path) -> None:
    """One that was killed costs the case that was waiting for it; of many targets the last are kept."""
    (shared / "held").mkdir(exist_ok=True)
    first = cases(tmp_path, HERE, ["aa"], [make_wheel("aa")], installed=shared)[1]
    assert planning.planned(first, OWN[0], WAYS[0], ())
    (one,) = planning._WAITING.values()  # noqa: SLF001
    one.pips.__exit__()
    assert planning.planned(first, OWN[0], WAYS[0], ())
    for number in range(5):
        (folder := tmp_path / f"{number}").mkdir()
        case = cases(folder, HERE, ["aa"], [make_wheel("aa")], installed=shared)[1]
        assert planning.planned(case, OWN[0], WAYS[0], ())
    assert len(planning._WAITING) == 4  # noqa: SLF001
