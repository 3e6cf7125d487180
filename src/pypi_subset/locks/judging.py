"""The policy over what is locked: an advisory may be new, an acceptance gone."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import LockError, PolicyError
from pypi_subset.locks import lockfile
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.documents import DAMAGED
from pypi_subset.model.intake.gone import keys_of
from pypi_subset.model.intake.rules import GONE, YANKED
from pypi_subset.model.intake.verdicts import Verdict, Waived
from pypi_subset.model.policy import INTAKE, today
from pypi_subset.policy.judge import acceptance_for, advisory_rules, age_rule, judge_of
from pypi_subset.policy.licenses import verdict_of
from pypi_subset.policy.withdrawn import Withdrawn
from pypi_subset.support.fingerprint import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from pypi_subset.model.intake.gone import Missing
    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.model.requests import Subset
    from pypi_subset.policy.judge import Judge


class Hashes(Protocol):
    """A cache of hashes, which also remembers what was admitted."""

    def sha256(self, path: Path, /) -> str:
        """Return the SHA-256 of a file."""

    def recall(self, key: str, /) -> str | None:
        """Return what was remembered under *key*, ``None`` if nothing was."""

    def wrote(self, key: str, value: str, /) -> None:
        """Remember *value* under *key*."""


def standing(subset: Subset, folder: Path, *, strict: bool = False) -> tuple[Lock, ...]:
    """
    Return the locks on disk of the jobs of *subset*.

    :param strict: raise the error about a lock that cannot be read, which is left out otherwise.
    :raises LockError: as *strict* says.
    """
    found = []
    for job in subset.jobs:
        path = lockfile.path_of(folder, job.name)
        if path.is_file():
            with contextlib.nullcontext() if strict else contextlib.suppress(LockError):
                found.append(lockfile.read(path))
    return tuple(found)


def counts(subset: Subset) -> bool:
    """Return whether a rule of *subset* can refuse what is locked."""
    return bool(subset.rules.stated or subset.advisories) or age_rule(subset).counts


def cut_off_otherwise(subset: Subset, lock: Lock, prior: datetime | None) -> str:
    """
    Return how the cut-off of *lock* differs from ``as_of``, ``""`` if it does not or there is no ``as_of``.

    :param prior: pip's ``uploaded-prior-to``, which may be earlier.
    """
    stated = subset.rules.as_of
    if not stated or lock.as_of == stated or (prior is not None and "" < lock.as_of < stated):
        return ""
    return f"as_of is {stated}, and the cut-off of the lock is {lock.as_of}" if lock.as_of else "as_of was added"


def require_admitted(
    subset: Subset,
    locks: Iterable[Lock],
    cache: Hashes | None = None,
    prior: datetime | None = None,
    *,
    missing: Iterable[Missing] = (),
    resolves: bool = False,
) -> tuple[Waived, ...]:
    """
    Judge every pin of *locks* again: an advisory may be new, an acceptance gone. Return what the user accepts.

    :param cache: remembers what was judged by the same rules and the same database.
    :param prior: pip's ``uploaded-prior-to``, where pip's configuration is read.
    :param missing: what the last look at the indexes found: what was yanked since it was locked counts.
    :param resolves: whether this run resolved what the rules of today do not match.
    :raises PolicyError: a rule refuses a pin.
    :raises SubsetError: the database of advisories cannot be read, or is too old.
    """
    locks = list(locks)
    refused, waived = _parted(subset, _too_new(subset, locks, prior))
    others, more = _parted_or_recalled(subset, locks, cache)
    yanked, accepted = _parted(subset, _yanked_since(subset, locks, missing))
    accepted += _parted(subset, _yanked_in_builds(subset, locks))[1]
    refused |= others | yanked
    if refused:
        raise PolicyError([*refused], final=sum(one.is_final for one in refused.values()), resolves=resolves)
    return tuple(dict.fromkeys((*waived, *more, *accepted)))


def waived_lines(found: Iterable[Waived]) -> list[str]:
    """Return a line for each accepted release: equal ones of several locks in one line."""
    places: dict[str, list[str]] = {}
    for one in found:
        said = f"{one.project} {one.version} is accepted until {one.until} ({one.reason}); {one.sentence}"
        places.setdefault(said, []).append(f"{one.set} on {one.target}")
    return [f"accepted: {', '.join(dict.fromkeys(where))}: {said}" for said, where in places.items()]


def unneeded_waivers(subset: Subset, found: Iterable[Waived]) -> list[str]:
    """Return a sentence for each acceptance of a rule about releases that covers none of *found*; ``gone`` is not looked at."""
    used = {(one.entry, one.rule, one.project) for one in found}
    return [
        f"{one.origin}: [[policy.accept]] of {one.rule} for {one.project} is no longer needed, remove it"
        for one in subset.accepted
        if one.rule in INTAKE and one.rule != GONE and (one.origin, one.rule, one.project) not in used
    ]


class _Finding(NamedTuple):
    """A pin that a rule refuses, whatever the user accepts: its lock, a line about it, and the verdict."""

    lock: Lock
    line: str
    verdict: Verdict


def _parted(subset: Subset, found: Iterable[_Finding]) -> tuple[dict[str, Verdict], tuple[Waived, ...]]:
    """Return what no acceptance covers, by line, and what one does."""
    refused: dict[str, Verdict] = {}
    waived: list[Waived] = []
    for lock, line, verdict in found:
        by = acceptance_for(verdict, lock.target_name, subset.accepted)
        if by is None:
            refused[line] = verdict
            continue
        waived.append(
            Waived(
                set=lock.set_name,
                target=lock.target_name,
                project=verdict.project,
                version=str(verdict.version),
                rule=verdict.rule,
                sentence=verdict.sentence,
                reason=by.reason,
                until=by.until,
                entry=by.origin,
            )
        )
    return refused, tuple(dict.fromkeys(waived))


def _too_new(subset: Subset, locks: Iterable[Lock], prior: datetime | None) -> Iterator[_Finding]:
    """
    Yield each locked file that the cut-off of today refuses.

    What was old enough when it was locked is older today. No result is remembered: days pass.
    """
    age = age_rule(subset, prior)
    if not age.counts:
        return
    for lock in locks:
        for pin in lock.pins:
            for held, place in _held(pin):
                for verdict in age.verdicts(held):
                    yield _Finding(lock, f"{lock.name}: {place}: {verdict.sentence}", verdict)


def _yanked_since(subset: Subset, locks: Iterable[Lock], missing: Iterable[Missing]) -> Iterator[_Finding]:
    """Yield each locked file, or file that a build required, that was yanked after it was locked, under ``"refuse"``."""
    if subset.rules.yanked != "refuse":
        return
    found = {(one.filename, one.sha256): one for one in missing if one.state == YANKED}
    for lock in locks if found else ():
        files = [(pin.distribution, "") for pin in lock.pins]
        files += [(one, f"{pin.distribution.project} {pin.distribution.version}") for one, pin in lock.built_with]
        for one, built in files:
            # The lock itself says what was yanked before.
            if one.yanked is None and (gone := next((found[key] for key in keys_of(one) if key in found), None)):
                sentence = f"{gone.what} (since {gone.since})"
                place = f"{built} is built with " if built and not gone.what.endswith(" is built with it") else ""
                verdict = Verdict(rule=YANKED, project=one.project, version=one.version, sentence=sentence)
                yield _Finding(lock, f"{lock.name}: {place}{one.project} {one.version}: {sentence}", verdict)


def _yanked_in_builds(subset: Subset, locks: Iterable[Lock]) -> Iterator[_Finding]:
    """Yield what was yanked and a build has, under ``"pinned"``: an acceptance let it in, or the build itself pins it."""
    if subset.rules.yanked == "refuse":
        return
    for lock in locks:
        for held, place in (each for pin in lock.pins for each in [*_held(pin)][1:]):
            for verdict in Withdrawn().verdicts(held):
                yield _Finding(lock, f"{lock.name}: {place}: {verdict.sentence}", verdict)


def _held(pin: Pin) -> Iterator[tuple[Candidate, str]]:
    """Yield what a pin locks, then what its build needs, then what was in build environments; each with words for it."""
    one = pin.distribution
    release = f"{one.project} {one.version}"
    for held in (one, *pin.build):
        url = held.built.url if held.built else held.url
        path = None if url else Path(held.filename)
        needs = "" if held is one else f" needs {held.project} {held.version} to be built"
        yield Candidate(distribution=held, source="", path=path), f"{release}{needs}"
    for each in (each for held in (one, *pin.build) for each in built_with(held)):
        yield each, f"{release} is built with {each.distribution.project} {each.distribution.version}"


def _parted_or_recalled(
    subset: Subset, locks: Sequence[Lock], cache: Hashes | None
) -> tuple[dict[str, Verdict], tuple[Waived, ...]]:
    """Return what `_parted` does for all rules but ages; *cache* remembers it where nothing is refused."""
    rules = subset.rules
    if not (rules.deny or rules.yanked == "refuse" or rules.allow_licenses or subset.advisories):
        return {}, ()
    key = _key(subset, locks, cache)
    if cache is not None and (known := cache.recall(key)):
        with contextlib.suppress(*DAMAGED):
            return {}, msgspec.json.decode(known, type=tuple[Waived, ...])
    judge = judge_of(rules, subset.accepted, advisory_rules(subset.advisories))
    refused, waived = _parted(subset, _refused(subset, locks, judge))
    if not refused and cache is not None:
        cache.wrote(key, msgspec.json.encode(waived).decode())
    return refused, waived


def _refused(subset: Subset, locks: Iterable[Lock], judge: Judge) -> Iterator[_Finding]:
    """Yield each pin that a rule refuses."""
    rules = subset.rules
    known = dict(rules.known_licenses)
    for lock in locks:
        for held, place in (each for pin in lock.pins for each in _held(pin)):
            one, verdicts = held.distribution, judge.judged(held)
            if rules.allow_licenses and (own := verdict_of(one, one.license or "", rules.allow_licenses, known)):
                verdicts = (*verdicts, own)
            for verdict in verdicts:
                yield _Finding(lock, f"{lock.name}: {place}: {verdict.sentence}", verdict)


def built_with(one: Distribution) -> Iterator[Candidate]:
    """Yield what the build environment of *one* held, and what those of its own builds did. Older locks state no files."""
    built = one.built
    if built is None:
        return
    licenses, stated = dict(built.licenses), {(each.project, str(each.version)): each for each in built.files}
    for name, version, sha256 in built.requires:
        held = stated.get((canonicalize_name(name), version))
        if held is None:
            held = Distribution(
                filename=f"{name}-{version}.tar.gz",
                project=canonicalize_name(name),
                version=Version(version),
                sha256=sha256,
            )
            yield Candidate(distribution=structs.replace(held, license=licenses.get(name)), source="")
    for each in built.files:
        held = structs.replace(each, license=each.license or licenses.get(each.project))
        yield Candidate(distribution=held, source="", path=None if each.url else Path(each.filename))


def _key(subset: Subset, locks: Iterable[Lock], cache: Hashes | None) -> str:
    """Return what the judgement depends on, as one text."""
    accepted = [
        [one.rule, one.project, *one.targets, one.version, one.id, one.reason, one.until, one.origin]
        for one in subset.accepted
    ]
    pins = [
        [
            lock.target_name,
            *((one.filename, one.yanked, one.license) for one in (held.distribution for held, _ in _held(pin))),
        ]
        for lock in locks
        for pin in lock.pins
    ]
    own: list[object] = []
    if subset.advisories is not None and cache is not None:
        # A database that was new enough yesterday may be too old today.
        own = [today(), subset.advisories.max_age, _database(subset.advisories.path, cache)]
    return f"waived {digest_of({'policy': subset.policy_digest, 'accepted': accepted, 'pins': pins, 'own': own})}"


def _database(path: Path, cache: Hashes) -> list[str]:
    every = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [cache.sha256(one) for one in every if one.is_file()]
