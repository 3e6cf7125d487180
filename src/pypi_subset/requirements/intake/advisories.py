"""The keys of ``[policy]`` about advisories."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pypi_subset.model.intake.advisories import MAX_AGE, RATINGS, AdvisoryRules
from pypi_subset.requirements.intake import durations

if TYPE_CHECKING:
    from pypi_subset.errors import Fault
    from pypi_subset.requirements.places import Places
    from pypi_subset.requirements.toml import Settings

#: The keys; the others need the first.
KEYS = ("advisories", "max_severity", "unknown_severity", "max_age")

#: What holds of ``unknown_severity`` without the key, and the other word.
_UNKNOWN: tuple[Literal["refuse"], Literal["allow"]] = ("refuse", "allow")
_DAY = 86400
#: Days of the highest ``max_age``: a hundred years.
_MOST_DAYS = 36_500


def read_advisories(settings: Settings, places: Places, faults: list[Fault]) -> AdvisoryRules | None:
    """
    Return what ``[policy]`` says about advisories, ``None`` if it names no database or something of it is wrong.

    The database is not read: `pypi_subset.policy.advisories.read` does that.

    :param places: where the database may be; a path of ``subset.toml`` itself may lead elsewhere, a link may not.
    """
    values = settings.document.get("policy", {})
    table = values if isinstance(values, dict) else {}
    if KEYS[0] not in table:
        faults.extend(_lonely(settings, key) for key in KEYS[1:] if key in table)
        return None
    before = len(faults)
    path = _path(settings, table[KEYS[0]], places, faults)
    severity, unknown = table.get("max_severity", ""), table.get("unknown_severity", _UNKNOWN[0])
    age = _days(table.get("max_age", MAX_AGE))
    if "max_severity" in table and severity not in RATINGS:
        what = f"max_severity must be one of {', '.join(RATINGS)}"
        step = 'write max_severity = "medium" to let in low and medium'
        faults.append(settings.fault(what, "policy", "max_severity", next_step=step))
    if unknown not in _UNKNOWN:
        what = f'unknown_severity must be "{_UNKNOWN[0]}" or "{_UNKNOWN[1]}"'
        step = 'write unknown_severity = "allow" to let in advisories without a severity'
        faults.append(settings.fault(what, "policy", "unknown_severity", next_step=step))
    if age is None:
        what = f"max_age must be a number of whole days, at most {_MOST_DAYS:,}"
        faults.append(settings.fault(what, "policy", "max_age", next_step="write max_age = 7"))
    if len(faults) > before or path is None or age is None:
        return None
    return AdvisoryRules(path=path, max_severity=severity, unknown_severity=unknown, max_age=age)


def _lonely(settings: Settings, key: str) -> Fault:
    step = 'name the database: advisories = "osv.zip"'
    return settings.fault(f"{key} without advisories", "policy", key, next_step=step)


def _path(settings: Settings, value: object, places: Places, faults: list[Fault]) -> Path | None:
    """Return the path that ``advisories`` names, relative to the directory of ``subset.toml``."""
    keys = ("policy", KEYS[0])
    if not isinstance(value, str) or not value or "\0" in value:
        step = 'write advisories = "osv.zip"'
        faults.append(settings.fault("advisories must be the path of a database", *keys, next_step=step))
        return None
    if "://" in value:
        # Not shown: there may be a password in it.
        step = "fetch the database, and name the path of the file"
        faults.append(settings.fault("a URL as advisories is refused", *keys, next_step=step))
        return None
    root = settings.path.parent
    path = Path(os.path.normpath(root / value))
    what, step = places.with_sources(root, [path]).refusal(path)
    if what:
        faults.append(settings.fault(f"{path}: {what}", *keys, next_step=step))
        return None
    return path


def _days(value: object) -> int | None:
    """Return a number of whole days, written as a number or as a duration."""
    if type(value) is int:
        return value if 0 <= value <= _MOST_DAYS else None
    seconds = durations.seconds_of(value)
    return None if seconds is None or seconds % _DAY else _days(seconds // _DAY)
