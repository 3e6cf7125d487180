"""Lists of numbers as Linux writes its lists of CPUs: ``0-3,7``. A manifest refers to its files and edges by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def listed(numbers: Iterable[int]) -> str:
    """Return *numbers* as a list, sorted, each once; ``""`` for none."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return ",".join(f"{first}-{last}" if first < last else str(first) for first, last in runs)


def numbers_in(text: str, count: int) -> Iterator[int]:
    """
    Yield the numbers of the list *text*, which has the form that the schema of a manifest asks for.

    :param count: each number must be below it. No more are yielded, whatever *text* is.
    :raises ValueError: a number is not, or `listed` does not write such a list.
    """
    least = 0
    for run in text.split(",") if text else ():
        first, _, last = run.partition("-")
        begin, end = int(first), int(last or first)
        if not least <= begin <= end < count or (last and begin == end):
            msg = f"the list {text[:100]!r} is none of numbers from 0 to {count - 1} in ascending runs"
            raise ValueError(msg)
        yield from range(begin, end + 1)
        # Runs that touch are one.
        least = end + 2
