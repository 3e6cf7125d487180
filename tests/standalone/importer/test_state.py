"""``state.json``: each of its values is checked before it is believed."""

from __future__ import annotations

from typing import Any

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.state import FIRST_STATE, State

RELEASE = {
    "serial": 1,
    "manifest": "0" * 64,
    "signer": "lab@example.org",
    "key": "SHA256:x",
    "created": "2026-01-01T00:00:00Z",
    "imported": "2026-01-02T00:00:00Z",
    "overrides": ["expired"],
}
ENTRY = {
    "path": "simple/app/app-1.0-py3-none-any.whl",
    "sha256": "1" * 64,
    "size": 3,
    "mtime": -1,
    "until": "2026-01-03T00:00:00Z",
}


def without(found: dict[str, Any], name: str) -> dict[str, Any]:
    """Return *found* without the value *name*."""
    return {key: value for key, value in found.items() if key != name}


def test_state_that_an_import_writes() -> None:
    """A state with all its parts is read, and written as it was."""
    highest = {"serial": 1, "manifest": "0" * 64}
    found = {**FIRST_STATE, "live": RELEASE, "highest": highest, "releases": [RELEASE], "grace": [ENTRY]}
    assert State(found).document() == {**found, "schema": "1.0"}


@pytest.mark.parametrize("part", ["live", "releases"])
@pytest.mark.parametrize(
    "release",
    [
        *({}, "x", [], {**RELEASE, "serial": True}, {**RELEASE, "serial": -1}, {**RELEASE, "overrides": [1]}),
        *(without(RELEASE, name) for name in RELEASE),
    ],
)
def test_damaged_release(part: str, release: object) -> None:
    """A release has all its values, each of its type."""
    with pytest.raises(Refused, match=r"state\.json"):
        State({**FIRST_STATE, part: [release] if part == "releases" else release})


@pytest.mark.parametrize("highest", [{}, [], {"serial": "x", "manifest": "0" * 64}, {"serial": 1, "manifest": "x"}])
def test_damaged_highest(highest: object) -> None:
    """The highest release has a number and a manifest."""
    with pytest.raises(Refused, match=r"state\.json"):
        State({**FIRST_STATE, "highest": highest})


@pytest.mark.parametrize(
    "entry",
    [
        *({}, "x", [], *(without(ENTRY, name) for name in ENTRY)),
        *({**ENTRY, "sha256": "x"}, {**ENTRY, "size": -1}, {**ENTRY, "mtime": "1"}, {**ENTRY, "until": "soon"}),
    ],
)
def test_damaged_entry(entry: object) -> None:
    """A file with a time of grace has all its values."""
    with pytest.raises(Refused, match="a file with a time of grace"):
        State({**FIRST_STATE, "grace": [entry]})


@pytest.mark.parametrize(
    "path",
    ["../../victim.txt", "/etc/passwd", "simple/../../x.whl", "simple/app/../../../x", "manifest.json", "x", ""],
)
def test_entry_that_leads_elsewhere(path: str) -> None:
    """Only a distribution of the site has a time of grace."""
    with pytest.raises(Refused, match=r"not one of a site|has no time of grace|is hidden|begins with"):
        State({**FIRST_STATE, "grace": [{**ENTRY, "path": path}]})
