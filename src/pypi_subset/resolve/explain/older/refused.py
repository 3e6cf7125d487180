"""Newer releases that the policy keeps away, each with its rule, and what the lock has instead."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.model.intake.verdicts import PassedOver
from pypi_subset.resolve.explain.older.outdated import cases_of, newer_than
from pypi_subset.resolve.explain.rejections import admits, allows, fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.intake.verdicts import Verdict
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Job
    from pypi_subset.resolve.explain.older.causes import Case, Known

#: Lines that are shown; the others are counted.
LINES = 20


def refused_by_policy(job: Job, lock: Lock, known: Known) -> Iterator[PassedOver]:
    """
    Yield each release that is newer than that of a pin, fits the target and the user's lines, and is refused.

    They are sorted by project, the newest first, with an entry for each rule that refuses all of its files.
    """
    for case in cases_of(job, lock, known):
        newer = newer_than(case, known.candidates(case.pin.distribution.project))
        for version in sorted(newer, reverse=True):
            lines = case.lines.get(case.pin.distribution.project, ())
            if all(admits(one, version) for _, one in lines):
                for verdict in _verdicts(newer[version], case):
                    yield PassedOver(
                        set=lock.set_name,
                        target=lock.target_name,
                        project=case.pin.distribution.project,
                        version=str(version),
                        rule=verdict.rule,
                        sentence=verdict.sentence,
                        instead=str(case.pin.distribution.version),
                        ids=verdict.ids,
                        since=verdict.since,
                        until=verdict.until,
                    )


def refused_lines(found: Sequence[PassedOver]) -> list[str]:
    """Return a line for each release and each reason, with the sets and targets that it concerns; none without any."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for one in found:
        what = one.sentence if one.sentence.startswith(f"{one.project} {one.version} ") else _stated(one)
        places[f"{what}; {one.instead} is taken"].append(f"{one.set}--{one.target}")
    lines = [f"  {sentence} ({', '.join(where)})" for sentence, where in places.items()]
    rest = len(lines) - LINES
    shown = [*lines[:LINES], *([f"  and {rest} more: `--json`"] if rest > 0 else [])]
    return ["releases that the policy keeps away:", *shown] if shown else []


def _stated(one: PassedOver) -> str:
    return f"{one.project} {one.version}: {one.sentence}"


def _verdicts(files: Sequence[Candidate], case: Case) -> list[Verdict]:
    """Return why the policy refuses a release, one verdict for each rule and advisory; none if a file is admitted."""
    target = case.target
    fitting = [one for one in files if fits(one, target) and allows(one.distribution.requires_python, target.release)]
    if any(not one.verdicts for one in fitting):
        return []
    return [*{(each.rule, each.ids): each for one in fitting for each in reversed(one.verdicts)}.values()]
