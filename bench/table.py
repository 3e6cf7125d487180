"""Results to the rows of one table: medians, and ratios to ours."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.measure import Result

COLUMNS = ("job", "tool", "seconds", "x ours", "files", "MB", "")


def rows(results: Sequence[Result], *, ours: str) -> list[tuple[object, ...]]:
    """
    Return one row for each job, phase and tool, in the order of first appearance.

    :param results: of all runs; the time shown is the median of those that did not fail.
    :param ours: the tool that the others are compared with; more than 1 means slower than ours.
    """
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.phase, result.job, result.tool), []).append(result)
    places = list(dict.fromkeys((phase, job) for phase, job, _ in groups))
    ordered = sorted(groups, key=lambda key: places.index(key[:2]))
    return [_row(*key, groups[key], median(groups.get((*key[:2], ours), ()))) for key in ordered]


def median(results: Iterable[Result]) -> float | None:
    """Return the median seconds of the runs that did not fail, ``None`` if there is none."""
    seconds = [result.seconds for result in results if not result.failure]
    return statistics.median(seconds) if seconds else None


def _right(text: str | None) -> str:
    """Return *text* as the end of a cell, so that points stand below points."""
    return f"{text or '-':>7}"


def _row(phase: str, job: str, tool: str, group: Sequence[Result], ours: float | None) -> tuple[object, ...]:
    seconds, last = median(group), group[-1]
    failures = [result.failure for result in group if result.failure]
    return (
        f"{job}, {phase}",
        tool,
        _right(None if seconds is None else f"{seconds:.2f}"),
        _right(None if seconds is None or not ours else f"{seconds / ours:.2f}"),
        _right(f"{last.files}"),
        _right(f"{last.bytes_ / 1e6:,.0f}"),
        f"failed: {failures[0]}" if failures else "",
    )
