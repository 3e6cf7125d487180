"""What follows from locked files that their index does not offer any more."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import PolicyError
from pypi_subset.locks.gone.look import files_with_builds
from pypi_subset.model.candidates import LOCK, Candidate
from pypi_subset.model.intake.gone import Gone, keys_of
from pypi_subset.model.intake.rules import GONE, YANKED
from pypi_subset.policy.withdrawn import Vanished, YankedSince

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.locks.gone.look import Listing, Where
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.gone import Decision, Key, Missing
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset

#: What the user can do about a file that is gone.
STEP = (
    'see what became of it; then write gone = "drop" below [policy] to resolve again without it, or keep it by '
    '[[policy.accept]] with rule = "gone"'
)


def decision_of(one: Missing, target: str, subset: Subset) -> Decision:
    """Return what is done about *one* on *target*: a waiver counts before ``gone`` and ``yanked`` of ``[policy]``."""
    is_refused = one.state == YANKED and subset.rules.yanked == "refuse"
    found = (YANKED if is_refused else GONE, one.project, target)
    waived = any(each.covers(found) and each.admits(one.version) for each in subset.accepted)
    if is_refused:
        return "kept" if waived else "refused"
    if waived or not one.suspicious or subset.rules.gone == "keep":
        return "kept"
    return "dropped" if subset.rules.gone == "drop" else "refused"


def judged(subset: Subset, missing: Iterable[Missing], locks: Iterable[Lock], now: Sequence[Lock] = ()) -> list[Gone]:
    """
    Return what is done about each missing file of *locks*, sorted by project: one entry for each decision.

    :param now: the locks of this run, if it resolved: what none of them has is replaced.
    """
    missing = [*missing]
    if not missing:
        return []
    places = [(lock, _keys(lock)) for lock in locks]
    has = {lock.name: _keys(lock) for lock in now}
    found = []
    for one in missing:
        by: defaultdict[Decision, list[str]] = defaultdict(list)
        key = (one.filename, one.sha256)
        for lock in (each for each, keys in places if key in keys):
            is_replaced = bool(now) and key not in has.get(lock.name, ())
            own: Decision = decision_of(one, lock.target_name, subset)
            by["replaced" if is_replaced else own].append(lock.name)
        facts = asdict(one)
        found += [Gone(**facts, decision=each, locks=tuple(sorted(set(names)))) for each, names in by.items()]
    return sorted(found, key=lambda one: (one.project, one.filename, one.decision))


def _keys(lock: Lock) -> frozenset[Key]:
    return frozenset(key for one, _, _ in files_with_builds(lock) for key in keys_of(one))


def require_decided(found: Iterable[Gone], *, dropped: bool = False) -> None:
    """
    Return if the user decided about each suspicious file of *found*. The policy judges what was yanked.

    :param dropped: whether a file that is to be dropped must be gone from the locks as well.
    :raises PolicyError: one is to be decided about.
    """
    bad = {"refused", "dropped"} if dropped else {"refused"}
    own = [one for one in found if one.suspicious and one.decision in bad]
    if own:
        step = (
            STEP
            if any(one.decision == "refused" for one in own)
            else "run `pypi-subset mirror`, which resolves without them"
        )
        raise PolicyError([str(one) for one in own], step=step, gone=[asdict(one) for one in own])


def drops(subset: Subset, lock: Lock, missing: Iterable[Missing]) -> str:
    """Return which file of *lock* is not admitted any more, ``""`` if all are."""
    every = reversed([*files_with_builds(lock)])
    builds = {key: built for one, _, built in every for key in keys_of(one)}
    for one in missing:
        key = (one.filename, one.sha256)
        if key in builds and decision_of(one, lock.target_name, subset) == "dropped":
            build = f", which {built} is built with," if (built := builds[key]) else ""
            return f"{one.project} {one.version}{build} is {one.state}, and dropped by the policy"
    return ""


def admit(subset: Subset, missing: Sequence[Missing], locks: Iterable[Lock], pages: Listing) -> None:
    """Let *pages* offer what the user keeps of the missing files of *locks*, and nothing of releases that are dropped."""
    if subset.rules.yanked == "refuse" and (yanked := [one for one in missing if one.state == "yanked"]):
        pages.judge = replace(pages.judge, rules=(*pages.judge.rules, YankedSince(yanked)))
    suspicious = {one.filename: one for one in missing if one.suspicious}
    if not suspicious:
        return
    if subset.rules.gone != "keep":
        rule = Vanished(suspicious.values(), drop=subset.rules.gone == "drop")
        pages.judge = replace(pages.judge, rules=(*pages.judge.rules, rule))
    kept: defaultdict[Where, dict[str, Candidate]] = defaultdict(dict)
    for lock in locks:
        # packages/ has these files, and no build requirements.
        for one in (each for each in lock.distributions if each.filename in suspicious):
            where = pages.where(one.project, lock.target_name)
            if decision_of(suspicious[one.filename], lock.target_name, subset) == "kept":
                kept[where][one.filename] = _candidate(one)
    pages.kept |= {where: tuple(own.values()) for where, own in kept.items()}


def _candidate(one: Distribution) -> Candidate:
    _, _, tags = filenames.parse(one.filename)
    return Candidate(distribution=one, source=LOCK, hashes=(("sha256", str(one.sha256)),), tags=tags)
