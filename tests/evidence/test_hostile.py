"""Attacks on the machine that proves: a small cut, and the threat model that names them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.isolation.available import refusal
from tests.evidence.hostile import suite
from tests.evidence.hostile.attacks import ATTACKS
from tests.evidence.hostile.every import EVERY
from tests.evidence.hostile.input import ATTACKS as BY_INPUT
from tests.evidence.hostile.user import current
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

MODEL = ROOT / "docs" / "explanation" / "threat-model.md"

#: Attacks of `make test`.
QUICK = ("site-wheel", "tcp", "exit-at-once")
#: With those, one of each kind.
CUT = (
    *("environment-of-the-judge", "user-namespace", "double-fork"),
    *("fork-bomb", "interrupt-to-process-1", "script-as-a-continuation", "wheel-is-a-symbolic-link"),
)
#: Kinds of what is read whose first attack runs each time; `make test-long` runs those of the others.
READ = ("archives", "files", "media", "secrets", "trust")

isolated = pytest.mark.skipif(sys.platform != "linux" or bool(refusal()), reason="this system refuses namespaces")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that boxes of other users can reach."""
    made = tmp_path_factory.mktemp("hostile")
    for path in (made, *made.parents[:2]):
        path.chmod(0o755)
    return made


@isolated
@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in CUT)])
def test_an_attack_succeeds_by_an_open_door_alone(name: str, folder: Path) -> None:
    """With its door open an attack reaches its aim; with the door shut it does not."""
    outcomes = list(suite.run(suite.trials([ATTACKS[name]], [current()]), folder, 2))
    assert [(one.trial.opened, one.succeeded) for one in outcomes] == [(True, True), (False, False)], outcomes


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=() if kind in READ else pytest.mark.long)
        for kind in sorted({attack.kind for attack in BY_INPUT.values()})
    ],
)
def test_what_is_read_reaches_its_aim_by_an_open_door_alone(kind: str, tmp_path: Path) -> None:
    """The first attack of each kind succeeds with its door open; with the door shut it does not."""
    attack = next(one for one in BY_INPUT.values() if one.kind == kind)
    # Each in a process of its own: an open door may leave threads and caches behind.
    outcomes = list(suite.run(suite.trials([attack], [current()]), tmp_path, 1))
    assert [(one.trial.opened, one.succeeded) for one in outcomes] == [(True, True), (False, False)], outcomes


def test_names_differ() -> None:
    """No attack replaces another one of its name, and there are at least 200 by what is read."""
    assert len(EVERY) == len(ATTACKS) + len(BY_INPUT)
    assert len(BY_INPUT) >= 200


def test_there_are_attacks_of_every_kind() -> None:
    """At least 100 attacks, four of each kind, with names that differ; the cut has one of each kind."""
    kinds = {attack.kind for attack in ATTACKS.values()}
    assert {ATTACKS[name].kind for name in (*QUICK, *CUT)} == kinds
    assert all(sum(attack.kind == kind for attack in ATTACKS.values()) >= 4 for kind in kinds)
    assert len(ATTACKS) >= 100


def test_the_threat_model_names_attacks() -> None:
    """Each attack that the threat model names exists, and the model names some of every kind."""
    table = MODEL.read_text(encoding="utf-8").split("## What holds what")[1].split("\n## ")[0]
    rows = table.partition("* - ")[2].split("\n* - ")[1:]
    named = [re.findall(r"`([\w-]+)`", row.rpartition("\n  - ")[2]) for row in rows]
    assert len(rows) > 20
    assert all(named)
    assert [name for names in named for name in names if name not in EVERY] == []
    assert {EVERY[name].kind for names in named for name in names} == {attack.kind for attack in EVERY.values()}


def test_the_table() -> None:
    """An attack has a row; what is not as it must be stands in capitals."""
    attack, user = ATTACKS["tcp"], current()
    outcomes = [
        suite.Outcome(
            trial=suite.Trial(attack=attack, user=user, opened=opened), succeeded=succeeded, seconds=1, said=""
        )
        for opened, succeeded in ((True, True), (False, True))
    ]
    assert [one.right for one in outcomes] == [True, False]
    assert suite.table(outcomes, [user])[-1].split() == ["tcp", "network", "succeeds", "SUCCEEDS"]
