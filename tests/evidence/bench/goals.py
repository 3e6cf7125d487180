"""What our index stage aims at, in ratios to others in the same run, and what came of it: rows of two tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.evidence.bench import table
from tests.evidence.bench.index.generators import ADDED, FASTEST, MORE, OURS, PHASES
from tests.evidence.bench.measure import AGAIN, COLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.evidence.bench.index.indexing import Timing
    from tests.evidence.bench.proving import Timing as Proving

#: Seconds that finding nothing changed may take beside imports.
NOTHING = 0.3
#: How many times the processor seconds of the fastest rival a cold run may take.
TWICE = 2.0
#: Seconds that one wheel more may take.
CHANGE = 1.1
#: Bytes that 100,000 wheels may take.
MEMORY = 1_000_000_000

#: How many times the cases that the plain loop proves in a minute.
PROOF = 8.0
#: What proves.
LOOP, ONE_WAY, EVERYTHING, BEFORE = "loop", "loop, one way", "ours, everything", "ours, proven before"
#: The same two without isolation.
OPEN, OPEN_BEFORE = "in the open, everything", "in the open, proven before"
#: How many times the seconds of a proof without isolation one with it may take.
ISOLATED = 1.10

COLUMNS = ("phase", "goal", "may take", "takes", "met")
PROVEN = ("job", "proven by", "cases", "seconds", "cases a minute", "x the loop", "goal", "met")
BOXES = ("job", "cases", "proven", "isolated, s", "in the open, s", "ratio", "goal", "met")
GROWTH = ("phase", "wheels", "ms per wheel", "ratio", "peak MB", "below 1 GB")


def rows(found: Sequence[Timing]) -> list[tuple[object, ...]]:
    """Return one row for each goal; what failed is compared with nothing."""
    rival = _processor(found, COLD, FASTEST)
    return [
        _row(COLD, f"CPU, twice {FASTEST}", rival and TWICE * rival, _processor(found, COLD, OURS)),
        _row(AGAIN, "beside imports", NOTHING, _beside_imports(_of(found, AGAIN, OURS))),
        *(_row(phase, "seconds", CHANGE, _median(found, phase, OURS)) for phase in (ADDED, MORE)),
    ]


def growth(found: Sequence[Timing], few: int, many: int) -> list[tuple[object, ...]]:
    """Return how time for each wheel and memory grow from *few* wheels to *many*, or shrink."""
    result: list[tuple[object, ...]] = []
    for phase in PHASES:
        first = None
        for count in sorted({few, many}):
            group = [one for one in _of(found, phase, OURS) if one.job == f"{count:,} wheels"]
            seconds = _beside_imports(group)
            each = seconds and seconds / count * 1000
            first = first or each
            peak = max((one.peak for one in group), default=0)
            ratio = f"{each / first:.2f}" if each and first else "-"
            shown = f"{each:.3f}" if each else "-"
            result.append((phase, f"{count:,}", shown, ratio, table.right(f"{peak / 1e6:.0f}"), _met(peak <= MEMORY)))
    return result


def proven(found: Sequence[Proving]) -> list[tuple[object, ...]]:
    """
    Return one row for each job and way of proving: cases a minute, and how many times those of the loop.

    The goal is about everything again. A loop by one way alone proves a third of what the other does: against it stands how
    much sooner ours has proven all three.
    """
    groups: dict[tuple[str, str], list[Proving]] = {}
    for one in found:
        groups.setdefault((one.job, one.what), []).append(one)
    rows: list[tuple[object, ...]] = []
    for (job, what), group in groups.items():
        if what in {OPEN, OPEN_BEFORE} or (job, LOOP) not in groups:
            continue
        rate, loop = _rate(group), _rate(groups[job, LOOP])
        failure = next((one.failure for one in group if one.failure), "")
        ratio = rate / loop if rate and loop else None
        judged = what == EVERYTHING
        met = ("not known" if ratio is None else _met(ratio >= PROOF)) if judged else ""
        cells = (f"{table.middle([one.seconds for one in group]) or 0:.1f}", f"{rate or 0:.1f}")
        shown = table.right(f"{ratio:.1f}" if ratio else None)
        rows.append((job, what, group[-1].cases, *cells, shown, f"{PROOF:.0f}" if judged else "", failure or met))
    return rows


def isolated(found: Sequence[Proving]) -> list[tuple[object, ...]]:
    """Return one row for each job: the seconds of a proof with isolation, those of one without, and their ratio."""
    rows: list[tuple[object, ...]] = []
    for job in dict.fromkeys(one.job for one in found):
        for what, other in ((EVERYTHING, OPEN), (BEFORE, OPEN_BEFORE)):
            ours, theirs = ([one for one in found if (one.job, one.what) == (job, name)] for name in (what, other))
            failure = next((one.failure for one in (*ours, *theirs) if one.failure), "")
            medians = [table.middle([one.seconds for one in group]) for group in (ours, theirs)]
            if failure or not all(medians):
                rows.append((job, 0, what, "-", "-", "-", f"{ISOLATED:.2f}", failure or "not known"))
                continue
            one, two = (float(seconds or 0) for seconds in medians)
            cells = (f"{one:.1f}", f"{two:.1f}", f"{one / two:.2f}", f"{ISOLATED:.2f}")
            rows.append((job, ours[-1].cases, what, *cells, _met(one <= ISOLATED * two)))
    return rows


def _rate(group: Sequence[Proving]) -> float | None:
    rates = [60 * one.cases / one.seconds for one in group if not one.failure and one.seconds and one.cases]
    return table.middle(rates)


def _row(phase: str, goal: str, limit: float | None, taken: float | None) -> tuple[object, ...]:
    if limit is None or taken is None:
        return (phase, goal, "-", "-", "not known")
    return (phase, goal, f"{limit:.2f}", f"{taken:.2f}", _met(taken <= limit))


def _met(yes: bool) -> str:  # noqa: FBT001 - the one thing it is about
    return "yes" if yes else "NO"


def _of(found: Sequence[Timing], phase: str, tool: str) -> list[Timing]:
    return [one for one in found if (one.phase, one.tool) == (phase, tool) and not one.failure]


def _median(found: Sequence[Timing], phase: str, tool: str) -> float | None:
    return table.median(_of(found, phase, tool))


def _processor(found: Sequence[Timing], phase: str, tool: str) -> float | None:
    return table.middle([one.processor for one in _of(found, phase, tool)])


def _beside_imports(group: Sequence[Timing]) -> float | None:
    return table.middle([one.seconds - one.imports for one in group])
