"""What a manifest states of a set on a target: which files are installed there, and which requirement leads to which project."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pypi_subset.model.closures.numbers import numbers_in
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.model.manifest import File, Manifest


class Step(NamedTuple):
    """
    A requirement that leads from one project to another.

    :param by: the project that states it, ``""`` for a request of the set.
    :param extra: the extra of *by* that states it, ``""`` if *by* states it without any.
    :param to: the required project.
    """

    by: str
    extra: str
    to: str

    def __str__(self) -> str:
        """Return it as it stands in a sentence: ``pandas[excel] -> openpyxl``."""
        return f"{self.by or 'the set'}{f'[{self.extra}]' if self.extra else ''} -> {self.to}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Closure:
    """
    What a set gets on a target.

    :param pins: the files that are installed, all patch levels of Python together.
    :param steps: the requirements that lead there, all patch levels together.
    :param brought: the projects that the interpreter of the target includes.
    """

    pins: tuple[File, ...]
    steps: frozenset[Step]
    brought: frozenset[str] = frozenset()


def closures_in(manifest: Manifest) -> dict[tuple[str, str], Closure]:
    """
    Return set and target → closure of all that *manifest* states, none of a manifest before 1.5.

    :raises ValueError: a closure names a file or an edge that the manifest does not have, or all have too many.
    """
    steps = [Step(one.by, one.extra, one.to) for one in manifest.edges]
    brought = {one.name: frozenset(one.brought or ()) for one in manifest.targets}
    found: dict[tuple[str, str], Closure] = {}
    count = 0
    for one in manifest.closures:
        made = Closure(
            pins=tuple(manifest.files[number] for number in numbers_in(one.pins, len(manifest.files))),
            steps=frozenset(steps[number] for number in numbers_in(one.edges, len(steps))),
            brought=brought.get(one.target, frozenset()),
        )
        found[one.set_name, one.target] = made
        # A list of a few characters may state very many.
        if (count := count + len(made.pins) + len(made.steps)) > bounds.MOST_FACTS:
            msg = f"its closures have more than {bounds.MOST_FACTS:,} pins and edges"
            raise ValueError(msg)
    return found


def reached(steps: Iterable[Step]) -> set[str]:
    """Return the projects that *steps* lead to from the requests, whatever extras they need."""
    further: defaultdict[str, list[str]] = defaultdict(list)
    for one in steps:
        further[one.by].append(one.to)
    seen: set[str] = set()
    waiting = [""]
    while waiting:
        new = {to for to in further.get(waiting.pop(), ()) if to not in seen}
        seen |= new
        waiting += new
    return seen
