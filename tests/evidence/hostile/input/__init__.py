"""Attacks by what the tool reads, by name: files of indexes, published sites, wheels and pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.evidence.hostile.input import (
    archives,
    intake,
    manifests,
    memory,
    network,
    pages,
    pages_of_indexes,
    publishing,
    secrets,
    text,
    trust,
)
from tests.evidence.hostile.input.disk import files, parts
from tests.evidence.hostile.input.gap import exports, imports, places

if TYPE_CHECKING:
    from tests.evidence.hostile.input.attack import InputAttack

_MODULES = (
    archives,
    exports,
    files,
    imports,
    intake,
    manifests,
    memory,
    network,
    pages,
    pages_of_indexes,
    parts,
    places,
    publishing,
    secrets,
    text,
    trust,
)

#: Name → attack, kind by kind.
ATTACKS: dict[str, InputAttack] = {attack.name: attack for module in _MODULES for attack in module.ATTACKS}
