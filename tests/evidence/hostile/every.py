"""All attacks by name: those of packages that are proven, and those by what the tool reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.evidence.hostile.attacks import ATTACKS as BY_PACKAGES
from tests.evidence.hostile.input import ATTACKS as BY_INPUT

if TYPE_CHECKING:
    from tests.evidence.hostile.attack import Attack
    from tests.evidence.hostile.input.attack import InputAttack

#: Name → attack.
EVERY: dict[str, Attack | InputAttack] = {**BY_PACKAGES, **BY_INPUT}
