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
    entries, status = entries_of(text, "app")
    assert json.dumps([*entries]) == json.dumps([*document["files"]])
    assert status == document.get("project-status")


@pytest.mark.parametrize("text", ["", "[1]", "{}", "{", '{"files": null}', '{"files": [}', '{"files": []} x'])
def test_what_is_no_page(text: str) -> None:
    """What has no files is an error of a kind that the caller knows."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        entries_of(text, "app")


OTHER = '{"filename": "other-1.0.tar.gz"}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'{{"meta": {{"api-version": "2.0"}}, "name": "app", "files": [{ENTRY}]}}', "of version 2.0 of the API"),
        ('{"meta": {"api-version": "10.1"}, "files": []}', "of version 10.1 of the API"),
        ('{"meta": {"api-version": 2}, "files": [1e999]}', "of version 2 of the API"),
        ('{"meta": {"api-version": "1.0"}, "name": "other", "files": []}', "the page of other"),
        (f'{{"name": "other", "files": [{OTHER}]}}', "the page of other"),
        (f'{{"name": "other", "files": [{OTHER}, {{"size": NaN}}]}}', "the page of other"),
        ('{"meta": {"api-version": "1.0"}, "name": "app"}', "no list of files"),
        ('{"files": null}', "no list of files"),
        ('{"error": "x"}', "no list of files"),
    ],
)
def test_what_is_no_page_of_the_project(text: str, words: str) -> None:
    """Another major version of the API (PEP 629), another project, and what has no files (PEP 691)."""
    with pytest.raises(ValueError, match=words):
        entries_of(text, "app")


@pytest.mark.parametrize(
    "text",
    [
        f'{{"meta": {{"api-version": "1.9"}}, "name": "App", "files": [{ENTRY}]}}',
        f'{{"name": "other", "files": [{ENTRY}]}}',
        f'{{"meta": {{"api-version": "?"}}, "name": null, "files": [{ENTRY}]}}',
        f'{{"meta": 1, "files": [{ENTRY}]}}',
    ],
)
def test_what_is_a_page_of_the_project(text: str) -> None:
    """A later minor version, a name as the project spells it, and a page that lists its files."""
    assert len([*entries_of(text, "app")[0]]) == 1


def test_an_entry_is_read_when_its_turn_comes() -> None:
    """An error in one entry comes when that is read: those before it are there."""
    entries, _ = entries_of('{"files": [1, 1e999, "\\ud800", 2]}', "app")
    assert next(entries) == 1
    assert next(entries) == float("inf")


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with more files than any real one is refused."""
    monkeypatch.setattr(bounds, "MOST_LINKS", 2)
    entries_of('{"files": [1, 2]}', "app")
    with pytest.raises(ValueError, match="more than 2 files"):
        entries_of('{"files": [1, 2, 3]}', "app")


def test_a_linked_page() -> None:
    """A location of ``find-links`` may be the page of another project, whose status is none of this one."""
    page = {
        "name": "beta",
        "files": [{"filename": "beta-1.0-py3-none-any.whl"}],
        "project-status": {"status": "quarantined"},
    }
    entries, status = entries_of(json.dumps(page), "app", linked=True)
    assert ([*entries], status) == (page["files"], None)
    assert entries_of(json.dumps(page | {"name": "App"}), "app", linked=True)[1] == {"status": "quarantined"}
    with pytest.raises(ValueError, match="version 2"):
        entries_of(json.dumps(page | {"meta": {"api-version": "2.0"}}), "app", linked=True)
