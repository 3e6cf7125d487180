"""All attacks, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.evidence.hostile.attacks import (
    building,
    escaping,
    exhausting,
    forging,
    judging,
    network,
    outliving,
    secrets,
    tools,
    writing,
)

if TYPE_CHECKING:
    from tests.evidence.hostile.attack import Attack

#: Name → attack, kind by kind.
ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for module in (writing, secrets, network, escaping, outliving, exhausting, judging, forging, tools, building)
    for attack in module.ATTACKS
}
