"""Entries of a page are what `json` reads, one after the other."""

from __future__ import annotations

import json

import pytest

from pypi_subset.support import bounds
from pypi_subset.upstream.transport.json_pages import entries_of

ENTRY = '{"filename": "app-1.0.tar.gz", "size": 1, "hashes": {}}'


@pytest.mark.parametrize(
    "text",
    [
        f'{{"files": [{ENTRY}, {{"size": {"9" * 400}}}], "project-status": {{"status": "archived"}}, "more": [null]}}',
        f'{{"files": [{ENTRY}, {{"size": -1, "size": 2.5e3, "yanked": "\\u00e4\\ud83d\\ude00"}}], "project-status": null}}',
        f'{{"files": [{ENTRY}, {{"yanked": "\\ud800"}}]}}',
        f'{{"files": [{ENTRY}, {{"size": NaN}}, {{"size": 1e999}}]}}',
        f'{{"project-status": "\\udfff", "files": [{ENTRY}]}}',
        f'{{"files": [1], "files": [{ENTRY}, "text", null, 1]}}',
        '{"files": []}',
        '{"files": {"app": 1}}',
    ],
)
def test_entries_are_what_json_reads(text: str) -> None:
    """Values are those of `json`: also numbers without an end, halves of surrogate pairs, and what occurs twice."""
    document = json.loads(text)
    entries, status = entries_of(text)
    assert json.dumps([*entries]) == json.dumps([*document["files"]])
    assert status == document.get("project-status")


@pytest.mark.parametrize("text", ["", "[1]", "{}", "{", '{"files": null}', '{"files": [}', '{"files": []} x'])
def test_what_is_no_page(text: str) -> None:
    """What has no files is an error of a kind that the caller knows."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        entries_of(text)


def test_an_entry_is_read_when_its_turn_comes() -> None:
    """An error in one entry comes when that is read: those before it are there."""
    entries, _ = entries_of('{"files": [1, 1e999, "\\ud800", 2]}')
    assert next(entries) == 1
    assert next(entries) == float("inf")


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with more files than any real one is refused."""
    monkeypatch.setattr(bounds, "MOST_LINKS", 2)
    entries_of('{"files": [1, 2]}')
    with pytest.raises(ValueError, match="more than 2 files"):
        entries_of('{"files": [1, 2, 3]}')
