"""What is known of a locked file that is gone, in words."""

from __future__ import annotations

import pytest

from pypi_subset.model.intake.gone import Gone, Missing

FACTS = {"project": "acme", "version": "2.0", "filename": "acme-2.0-py3-none-any.whl", "since": "2026-01-31"}


@pytest.mark.parametrize(
    ("state", "suspicious"),
    [("gone", True), ("quarantined", True), ("yanked", False), ("local", False), ("changed", False)],
)
def test_what_may_do_harm(state: str, *, suspicious: bool) -> None:
    """A yank is the project's own word, a directory the user's own, and other bytes are an error of their own."""
    assert Missing(**FACTS, state=state, what="").suspicious is suspicious  # type: ignore[arg-type]


def test_one_in_words() -> None:
    """State, decision, release, locks, sentence and day."""
    found = Gone(**FACTS, state="gone", what="it is not there", decision="refused", locks=("base--linux", "base--mac"))
    assert str(found) == "gone, refused: acme 2.0 (base--linux, base--mac): it is not there (since 2026-01-31)"
