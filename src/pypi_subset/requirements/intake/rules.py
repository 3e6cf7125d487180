"""The keys of ``[policy]`` about candidates: ``min_age``, ``as_of``, ``no_times``, ``ignore_403``, ``deny``, ``yanked``, licences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.requirements.intake import durations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypi_subset.errors import Fault
    from pypi_subset.requirements.toml import Settings

KEYS = ("min_age", "as_of", "no_times", "ignore_403", "deny", "yanked", "gone", "allow_licenses", "licenses")

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\*")


def read_rules(settings: Settings, faults: list[Fault]) -> IntakeRules:
    """Return what ``[policy]`` says about candidates; a key that is wrong is a fault with its line."""
    policy = settings.document.get("policy", {})
    table = _Table(settings=settings, values=policy if isinstance(policy, dict) else {}, faults=faults)
    min_age = table.duration("min_age")
    return IntakeRules(
        min_age=min_age,
        as_of=table.cutoff("as_of", min_age),
        no_times=tuple(one.rstrip("/") for one in table.texts("no_times", "https://pypi.acme.example/simple")),
        ignore_403=tuple(one.rstrip("/") for one in table.texts("ignore_403", "https://pypi.acme.example/simple")),
        deny=table.releases(),
        yanked=table.yanked(),
        gone=table.gone(),
        allow_licenses=table.licenses(),
        known_licenses=table.expressions(),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    settings: Settings
    values: Mapping[str, Any]
    faults: list[Fault]

    def fault(self, what: str, key: str, step: str, item: str | None = None) -> None:
        """Add a fault at *key*."""
        self.faults.append(self.settings.fault(what, "policy", key, next_step=step, item=item))

    def duration(self, key: str) -> int:
        """Return the seconds at *key*, 0 without it."""
        if key not in self.values:
            return 0
        seconds = durations.seconds_of(self.values[key])
        if seconds is None:
            self.fault(f"{key} must be a duration", key, f"write {key} = {durations.EXAMPLE}")
        return seconds or 0

    def moment(self, key: str) -> str:
        """Return the moment at *key* in UTC, ``""`` without it."""
        if key not in self.values:
            return ""
        value = self.values[key]
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        except (TypeError, ValueError, OverflowError):
            self.fault(f"{key} must be a moment", key, f'write {key} = "2026-11-21T00:00:00Z"')
            return ""

    def cutoff(self, key: str, min_age: int) -> str:
        """Return the moment at *key*, which must not let in what is younger than *min_age*, in seconds."""
        stated = self.moment(key)
        if stated and min_age and (datetime.now(UTC) - datetime.fromisoformat(stated)).total_seconds() < min_age:
            what = f"{key} is {stated}, and would let in files that are younger than min_age"
            self.fault(what, key, "write an earlier moment, or drop the line")
        return stated

    def texts(self, key: str, example: str) -> tuple[str, ...]:
        """Return the list of strings at *key*."""
        value = self.values.get(key, [])
        if isinstance(value, list) and all(isinstance(one, str) and one.isprintable() and one for one in value):
            return tuple(dict.fromkeys(value))
        self.fault(f"{key} must be a list of strings", key, f'write {key} = ["{example}"]')
        return ()

    def releases(self) -> tuple[tuple[str, str], ...]:
        """Return the projects of ``deny`` with the versions that are refused."""
        found = []
        for text in self.texts("deny", "colors>1.4"):
            if _PREFIX.fullmatch(text):
                found.append((f"{canonicalize_name(text[:-1])}*", ""))
                continue
            try:
                one = Requirement(text)
            except InvalidRequirement:
                one = None
            if one is None or one.url or one.extras or one.marker:
                step = 'write a project and its versions: "evil", "colors>1.4", "acme-*"'
                self.fault(f"{text!r} is no project with versions", "deny", step, text)
                continue
            found.append((canonicalize_name(one.name), str(one.specifier)))
        return tuple(found)

    def yanked(self) -> Literal["pinned", "refuse"]:
        """Return what is done about yanked releases."""
        value = self.values.get("yanked", "pinned")
        if value not in ("pinned", "refuse"):
            self.fault('yanked must be "pinned" or "refuse"', "yanked", 'write yanked = "refuse" to let none in')
            return "pinned"
        return cast("Literal['pinned', 'refuse']", value)

    def gone(self) -> Literal["", "keep", "drop"]:
        """Return what is done about locked files that are gone."""
        value = self.values.get("gone", "")
        if value not in ("", "keep", "drop") or ("gone" in self.values and not value):
            self.fault('gone must be "keep" or "drop"', "gone", 'write gone = "drop" to resolve again without them')
            return ""
        return cast("Literal['', 'keep', 'drop']", value)

    def licenses(self) -> tuple[str, ...]:
        """Return the SPDX identifiers of ``allow_licenses`` in their usual spelling."""
        found = []
        if self.values.get("allow_licenses") == []:
            what = "allow_licenses is empty, and would let all licences in"
            self.fault(what, "allow_licenses", 'name the allowed ones, such as "MIT", or drop the line')
        for text in self.texts("allow_licenses", "MIT"):
            spelt = _expression(text)
            if spelt is None or re.search(r" (AND|OR) ", spelt):
                self.fault(f"{text!r} is no SPDX licence", "allow_licenses", 'write "MIT", "Apache-2.0"', text)
                continue
            found.append(spelt)
        return tuple(found)

    def expressions(self) -> tuple[tuple[str, str], ...]:
        """Return the licences that the user states for projects, sorted."""
        value = self.values.get("licenses", {})
        step = 'write licenses = { docutils = "BSD-2-Clause" }'
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            self.fault("licenses must be a table of strings", "licenses", step)
            return ()
        found = {}
        for project, text in value.items():
            spelt = _expression(text)
            if spelt is None:
                self.fault(f"{text!r} is no SPDX expression", "licenses", step, text)
                continue
            found[str(canonicalize_name(project))] = spelt
        return tuple(sorted(found.items()))


def _expression(text: str) -> str | None:
    try:
        return str(canonicalize_license_expression(text))
    except (InvalidLicenseExpression, ValueError):
        return None
