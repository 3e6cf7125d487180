"""Results to the rows of one table: medians, and ratios to ours."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, TypeVar

from tests.evidence.bench.measure import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

COLUMNS = ("job", "tool", "seconds", "x ours", "CPU s", "files", "MB", "")
INDEXES = ("job", "tool", "seconds", "x ours", "CPU s", "peak MB", "pages", "")

_R = TypeVar("_R", bound=Result)


def what_is_there(group: Sequence[Result]) -> tuple[str, str, str]:
    """Return three cells: the median of CPU seconds, how many files the last run ended with, and how many MB."""
    used = middle([one.processor for one in group if not one.failure])
    cpu = None if used is None else f"{used:.2f}"
    return right(cpu), right(f"{group[-1].files}"), right(f"{group[-1].bytes_ / 1e6:,.0f}")


def rows(
    results: Sequence[_R], *, ours: str, facts: Callable[[Sequence[_R]], tuple[str, ...]]
) -> list[tuple[object, ...]]:
    """
    Return one row for each job, phase and tool, in the order of first appearance.

    :param results: of all runs; the time shown is the median of those that did not fail.
    :param ours: the tool that the others are compared with; more than 1 means slower than ours.
    :param facts: the cells of a group of runs that stand beside their time.
    """
    groups: dict[tuple[str, str, str], list[_R]] = {}
    for result in results:
        groups.setdefault((result.phase, result.job, result.tool), []).append(result)
    places = list(dict.fromkeys((phase, job) for phase, job, _ in groups))
    ordered = sorted(groups, key=lambda key: places.index(key[:2]))
    return [
        (
            *_times(*key, groups[key], median(groups.get((*key[:2], ours), ()))),
            *facts(groups[key]),
            _failed(groups[key]),
        )
        for key in ordered
    ]


def median(results: Iterable[Result]) -> float | None:
    """Return the median seconds of the runs that did not fail, ``None`` if there is none."""
    return middle([result.seconds for result in results if not result.failure])


def middle(seconds: Sequence[float]) -> float | None:
    """Return the median, ``None`` of nothing."""
    return statistics.median(seconds) if seconds else None


def right(text: str | None) -> str:
    """Return *text* as the end of a cell, so that points stand below points."""
    return f"{text or '-':>7}"


def _times(phase: str, job: str, tool: str, group: Sequence[Result], ours: float | None) -> tuple[str, ...]:
    seconds = median(group)
    return (
        f"{job}, {phase}",
        tool,
        right(None if seconds is None else f"{seconds:.2f}"),
        right(None if seconds is None or not ours else f"{seconds / ours:.2f}"),
    )


def _failed(group: Sequence[Result]) -> str:
    return next((f"failed: {result.failure}" for result in group if result.failure), "")
