"""The next step about releases that the policy refuses."""

from __future__ import annotations

import pytest

from pypi_subset.errors import PolicyError


@pytest.mark.parametrize("resolves", [False, True])
def test_an_update_is_no_way_to_another_licence(resolves: bool) -> None:  # noqa: FBT001
    """A run that resolves by the list of today has looked for one; other rules have that way, whatever else is found."""
    license_, other = "base--linux: app 1.0: license: its licence is GPL", "base--linux: lib 1.0: deny"
    alone = PolicyError([license_], resolves=resolves).next_step
    assert "update" not in alone
    assert ("run `pypi-subset mirror` if the list" in alone) is not resolves
    both = PolicyError([license_, other], resolves=resolves).next_step
    assert both.startswith("run `pypi-subset update`")
    assert "licenses = { NAME" in both


def test_nothing_lets_a_malicious_release_in() -> None:
    """An acceptance is proposed only if it would cover one of them."""
    one, other = "base--linux: app 1.0: app 1.0 is malicious (MAL-1)", "base--linux: lib 1.0: deny"
    assert "accept it" not in PolicyError([one], final=1).next_step
    both = PolicyError([one, other], final=1).next_step
    assert "accept it with [[policy.accept]]" in both
    assert both.endswith("no [[policy.accept]] covers a malicious release")
