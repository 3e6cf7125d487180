"""Facts of a page, one at a time; `test_simple_api` has whole pages."""

from __future__ import annotations

import pytest

from pypi_subset.model.distributions import Standing
from pypi_subset.upstream.places import facts

SHA256, MD5 = "ab" * 32, "cd" * 16


@pytest.mark.parametrize(
    ("stated", "read"), [(True, ""), (False, None), ("bad", "bad"), ("", None), (None, None), (1, None)]
)
def test_yanks(stated: object, read: str | None) -> None:
    """A text is the reason, true is a yank without one; all else is none."""
    assert facts.yanked(stated) == read


def test_hashes() -> None:
    """Kinds of a fixed length with hexadecimal digits are taken; a sha256 that is none is an error."""
    assert facts.hashes_of({"sha256": SHA256.upper(), "md5": MD5, "blake": "ab", "sha1": "no"}) == {
        "sha256": SHA256,
        "md5": MD5,
    }
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        facts.hashes_of({"sha256": "ab"})


def test_metadata() -> None:
    """A hash, a promise without one, and none of both are three things."""
    found = [facts.metadata_hash(one) for one in ({"sha256": SHA256}, {}, True, False, None)]
    assert found == [SHA256, "", "", None, None]


def test_bounds_and_status() -> None:
    """A Requires-Python is text of a bounded number; only unusual statuses are told."""
    assert facts.requires_python(">=3.9") == ">=3.9"
    assert facts.requires_python("") is facts.requires_python(3) is None
    with pytest.raises(ValueError, match="more than 300 digits"):
        facts.requires_python(f">={'9' * 301}")
    assert facts.standing_of({"status": "archived", "reason": "old"}) == Standing(status="archived", reason="old")
    assert facts.standing_of({"status": "active"}) is facts.standing_of("archived") is None


def test_addresses_of_attestations() -> None:
    """They are https, and have no password."""
    assert facts.https_of("https://me:pw@host.example/a.provenance") == "https://host.example/a.provenance"
    assert facts.https_of("http://host.example/a") is facts.https_of(5) is None
