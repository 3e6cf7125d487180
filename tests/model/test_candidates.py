"""The key of a candidate: one place of the bytes, one key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution

WHEEL = "app-1.0-py3-none-any.whl"
ONE = Distribution(filename=WHEEL, project=canonicalize_name("app"), version=Version("1.0"))


def test_a_key_is_that_of_the_place() -> None:
    """Candidates of one URL share a key, whatever else is known; those of two URLs, or of two paths, have two keys."""
    there = Candidate(distribution=structs.replace(ONE, url=f"https://index.example/{WHEEL}"), source="one")
    again = replace(there, source="two", metadata="")
    elsewhere = replace(there, distribution=structs.replace(ONE, url=f"https://other.example/{WHEEL}"))
    local = [Candidate(distribution=ONE, source="folder", path=Path(name, WHEEL)) for name in ("a", "b")]

    assert again.key == there.key
    assert len({one.key for one in (there, elsewhere, *local)}) == 4
    assert len(there.key) == 24
    assert set(there.key) <= set("0123456789abcdef")
