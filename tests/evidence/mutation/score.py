"""The two scores as tables, and each survivor in a line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.evidence.mutation.judging import Outcome

_STATES = ("red", "equivalent", "surviving")


def table(title: str, outcomes: Sequence[Outcome]) -> list[str]:
    """Return the lines of a table: a row for each operator, and one for all of them."""
    counted: dict[str, Counter[str]] = {}
    for one in outcomes:
        counted.setdefault(one.operator, Counter())[one.state] += 1
    rows = [*counted.items(), ("all", sum(counted.values(), Counter()))]
    width = max(len(title), *(len(name) for name, _ in rows))
    heads = ("mutants", *_STATES)
    lines = [f"{title:{width}}  " + "  ".join(heads)]
    lines += [
        f"{name:{width}}  "
        + "  ".join(
            f"{number:{len(head)}}"
            for head, number in zip(heads, (count.total(), *(count[one] for one in _STATES)), strict=True)
        )
        for name, count in rows
    ]
    tried = any(one.state in {"red", "surviving"} for one in outcomes)
    said = f"score: {score(outcomes):.2%} of those that matter are red" if tried else "score: none, no mutant was tried"
    return [lines[0], "-" * len(lines[0]), *lines[1:], said]


def score(outcomes: Iterable[Outcome]) -> float:
    """Return how many of the mutants that are not equivalent are red, from 0 to 1."""
    counted = Counter(one.state for one in outcomes)
    return counted["red"] / max(1, counted["red"] + counted["surviving"])


def survivors(outcomes: Iterable[Outcome]) -> Sequence[str]:
    """Return a line for each mutant of which something should have been said otherwise."""
    return [f"SURVIVES {one.what}: {one.why}" for one in outcomes if one.state == "surviving"]
