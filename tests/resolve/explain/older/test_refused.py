"""The list of releases that the policy keeps away."""

from __future__ import annotations

from pypi_subset.model.intake.verdicts import PassedOver
from pypi_subset.resolve.explain.older.refused import LINES, refused_lines


def entry(target: str = "linux", version: str = "2.0", sentence: str = "deny: x") -> PassedOver:
    """Return a release of app that is passed over."""
    return PassedOver(
        set="base", target=target, project="app", version=version, rule="deny", sentence=sentence, instead="1.0"
    )


def test_equal_verdicts_share_a_line() -> None:
    """The line names the release, the reason, what is taken, and where."""
    assert refused_lines([entry(), entry("windows"), entry(sentence="app 2.0 has X-1; fixed in 3.0")]) == [
        "releases that the policy keeps away:",
        "  app 2.0: deny: x; 1.0 is taken (base--linux, base--windows)",
        "  app 2.0 has X-1; fixed in 3.0; 1.0 is taken (base--linux)",
    ]


def test_a_long_list_is_counted() -> None:
    """The first lines are shown; an empty list has no heading."""
    lines = refused_lines([entry(version=f"2.{number}") for number in range(LINES + 3)])
    assert len(lines) == LINES + 2
    assert lines[-1] == "  and 3 more: `--json`"
    assert refused_lines([]) == []
