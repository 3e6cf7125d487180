"""The rules about advisories: what holds without a further key."""

from __future__ import annotations

from pathlib import Path

from pypi_subset.model.intake.advisories import MALICIOUS, RATINGS, AdvisoryRules


def test_a_database_alone() -> None:
    """If ``subset.toml`` names only the database, each advisory is refused, and the database may be a week old."""
    rules = AdvisoryRules(path=Path("osv.zip"))
    assert (rules.max_severity, rules.unknown_severity, rules.max_age) == ("", "refuse", 7)
    assert "" not in RATINGS
    assert MALICIOUS not in RATINGS
