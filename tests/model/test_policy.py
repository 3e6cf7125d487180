"""What the user accepts: what an entry covers, when it ends, and when it is no longer needed."""

from __future__ import annotations

import re

from pypi_subset.model.policy import IMPORT, Acceptance, acceptance_of, has_expired, today, unneeded

ONE = Acceptance(rule=IMPORT, project="dash", reason="known", until="2026-12-31", origin="subset.toml:7")
LINUX = Acceptance(
    rule=IMPORT, project="dash", reason="known", until="2026-12-31", targets=("linux",), origin="subset.toml:9"
)


def test_an_entry_covers_its_rule_project_and_targets() -> None:
    """Another rule, project or target is not covered; an entry without targets covers all."""
    assert ONE.covers((IMPORT, "dash", "mac"))
    assert LINUX.covers((IMPORT, "dash", "linux"))
    for found in ((IMPORT, "dash", "mac"), ("gap", "dash", "linux"), (IMPORT, "dash-core", "linux")):
        assert not LINUX.covers(found)
    assert acceptance_of([LINUX, ONE], (IMPORT, "dash", "mac")) is ONE
    assert acceptance_of([LINUX], (IMPORT, "dash", "mac")) is None


def test_an_entry_holds_through_its_last_day() -> None:
    """The day of until itself is the last one."""
    assert not has_expired("2026-12-31", "2026-12-31")
    assert has_expired("2026-12-31", "2027-01-01")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", today())


def test_an_entry_that_covers_nothing_is_named() -> None:
    """An entry is no longer needed if its rule was tried where it holds, and found nothing."""
    words = "subset.toml:9: [[policy.accept]] of import for dash is no longer needed, remove it"
    assert unneeded([ONE, LINUX], [(IMPORT, "dash", "mac")], {"linux", "mac"}, ()) == [words]
    assert unneeded([LINUX], [], {"mac"}, ()) == []
    assert unneeded([LINUX], [], {"linux"}, {"mac"}) == [words]
    assert unneeded([LINUX, ONE], [], {"linux", "mac"}, {"linux"}) == []
