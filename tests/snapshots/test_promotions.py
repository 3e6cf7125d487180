"""The record of promotions: appended, never replaced by less."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model import documents
from pypi_subset.snapshots import promotions
from pypi_subset.snapshots.promotions import Promotion
from tests.support.checkout import schema

if TYPE_CHECKING:
    from pathlib import Path


def entry(channel: str, serial: int) -> Promotion:
    """Return an entry."""
    return Promotion(
        channel=channel,
        to="/srv/www",
        source="test",
        snapshot="2026-11",
        manifest="a" * 64,
        previous="",
        serial=serial,
        how="published",
        by="ada",
        when="2026-11-29T10:00:00.000000Z",
        why="",
    )


def test_entries_come_last(tmp_path: Path) -> None:
    """Each channel has its own in the order of time; the file fits its schema."""
    assert promotions.read(tmp_path).promotions == ()
    for one in (entry("test", 1), entry("prod", 1), entry("test", 2)):
        promotions.append(tmp_path, one)
    found = promotions.read(tmp_path)
    assert [one.serial for one in found.of("test")] == [1, 2]
    document = json.loads(documents.encode(found))
    jsonschema.Draft202012Validator(schema("promotions")).validate(document)
    assert document["promotions"][0]["from"] == "test"
    assert documents.encode(found) == (tmp_path / ".snapshots" / promotions.FILE).read_bytes()


def test_a_damaged_record_stops_a_promotion(tmp_path: Path) -> None:
    """It is not replaced by one that has forgotten the rest."""
    promotions.append(tmp_path, entry("test", 1))
    path = tmp_path / ".snapshots" / promotions.FILE
    path.write_bytes(path.read_bytes()[:-20])
    before = path.read_bytes()
    with pytest.raises(SubsetError, match="the record of promotions is damaged"):
        promotions.append(tmp_path, entry("test", 2))
    assert path.read_bytes() == before
