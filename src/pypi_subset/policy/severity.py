"""How severe an advisory is, and whether the user's rules let it in."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from pypi_subset.model.intake.advisories import MALICIOUS, RATINGS, is_malware

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.model.intake.advisories import Advisory, AdvisoryRules
    from pypi_subset.policy.osv import Affected, Record, Score

#: What databases write as ``database_specific.severity``, in small letters.
_WORDS = {"moderate": "medium", **{one: one for one in RATINGS}}
#: Lowest base score of each rating but the lowest (CVSS 3.1, section 5; CVSS 4.0, section 6). CVSS 2 has no ratings.
_FLOORS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"))
#: Metrics of the base score of CVSS 4.0; its score would count those of threat and environment as well.
_BASE_4 = ("AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA")


def severity_of(record: Record, entries: Iterable[Affected]) -> str:
    """
    Return `MALICIOUS`, one of `RATINGS`, or ``""`` if the severity of *record* is unknown.

    The database's own word counts before the highest base score. A vector that is invalid counts as none.

    :param entries: those of the record about one project; they may have vectors of their own.
    """
    if is_malware(record.names):
        return MALICIOUS
    specific = record.database_specific
    word = specific.get("severity") if isinstance(specific, dict) else None
    if isinstance(word, str) and word.strip().lower() in _WORDS:
        return _WORDS[word.strip().lower()]
    vectors = [*(record.severity or ()), *(one for entry in entries for one in entry.severity or ())]
    return highest(map(_rating, vectors))


def highest(severities: Iterable[str]) -> str:
    """Return the highest of *severities*; ``""`` if none is known."""
    return max(severities, key=_rank, default="")


def is_refused(advisory: Advisory, rules: AdvisoryRules) -> bool:
    """Return whether *rules* refuse a release because of *advisory*."""
    if not advisory.severity:
        return rules.unknown_severity != "allow"
    # What is malicious ranks above all that a rule can name.
    return _rank(advisory.severity) > _rank(rules.max_severity)


def _rank(severity: str) -> int:
    order = ("", *RATINGS, MALICIOUS)
    return order.index(severity)


def _rating(vector: Score) -> str:
    score = _base_score(vector.type, vector.score)
    if score is None:
        return ""
    return next((rating for floor, rating in _FLOORS if score >= floor), RATINGS[0])


@functools.lru_cache(maxsize=1 << 12)
def _base_score(kind: str, vector: str) -> float | None:
    """Return the base score of a *vector*, 0 to 10; ``None`` if it is none of the version that *kind* names."""
    # Only a database with vectors needs it.
    from cvss import CVSS2, CVSS3, CVSS4, CVSSError  # noqa: PLC0415

    known = {"CVSS_V2": CVSS2, "CVSS_V3": CVSS3, "CVSS_V4": CVSS4}
    if kind not in known:
        return None
    try:
        whole = known[kind](vector)
        if kind == "CVSS_V4":
            whole = CVSS4("/".join(["CVSS:4.0", *(f"{name}:{whole.original_metrics[name]}" for name in _BASE_4)]))
    except CVSSError:
        return None
    return float(whole.scores()[0])
