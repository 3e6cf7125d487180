"""The advisories that hold for a release, and the releases that a user's rules refuse."""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.model.intake.advisories import MALICIOUS, Advisory, is_malware
from pypi_subset.model.intake.verdicts import ADVISORY, Verdict
from pypi_subset.policy import database
from pypi_subset.policy.ranges import public_of, reach_of
from pypi_subset.policy.severity import highest, is_refused, severity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.advisories import AdvisoryRules
    from pypi_subset.policy.database import Database
    from pypi_subset.policy.osv import Affected, Record
    from pypi_subset.policy.ranges import Reach

#: Days that the clocks of two machines may differ.
_SKEW = 1
#: Ids, and versions, that a sentence names.
_NAMED = 4


def read(rules: AdvisoryRules, today: str) -> Advisories:
    """
    Return the advisories of the database that *rules* name.

    :param today: the date in UTC, ``YYYY-MM-DD``.
    :raises SubsetError: the database is damaged, or its newest record is too old.
    :raises FolderError: it cannot be read.
    """
    # A run judges candidates first, and then what is locked. A directory is read to be hashed.
    is_directory = rules.path.is_dir()
    found = _made(rules.path, today) if is_directory else _known(rules.path, today, database.identity(rules.path))
    require_recent(rules, found.day, today)
    return found


@functools.lru_cache(maxsize=1)
def _known(path: Path, today: str, sha256: str) -> Advisories:
    """Return the advisories of the archive at *path*, which has that SHA-256; the last one is kept."""
    del sha256
    return _made(path, today)


def _made(path: Path, today: str) -> Advisories:
    return Advisories(database.read(path), today)


def require_recent(rules: AdvisoryRules, day: str, today: str) -> None:
    """
    Raise if a database is too old; also where results are cached by its hash, since it ages while they do not.

    :param day: the date of its newest record, as *today*.
    :raises SubsetError: it is older than *rules* allow, or of a day in the future.
    """
    newest, now = date.fromisoformat(day), date.fromisoformat(today)
    # Else a record of a late day would let the database pass for new as long as nothing is newer.
    if (newest - now).days > _SKEW:
        msg = f"the newest advisory is of {day}, and today is {today}"
        raise SubsetError(msg, path=rules.path, next_step="set the clock, or see who changed that record")
    if (age := (now - newest).days) > rules.max_age:
        msg = f"the newest advisory is of {day}, {age} days ago; max_age is {rules.max_age}"
        raise SubsetError(msg, path=rules.path, next_step="bring a newer database, or raise max_age below [policy]")


def is_withdrawn(record: Record, today: str) -> bool:
    """Return whether *record* no longer holds on the day *today*, ``""`` for any day; clocks may differ by a day."""
    if record.withdrawn is None or not today:
        return record.withdrawn is not None
    return (date.fromisoformat(record.withdrawn[:10]) - date.fromisoformat(today)).days <= _SKEW


class Advisories:
    """
    The advisories of a database, by project.

    :param found: the database; withdrawn records do not hold.
    :param today: the date in UTC, ``YYYY-MM-DD``: a record that is to be withdrawn later holds. ``""`` asks for no date.
    """

    def __init__(self, found: Database, today: str = "") -> None:
        #: The date of the newest record, ``YYYY-MM-DD``, and the SHA-256 that caches use as key.
        self.day, self.sha256 = found.day, found.sha256
        holding = [record for record in found.records if not is_withdrawn(record, today)]
        self._groups = _Groups(holding)
        #: The records of each vulnerability, about any project.
        self._vulnerabilities: defaultdict[str, list[Record]] = defaultdict(list)
        for record in holding:
            self._vulnerabilities[self._groups.of(record.id)].append(record)
        self._records: defaultdict[str, list[tuple[Record, tuple[Affected, ...]]]] = defaultdict(list)
        self._entries: dict[str, tuple[_Entry, ...]] = {}
        #: What was found: by the entries that are joined, and by release.
        self._joined: dict[tuple[_Entry, ...], Advisory] = {}
        self._known: dict[tuple[str, Version], tuple[Advisory, ...]] = {}
        for record in holding:
            own: defaultdict[str, list[Affected]] = defaultdict(list)
            for entry in record.affected or ():
                own[entry.project or ""].append(entry)
            for project, entries in own.items():
                self._records[project].append((record, tuple(entries)))
        self._unjudged = self._not_judged()

    def of(self, project: NormalizedName, version: Version) -> tuple[Advisory, ...]:
        """Return what holds for a release, sorted by ids: one advisory for each vulnerability."""
        if project not in self._records:
            return ()
        key = (project, version)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = tuple(self._found(project, version))
        return known

    def unjudged(self, project: NormalizedName) -> tuple[Advisory, ...]:
        """
        Return the advisories about *project* that name no version of it in PyPI's order, sorted by ids.

        No record of such a vulnerability says which releases it affects: any of them may be affected.
        """
        return self._unjudged.get(project, ())

    def _not_judged(self) -> dict[str, tuple[Advisory, ...]]:
        """Return what `unjudged` does, of all projects that have such advisories."""
        found: dict[str, tuple[Advisory, ...]] = {}
        for project, records in self._records.items():
            # Most projects have none.
            if all(entry.is_judged for _, entries in records for entry in entries):
                continue
            groups: defaultdict[str, list[tuple[Record, tuple[Affected, ...]]]] = defaultdict(list)
            for record, entries in records:
                groups[self._groups.of(record.id)].append((record, entries))
            blind = [
                self._join(tuple(_Entry(*each) for each in group), ())
                for group in groups.values()
                if not any(entry.is_judged for _, entries in group for entry in entries)
            ]
            found[project] = tuple(sorted(blind, key=lambda one: one.ids))
        return found

    def _found(self, project: str, version: Version) -> list[Advisory]:
        if project not in self._entries:
            records = self._records[project]
            self._entries[project] = tuple(_Entry(record, entries) for record, entries in records)
        groups: defaultdict[str, list[_Entry]] = defaultdict(list)
        for entry in self._entries[project]:
            groups[self._groups.of(entry.record.id)].append(entry)
        every = (self._advisory(entries, version) for entries in groups.values())
        return sorted(filter(None, every), key=lambda one: one.ids)

    def _advisory(self, group: Sequence[_Entry], version: Version) -> Advisory | None:
        """Return the advisory for the records of one vulnerability, ``None`` if none of them affects *version*."""
        entries = tuple(entry for entry in group if entry.reach.covers(version))
        if not entries:
            return None
        if (joined := self._joined.get(entries)) is None:
            joined = self._joined[entries] = self._join(entries, [entry for entry in group if entry not in entries])
        public = public_of(version)
        return replace(joined, fixed=tuple(one for one in joined.fixed if one > public))

    def _join(self, entries: tuple[_Entry, ...], others: Sequence[_Entry]) -> Advisory:
        """Return the advisory for *entries* of one vulnerability, as `_joined`."""
        own = {entry.record.id for entry in (*entries, *others)}
        every = self._vulnerabilities[self._groups.of(entries[0].record.id)]
        return _joined(entries, others, [record for record in every if record.id not in own])


def judged(distributions: Iterable[Distribution], advisories: Advisories, rules: AdvisoryRules) -> tuple[Verdict, ...]:
    """
    Return a verdict for each release and each advisory that *rules* refuse, also one that does not name its versions.

    The verdicts are sorted by project and version. Files of one release are judged once.
    """
    releases = sorted({(one.project, one.version) for one in distributions})
    return tuple(
        Verdict(
            rule=ADVISORY,
            project=project,
            version=version,
            sentence=sentence_of(project, version, advisory),
            ids=advisory.ids,
            fixed=advisory.fixed,
            since=advisory.since,
        )
        for project, version in releases
        for sentence_of, found in (
            (_sentence, advisories.of(project, version)),
            (_unjudged_sentence, advisories.unjudged(project)),
        )
        for advisory in found
        if is_refused(advisory, rules)
    )


class AdvisoryRule:
    """Refuses releases with an advisory that the user's rules refuse."""

    def __init__(self, advisories: Advisories, rules: AdvisoryRules) -> None:
        self._advisories, self._rules = advisories, rules

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return a verdict for each advisory that refuses *candidate*."""
        return judged([candidate.distribution], self._advisories, self._rules)


class _Entry:
    """What a record says of one project."""

    def __init__(self, record: Record, entries: tuple[Affected, ...]) -> None:
        self.record = record
        self.reach: Reach = reach_of(entries)
        self.severity = severity_of(record, entries)


class _Groups:
    """Records of one vulnerability: aliases are symmetric and transitive (OSV schema, "aliases field"), in any case."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._above: dict[str, str] = {}
        for record in records:
            for alias in record.names[1:]:
                one, other = self.of(record.id), self.of(alias)
                if one != other:
                    self._above[other] = one

    def of(self, name: str) -> str:
        """Return the one name, in upper case, that all names of a group have in common, *name* among them."""
        top = name = name.upper()
        while (above := self._above.get(top)) is not None:
            top = above
        while (above := self._above.get(name)) is not None:
            # Shorten the way for the next look.
            self._above[name], name = top, above
            if name == top:
                break
        return top


def _joined(entries: tuple[_Entry, ...], others: Sequence[_Entry], elsewhere: Sequence[Record]) -> Advisory:
    """
    Return the advisory for *entries* of one vulnerability, with the fixes of all versions.

    :param others: what further records of it say, which are about other versions: how severe it is, and that it is malware.
    :param elsewhere: records of it about other projects, which say the same. Vectors that these have for one project do not
        count.
    """
    records, every = {entry.record.id for entry in entries}, [*entries, *others]
    # In the spelling of a record that has it as its id, if there is one.
    spelt = {one.upper(): one for entry in entries for one in (*reversed(entry.record.names),)}
    spelt |= {one.upper(): one for one in sorted(records)}
    names = {*spelt.values()}
    further = (*(entry.record for entry in others), *elsewhere)
    names.update(record.id for record in further if is_malware([record.id]))
    fixes = {one for entry in entries for one in entry.reach.fixed}
    return Advisory(
        ids=tuple(sorted(names, key=lambda name: (not is_malware([name]), name not in records, name))),
        severity=highest([*(entry.severity for entry in every), *(severity_of(record, ()) for record in elsewhere)]),
        # What fixes one record may be affected by another.
        fixed=tuple(sorted(one for one in fixes if not any(entry.reach.covers(one) for entry in every))),
        since=min((entry.record.published for entry in entries if entry.record.published), default=""),
    )


def _sentence(project: str, version: Version, advisory: Advisory) -> str:
    names = _names(advisory)
    if advisory.severity == MALICIOUS:
        return f"{project} {version} is malicious: {names}"
    fixed = ", ".join(_few(map(str, advisory.fixed))) or "no version that is named"
    return f"{project} {version} has {names}, severity {advisory.severity or 'unknown'}; fixed in {fixed}"


def _unjudged_sentence(project: str, version: Version, advisory: Advisory) -> str:
    names, severity = _names(advisory), advisory.severity or "unknown"
    what = f"be malicious: {names}" if severity == MALICIOUS else f"have {names}, severity {severity}"
    return f"{project} {version} may {what}: the advisory names no versions in PyPI's order, so it counts for every release"


def _names(advisory: Advisory) -> str:
    first, *others = _few(advisory.ids)
    return f"{first} ({', '.join(others)})" if others else first


def _few(names: Iterable[str]) -> Iterator[str]:
    """Yield the first of *names*, and how many more there are."""
    those = [*names]
    yield from those[:_NAMED]
    if len(those) > _NAMED:
        yield f"{len(those) - _NAMED} more"
