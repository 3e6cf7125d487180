"""Advisories: what the user lets pass, and what a database says of one release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packaging.version import Version

#: The qualitative ratings of CVSS 3.1 (section 5) above none, in rising order.
RATINGS = ("low", "medium", "high", "critical")
#: The severity of a release that was made to do harm. No rule lets it pass.
MALICIOUS = "malicious"
#: How the ids of such releases begin.
MALWARE = "MAL-"

#: Days after which a database is too old, if the user names no number.
MAX_AGE = 7


def is_malware(names: Iterable[str]) -> bool:
    """Return whether one of *names*, ids and aliases, is that of a malicious release."""
    return any(name.upper().startswith(MALWARE) for name in names)


@dataclass(frozen=True, kw_only=True, slots=True)
class AdvisoryRules:
    """
    The keys of ``[policy]`` about advisories.

    :param path: the database, a ZIP archive or a directory of OSV records.
    :param max_severity: the highest of `RATINGS` that is let in; ``""``: none.
    :param unknown_severity: whether an advisory without a severity is refused or let in.
    :param max_age: days that may pass since the newest record of the database.
    """

    path: Path
    max_severity: str = ""
    unknown_severity: Literal["refuse", "allow"] = "refuse"
    max_age: int = MAX_AGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Advisory:
    """
    One vulnerability of one release, whatever number of records describes it.

    :param ids: of its records, then of their aliases; those of malicious releases first.
    :param severity: `MALICIOUS`, one of `RATINGS`, or ``""`` if no record states it.
    :param fixed: later versions that fix it, in rising order; none if the records name none.
    :param since: when the first of its records was published, RFC 3339 in UTC; ``""`` if no record says it.
    """

    ids: tuple[str, ...]
    severity: str
    fixed: tuple[Version, ...] = ()
    since: str = ""
