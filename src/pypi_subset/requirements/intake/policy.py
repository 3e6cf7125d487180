"""The tables ``[policy]`` and ``[proof]`` of ``subset.toml``: what is done about findings, and what the user accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.errors import Fault
from pypi_subset.model.intake.advisories import is_malware
from pypi_subset.model.intake.verdicts import ADVISORY
from pypi_subset.model.policy import GAP, PROVEN, RULES, Acceptance, has_expired
from pypi_subset.requirements.intake import advisories, rules
from pypi_subset.requirements.toml import nearest, unknown_keys
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pypi_subset.requirements.toml import Settings

#: A complete entry, shown to a user whose entry is not.
EXAMPLE = (
    "[[policy.accept]]",
    'rule = "import"',
    'project = "dash"',
    'targets = ["linux"]',
    'reason = "a script that only developers use"',
    "until = 2027-12-31",
)

#: The key that is about files of which two sources have different contents.
FIRST_SOURCE = "first_source_wins"
#: The keys that are one of two words, the first of which holds without the key, and what a user writes.
_WORDS = {
    "bad_files": ("stop", "skip", 'write bad_files = "stop" to end the run at a bad file'),
    "outdated": (
        "list",
        "error",
        'write outdated = "error" to end the run at a project that is older than it might be',
    ),
}
_KEYS = ("rule", "project", "version", "id", "targets", "reason", "until")
#: Targets alone may be left out: then the entry holds for all.
_NEEDED = ("rule", "project", "reason", "until")
_HEADER = re.compile(r"\s*\[\[\s*policy\s*\.\s*accept\s*\]\]")
_PROJECT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def read_policy(settings: Settings, faults: list[Fault]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of ``[policy]`` that differ from the defaults: no lock is made again for the others."""
    table = settings.table("policy", faults)
    known = (*_WORDS, FIRST_SOURCE, *advisories.KEYS, *rules.KEYS, "accept")
    faults.extend(unknown_keys(settings, table, known, "policy"))
    found = []
    if (wins := table.get(FIRST_SOURCE, False)) is True:
        found.append((FIRST_SOURCE, "true"))
    elif wins is not False:
        step = f"write {FIRST_SOURCE} = true to take the file of the source that pip's configuration names first"
        faults.append(settings.fault(f"{FIRST_SOURCE} must be true or false", "policy", FIRST_SOURCE, next_step=step))
    for key, (default, other, step) in _WORDS.items():
        value = table.get(key, default)
        if value not in (default, other):
            faults.append(settings.fault(f'{key} must be "{default}" or "{other}"', "policy", key, next_step=step))
        elif value == other:
            found.append((key, other))
    return tuple(sorted(found))


def read_strict_imports(settings: Settings, faults: list[Fault]) -> bool:
    """Return ``strict_imports`` of ``[proof]``: whether an import that lacks what no metadata declares is red."""
    table = settings.table("proof", faults)
    faults.extend(unknown_keys(settings, table, ("strict_imports",), "proof"))
    value = table.get("strict_imports", False)
    if isinstance(value, bool):
        return value
    what, step = "strict_imports must be true or false", "write strict_imports = true"
    faults.append(settings.fault(what, "proof", "strict_imports", next_step=step))
    return False


def read_accepted(
    settings: Settings, targets: Collection[str], today: str, faults: list[Fault]
) -> tuple[Acceptance, ...]:
    """
    Return the entries of ``[[policy.accept]]``, in the order of the file.

    An entry that has expired is a fault, and so is a second one of the same rule, project and target.

    :param targets: the names of all targets.
    :param today: the date in UTC, ``YYYY-MM-DD``.
    """
    policy = settings.document.get("policy", {})
    tables = policy.get("accept", []) if isinstance(policy, dict) else []
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        where = settings.line("policy", "accept")
        faults.append(
            Fault(what="accept must be tables", path=settings.path, line=where, next_step="write:", excerpt=EXAMPLE)
        )
        return ()
    found: list[Acceptance] = []
    for number, table in enumerate(tables):
        entry = _Entry(settings=settings, line=_line(settings, number), values=table)
        faults.extend(entry.faults(targets))
        if (one := entry.value()) is None:
            continue
        if has_expired(one.until, today):
            what = f"the acceptance of {one.rule} for {one.project} ended on {one.until}"
            step = "mend what it accepts and remove it, or set a later day as until"
            faults.append(entry.fault(what, step))
        if twin := next((other for other in found if _overlap(one, other)), None):
            what = f"{twin.origin} accepts {one.rule} for {one.project} as well"
            faults.append(entry.fault(what, "keep one of the two"))
        found.append(one)
    return tuple(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """One table at *line*."""

    settings: Settings
    line: int | None
    values: Mapping[str, Any]

    def fault(self, what: str, step: str, excerpt: tuple[str, ...] = ()) -> Fault:
        """Return a fault of the entry."""
        return Fault(what=what, path=self.settings.path, line=self.line, next_step=step, excerpt=excerpt)

    def faults(self, targets: Collection[str]) -> list[Fault]:
        """Return what is wrong with the entry."""
        found = [
            self.fault(f"unknown key {key!r}", nearest(key, _KEYS, "known here"))
            for key in self.values
            if key not in _KEYS
        ]
        if lacking := [key for key in _NEEDED if key not in self.values]:
            found.append(self.fault(f"the entry lacks {', '.join(lacking)}", "a whole entry is:", EXAMPLE))
        rule = self.values.get("rule", RULES[0])
        if rule not in RULES:
            found.append(self.fault(f"there is no rule {rule!r}", nearest(str(rule), RULES, "rules are")))
        if "project" in self.values and not self._project():
            found.append(self.fault("project must be the name of a project", 'write project = "dash"'))
        found += self._narrowed()
        if "reason" in self.values and not self._reason():
            found.append(self.fault("reason must be a text in one line", 'write reason = "…"'))
        if "until" in self.values and not self._until():
            found.append(self.fault("until must be a date", "write until = 2027-12-31"))
        if rule == GAP and "targets" not in self.values:
            found.append(self.fault("a gap is accepted for targets that are named", 'write targets = ["…"]'))
        return found + self._target_faults(targets)

    def value(self) -> Acceptance | None:
        """Return what the entry says, ``None`` if something that it needs is missing or wrong."""
        rule, chosen = self.values.get("rule"), self._targets()
        project, reason, until = self._project(), self._reason(), self._until()
        if rule not in RULES or not (project and reason and until) or chosen is None:
            return None
        origin = f"{self.settings.path.name}:{self.line}"
        targets = tuple(sorted(set(chosen)))
        return Acceptance(
            rule=rule,
            project=project,
            reason=reason,
            until=until,
            targets=targets,
            version=self.values.get("version", ""),
            id=self.values.get("id", ""),
            origin=origin,
        )

    def _narrowed(self) -> list[Fault]:
        """Return what is wrong with ``version`` and ``id``, which only some rules have."""
        found, rule = [], self.values.get("rule")
        version, advisory = self.values.get("version", ""), self.values.get("id", "")
        whole = rule in (*PROVEN, GAP)
        if "version" in self.values and (whole or not _is_specifier(version)):
            what = f"version is not for the rule {rule}" if whole else "version must be a version specifier"
            found.append(self.fault(what, "drop the line" if whole else 'write version = "==2.5.0"'))
        if "id" in self.values and (rule != ADVISORY or not isinstance(advisory, str) or not advisory):
            found.append(
                self.fault("id is the name of an advisory", 'write id = "PYSEC-2021-108" with rule = "advisory"')
            )
        elif isinstance(advisory, str) and is_malware([advisory]):
            what = f"no entry accepts {advisory}: a malicious release is never let in"
            found.append(self.fault(what, "remove the entry, and request another version"))
        return found

    def _project(self) -> str:
        value = self.values.get("project")
        return canonicalize_name(value) if isinstance(value, str) and _PROJECT.fullmatch(value) else ""

    def _reason(self) -> str:
        value = self.values.get("reason")
        return value.strip() if isinstance(value, str) and printable(value) == value and "\n" not in value else ""

    def _until(self) -> str:
        value = self.values.get("until")
        if type(value) is date:
            return value.isoformat()
        try:
            return date.fromisoformat(value).isoformat() if isinstance(value, str) else ""
        except ValueError:
            return ""

    def _targets(self) -> list[str] | None:
        value = self.values.get("targets", [])
        return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else None

    def _target_faults(self, targets: Collection[str]) -> list[Fault]:
        chosen = self._targets()
        if chosen is None or (not chosen and "targets" in self.values):
            step = 'write targets = ["…"], or drop the line for all targets'
            return [self.fault("targets must be a list of names", step)]
        unknown = [one for one in chosen if one not in targets and self.settings.readable]
        return [self.fault(f"there is no target {one!r}", nearest(one, targets, "targets are")) for one in unknown]


def _is_specifier(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(str(SpecifierSet(text)))
    except InvalidSpecifier:
        return False


def _overlap(one: Acceptance, other: Acceptance) -> bool:
    """Whether both accept the same rule of a project on the same target."""
    if (one.rule, one.project, one.version) != (other.rule, other.project, other.version):
        return False
    if one.id.upper() != other.id.upper():
        return False
    return not one.targets or not other.targets or not set(one.targets).isdisjoint(other.targets)


def _line(settings: Settings, number: int) -> int | None:
    """Return the line of an entry, counted from 0; of a list in brackets, the line of its key."""
    headers = [line for line, text in enumerate(settings.lines, start=1) if _HEADER.match(text)]
    return headers[number] if number < len(headers) else settings.line("policy", "accept")
