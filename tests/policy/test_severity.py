"""How severe an advisory is, in each form that records have, and what the rules let in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.model.intake.advisories import MALICIOUS, RATINGS, Advisory, AdvisoryRules
from pypi_subset.policy.osv import read_record
from pypi_subset.policy.severity import is_refused, severity_of
from tests.support.advisories.records import affected, record

LOW_3 = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
CRITICAL_3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
#: Base score 8.8; with ``E:U`` alone the whole score is medium.
HIGH_4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"


def severity(**more: Any) -> str:
    """Return the severity of a record with the fields *more*."""
    found = read_record(json.dumps(record("X-1") | more).encode())
    return severity_of(found, found.affected or ())


def vectors(*scores: tuple[str, str]) -> list[dict[str, str]]:
    """Return the field ``severity`` with these types and scores."""
    return [{"type": kind, "score": score} for kind, score in scores]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ""),
        ({"id": "MAL-2026-1", "database_specific": {"severity": "LOW"}}, MALICIOUS),
        ({"id": "mal-2026-1"}, MALICIOUS),
        ({"id": "GHSA-1", "aliases": ["MAL-2026-1"]}, MALICIOUS),
        ({"database_specific": {"severity": "LOW"}}, "low"),
        ({"database_specific": {"severity": "MODERATE"}}, "medium"),
        ({"database_specific": {"severity": "Medium"}}, "medium"),
        ({"database_specific": {"severity": "HIGH"}, "severity": vectors(("CVSS_V3", CRITICAL_3))}, "high"),
        ({"database_specific": {"severity": "CRITICAL"}}, "critical"),
        ({"database_specific": {"severity": "UNKNOWN"}, "severity": vectors(("CVSS_V3", LOW_3))}, "low"),
        ({"database_specific": {"severity": ["LOW"]}}, ""),
        ({"database_specific": {"severity": 3}}, ""),
        ({"database_specific": ["LOW"]}, ""),
        ({"severity": vectors(("CVSS_V3", LOW_3), ("CVSS_V3", CRITICAL_3))}, "critical"),
        ({"severity": vectors(("CVSS_V2", "AV:L/AC:M/Au:N/C:N/I:P/A:C"))}, "medium"),
        ({"severity": vectors(("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C"))}, "critical"),
        ({"severity": vectors(("CVSS_V4", HIGH_4))}, "high"),
        ({"severity": vectors(("CVSS_V4", f"{HIGH_4}/E:U/MVA:L"))}, "high"),
        ({"severity": vectors(("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"))}, "low"),
        ({"severity": vectors(("CVSS_V3", "9.8"))}, ""),
        ({"severity": vectors(("CVSS_V3", HIGH_4))}, ""),
        ({"severity": vectors(("CVSS_V3", "CVSS:3.1/AV:N"))}, ""),
        ({"severity": vectors(("CVSS_V3", CRITICAL_3 + "/E:X" * 1000))}, ""),
        ({"severity": vectors(("Ubuntu", "high"))}, ""),
        ({"severity": vectors(("CVSS_V3", ""), ("CVSS_V4", HIGH_4))}, "high"),
        ({"affected": [affected(severity=vectors(("CVSS_V3", CRITICAL_3)))]}, "critical"),
    ],
)
def test_severity(more: dict[str, Any], expected: str) -> None:
    """A malicious release comes first, then the database's own word, then the highest base score; else it is unknown."""
    assert severity(**more) == expected


PARTS = st.sampled_from(["AV:N", "AV:X", "AC:L", "AT:N", "PR:N", "UI:N", "S:C", "C:H", "I:H", "A:H", "VC:S", "SC:S", "E:U",
                         "MSI:S", "Au:N", "CR:X", "", ":", "::", "X", "CVSS:3.0", "é"])  # fmt: skip


@given(
    st.sampled_from(["CVSS_V2", "CVSS_V3", "CVSS_V4"]),
    st.sampled_from([LOW_3, HIGH_4, "AV:L/AC:M/Au:N/C:N/I:P/A:C", "CVSS:4.0"]),
    st.lists(PARTS, max_size=6),
)
def test_any_vector_is_read_or_unknown(kind: str, start: str, parts: list[str]) -> None:
    """No vector ends with another error."""
    assert severity(severity=vectors((kind, "/".join([start, *parts])))) in {"", *RATINGS}


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        ("", (*RATINGS, MALICIOUS)),
        ("low", ("medium", "high", "critical", MALICIOUS)),
        ("medium", ("high", "critical", MALICIOUS)),
        ("high", ("critical", MALICIOUS)),
        ("critical", (MALICIOUS,)),
    ],
)
def test_what_is_let_in(allowed: str, refused: tuple[str, ...]) -> None:
    """`max_severity` is the highest that is let in; no rule lets a malicious release in."""
    rules = AdvisoryRules(path=Path("osv.zip"), max_severity=allowed, unknown_severity="allow")
    found = [one for one in (*RATINGS, MALICIOUS) if is_refused(Advisory(ids=("X-1",), severity=one), rules)]
    assert found == [*refused]


def test_an_unknown_severity() -> None:
    """An advisory without a severity is refused, whatever is let in, unless the rules say otherwise."""
    unknown = Advisory(ids=("X-1",), severity="")
    assert is_refused(unknown, AdvisoryRules(path=Path("osv.zip"), max_severity="critical"))
    assert not is_refused(unknown, AdvisoryRules(path=Path("osv.zip"), unknown_severity="allow"))
