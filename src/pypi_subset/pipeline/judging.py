"""The policy in a run: the judge of candidates, and the judgement of what is locked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pypi_subset.errors import PolicyError
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.policy import today
from pypi_subset.policy.age import MOMENT, MinAge
from pypi_subset.policy.judge import Judge, judge_of
from pypi_subset.policy.licenses import verdict_of
from pypi_subset.support.fingerprint import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset
    from pypi_subset.packages.file_cache import FileCache
    from pypi_subset.policy.judge import Rule


def candidates_judge(subset: Subset, prior: datetime | None = None, now: datetime | None = None) -> tuple[Judge, str]:
    """
    Return the judge of candidates, and the cut-off of upload times that it uses, ``""`` without one.

    :param prior: pip's ``uploaded-prior-to``.
    :param now: the moment that ages are counted from.
    :raises SubsetError: the database of advisories cannot be read, or is too old.
    """
    stated = prior.astimezone(UTC).strftime(MOMENT) if prior else ""
    age = MinAge(subset.rules, subset.sources, now or datetime.now(UTC), stated)
    others: list[Rule] = [age] if age.counts else []
    return judge_of(subset.rules, subset.accepted, [*others, *_advisories(subset)]), age.cutoff


def require_admitted(subset: Subset, locks: Iterable[Lock], cache: FileCache | None = None) -> None:
    """
    Judge every pin of *locks* again: an advisory may be new, an acceptance gone.

    :param cache: remembers what was admitted by the same rules and the same database.
    :raises PolicyError: a rule refuses a pin.
    :raises SubsetError: the database of advisories cannot be read, or is too old.
    """
    locks = list(locks)
    rules = subset.rules
    if not (rules.deny or rules.yanked == "refuse" or rules.allow_licenses or subset.advisories):
        return
    key = _key(subset, locks, cache)
    if cache is not None and cache.recall(key):
        return
    judge = judge_of(rules, subset.accepted, _advisories(subset))
    found = dict.fromkeys(_refused(subset, locks, judge))
    if found:
        raise PolicyError([*found])
    if cache is not None:
        cache.wrote(key, "admitted")


def _refused(subset: Subset, locks: Iterable[Lock], judge: Judge) -> Iterator[str]:
    """Yield a line for each pin that a rule refuses."""
    rules = subset.rules
    known = dict(rules.known_licenses)
    for lock in locks:
        for pin in lock.pins:
            one = pin.distribution
            verdicts = judge.judged(Candidate(distribution=one, source=one.source or ""))
            if rules.allow_licenses and (own := verdict_of(one, one.license or "", rules.allow_licenses, known)):
                verdicts = (*verdicts, own)
            for verdict in judge.standing(verdicts, lock.target_name):
                yield f"{lock.name}: {one.project} {one.version}: {verdict.sentence}"


def _advisories(subset: Subset) -> list[Rule]:
    if subset.advisories is None:
        return []
    # Imported late: most subsets have no database.
    from pypi_subset.policy import advisories  # noqa: PLC0415

    return [advisories.AdvisoryRule(advisories.read(subset.advisories, today()), subset.advisories)]


def _key(subset: Subset, locks: Iterable[Lock], cache: FileCache | None) -> str:
    """Return what the judgement depends on, as one text."""
    accepted = [[one.rule, one.project, *one.targets, one.version, one.id] for one in subset.accepted]
    pins = [
        [lock.target_name, pin.distribution.filename, pin.distribution.yanked, pin.distribution.license]
        for lock in locks
        for pin in lock.pins
    ]
    own: list[object] = []
    if subset.advisories is not None and cache is not None:
        # A database that was new enough yesterday may be too old today.
        own = [today(), subset.advisories.max_age, _database(subset.advisories.path, cache)]
    return f"judged {digest_of({'policy': subset.policy_digest, 'accepted': accepted, 'pins': pins, 'own': own})}"


def _database(path: Path, cache: FileCache) -> list[str]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [cache.sha256(one) for one in files if one.is_file()]
