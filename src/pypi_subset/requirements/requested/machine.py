"""Which targets of a subset the machine of a request is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.requested.document import Requested


@dataclass(frozen=True, kw_only=True, slots=True)
class Matched:
    """
    The targets that a request is about.

    :param targets: those of the subset; none if the machine is no target yet.
    :param doubt: why the machine may be another one than its target, ``""`` if it fits.
    """

    targets: tuple[Target, ...]
    doubt: str = ""


def matched(asked: Requested, targets: Sequence[Target]) -> Matched:
    """
    Return the targets of *targets* that the machine of *asked* is.

    Without a description and a name, the request is about all of them.
    """
    by_name = {one.name: one for one in targets}
    chosen = by_name.get(asked.target_name)
    if chosen is not None:
        if asked.machine is None or fits(asked.machine, chosen):
            return Matched(targets=(chosen,))
        doubt = f"the machine is {asked.machine.tag}, Python {asked.machine.version}, and {chosen.name} is {chosen.tag}"
        return Matched(targets=(chosen,), doubt=doubt)
    if asked.machine is None:
        return Matched(targets=tuple(targets))
    fitting = [one for one in targets if fits(asked.machine, one)]
    best = min((_rank(asked.machine, one) for one in fitting), default=None)
    return Matched(targets=tuple(one for one in fitting if _rank(asked.machine, one) == best))


def fits(machine: Target, target: Target) -> bool:
    """Return whether what *target* takes runs on *machine*: the tag of the target is one of the machine's."""
    same = target.python == machine.python if target.exact else target.python[:2] == machine.python[:2]
    return same and _tag(target) in machine.tags


def _rank(machine: Target, target: Target) -> tuple[bool, int, bool]:
    """Return how well *target* fits *machine*, the best one lowest: the same tags, then the best tag."""
    return target.tags != machine.tags, machine.tags.index(_tag(target)), not target.exact


def _tag(target: Target) -> Tag:
    return Tag(target.interpreter, target.abi, target.platform)
