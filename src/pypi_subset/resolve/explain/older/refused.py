"""Newer releases that the policy keeps away, each with its rule, and what the lock has instead."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from pypi_subset.model.intake.rules import YANKED
from pypi_subset.model.intake.verdicts import PassedOver
from pypi_subset.resolve.explain.obstacles import Inspector
from pypi_subset.resolve.explain.older.causes import unfit_of
from pypi_subset.resolve.explain.older.outdated import cases_of, newer_than
from pypi_subset.resolve.explain.refused import newest_refused
from pypi_subset.resolve.explain.rejections import admits, allows, fits
from pypi_subset.resolve.explain.sentences import admitted_by
from pypi_subset.resolve.explain.stated import pinned_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.version import Version

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
        one, lines = case.pin.distribution, case.lines.get(case.pin.distribution.project, ())
        candidates = known.candidates(one.project)
        newer = _newer(case, candidates)
        for version in sorted(newer, reverse=True):
            if all(admits(line, version) for _, line in lines):
                for verdict in _verdicts(newer[version], case):
                    yield _passed_over(verdict, lock, str(one.version))
        yield from (_passed_over(each, lock, "") for each in _below(case, newer_than(case, candidates), known))


def _passed_over(verdict: Verdict, lock: Lock, instead: str) -> PassedOver:
    return PassedOver(
        set=lock.set_name,
        target=lock.target_name,
        project=verdict.project,
        version=str(verdict.version),
        rule=verdict.rule,
        sentence=verdict.sentence,
        instead=instead,
        ids=verdict.ids,
        since=verdict.since,
        until=verdict.until,
    )


def _newer(case: Case, candidates: Sequence[Candidate]) -> dict[Version, list[Candidate]]:
    """Return the releases that pip would rather take, with those that are refused since they were yanked."""
    kept = [one for one in candidates if any(each.rule == YANKED for each in one.verdicts)]
    offered = [replace(one, distribution=structs.replace(one.distribution, yanked=None)) for one in kept]
    return newer_than(case, [*(one for one in candidates if one not in kept), *offered])


def _below(case: Case, newer: Mapping[Version, Sequence[Candidate]], known: Known) -> list[Verdict]:
    """Return why the policy refuses what the newest release that fits requires, and the lock does not have."""
    lines, project = case.lines.get(case.pin.distribution.project, ()), case.pin.distribution.project
    fitting = [
        version
        for version, files in newer.items()
        if not unfit_of(files, case.target) and all(admits(one, version) for _, one in lines)
    ]
    if not fitting:
        return []
    inspector = Inspector(
        target=case.target,
        offers=known.offers,
        pre=case.pre,
        limits=case.lines,
        pinned=pinned_of(case.lock, case.target, project),
    )
    found = inspector.inside(project, newer[max(fitting)], frozenset(case.pin.extras))
    if (
        found is None
        or found.kind != "files"
        or any(one.distribution.project == found.project for one in case.lock.pins)
    ):
        return []
    releases = admitted_by(found.asking, known.offers.candidates(found.project))
    one = newest_refused(releases, case.target)
    return [] if one is None else [*one.verdicts]


def refused_lines(found: Sequence[PassedOver]) -> list[str]:
    """Return a line for each release and each reason, with the sets and targets that it concerns; none without any."""
    places: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for one in found:
        what = one.sentence if one.sentence.startswith(f"{one.project} {one.version} ") else _stated(one)
        instead = f"{one.instead} is taken" if one.instead else "an older release of what requires it is taken"
        places[f"{what}; {instead}"][f"{one.set}--{one.target}"] = None
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
