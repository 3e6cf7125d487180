"""What a lock depends on among the rules about candidates."""

from __future__ import annotations

from pypi_subset.model.intake.rules import IntakeRules


def test_what_differs_from_the_defaults() -> None:
    """No rule, no text: locks of subsets without a policy stay as they are."""
    assert IntakeRules().stated == {}
    rules = IntakeRules(min_age=60, deny=(("evil", ""),), yanked="refuse", known_licenses=(("a", "MIT"),))
    assert rules.stated == {"min_age": 60, "deny": [["evil", ""]], "yanked": "refuse", "licenses": [["a", "MIT"]]}
