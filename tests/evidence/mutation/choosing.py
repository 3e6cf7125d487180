"""Which cases a mutant may have spoiled, and which of those are proven for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.model.checks import WAYS
from pypi_subset.proof.cases.case import cases_of
from tests.evidence.mutation.consistent import FORGOTTEN, GONE, TEMPTED
from tests.evidence.mutation.judging import key, world_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.machines.interpreters import Interpreter
    from tests.evidence.mutation.consistent import Mutant
    from tests.evidence.mutation.ground import Ground

#: What tells a case from the others.
Key = tuple[str, str, str]


class Reach:
    """What each case of the unharmed subset takes from its target's own index, at any patch level."""

    def __init__(self, ground: Ground, interpreters: Sequence[Interpreter], work: Path) -> None:
        self.cases: tuple[Case, ...] = cases_of(ground.subset, ground.paths, interpreters, work)
        world = world_of(ground, ground.locks)
        self.files: Mapping[Key, frozenset[str]] = {
            key(case): frozenset(
                one.filename for solution in world.solutions(case, WAYS[2]) for one in (solution or {}).values()
            )
            for case in self.cases
        }

    def chosen(self, mutant: Mutant, *, every: bool = False, turn: int = 0) -> tuple[Key, ...]:
        """
        Return the cases to prove for *mutant*.

        Of each target the request alone that needs the file and the least besides: who needs more fails for the same
        reason. Where a file is gone, one of the targets proves a whole set instead; where it has another tag, one target
        is asked. A newer release is shown to its own target and to one other.

        :param every: all cases that need the file.
        :param turn: a number; whose turn it is where one of several will do.
        """
        needing = [case for case in self.cases if self._needs(case, mutant)]
        if every:
            return tuple(map(key, needing))
        names = sorted({case.target.name for case in needing})
        alone = [self._least([one for one in needing if one.target.name == name and not one.joint]) for name in names]
        if mutant.operator == TEMPTED:
            own = [one for one in alone if one[0] in mutant.targets]
            return (*own, *_turn([one for one in alone if one not in own], turn))
        if mutant.operator in {GONE, FORGOTTEN}:
            joint = _turn([key(one) for one in needing if one.joint and mutant.operator == GONE], turn)
            return (*joint, *(one for one in alone if one[0] not in {name for name, *_ in joint}))
        return _turn(alone, turn)

    def _needs(self, case: Case, mutant: Mutant) -> bool:
        """Whether the mutant may be noticed by *case*; another release of a project may be chosen by whoever has one."""
        if mutant.operator == TEMPTED:
            project = f"{mutant.filename.partition('-')[0]}-"
            return any(name.startswith(project) for name in self.files[key(case)])
        return case.target.name in mutant.targets and mutant.filename in self.files[key(case)]

    def _least(self, cases: Sequence[Case]) -> Key:
        return min(map(key, cases), key=lambda one: (len(self.files[one]), one))


def _turn(keys: Sequence[Key], turn: int) -> tuple[Key, ...]:
    """Return the one whose turn it is, if there is any."""
    return (keys[turn % len(keys)],) if keys else ()
