"""What an import remembers of a release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.importer.records import Checked, record_in, record_of

if TYPE_CHECKING:
    from pathlib import Path

#: A record of one file.
DOCUMENT = {"files": {"a": ["0" * 64, 1, 1]}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a record."""
    return tmp_path / "3.json"


@pytest.mark.parametrize(
    "files",
    [
        *(
            [],
            {"a": 3},
            {"a": []},
            {"a": ["x", 1, 1]},
            {"a": ["0" * 64, "1", 1]},
            {"a": ["0" * 64, 1, None]},
            {"a": {}},
        ),
        # Only together they have the digits of two hashes.
        {"a": ["0" * 63, 1, 1], "b": ["0" * 65, 1, 1]},
        {"a": ["0" * 64, 1, 1], "b": ["0" * 64, True, 1]},
        {"a": ["0" * 64, 1, 1], "b": ["0" * 64, 1, 1.0]},
        {"a": ["0" * 64, 1, 1], "b": ["g" * 64, 1, 1]},
        {"a": ["0" * 64, 1, 1], "b": [1, 1, 1]},
        {"a": ["0" * 64, 1, 1], "b": ["0" * 64, 1, 1, 1]},
    ],
)
def test_damaged_files(path: Path, files: object) -> None:
    """A damaged record is an error."""
    path.write_text(json.dumps({"files": files}))
    with pytest.raises(Misused, match=r"3\.json is damaged; remove it"):
        record_in(str(path))


@pytest.mark.parametrize("walked", [[], 3, {"linux": 3}, {"linux": "1"}, {"linux": "0-1"}])
def test_damaged_list_of_walked_pins(path: Path, walked: object) -> None:
    """A list of other numbers than those of the files is damaged."""
    path.write_text(json.dumps({**DOCUMENT, "walked": walked}))
    with pytest.raises(Misused, match=r"3\.json is damaged; remove it"):
        record_in(str(path))


@pytest.mark.parametrize(
    "stated", [[], 3, {"0": 3}, {"0": []}, {"0": ["app"]}, {"0": ["app", 1]}, {"0": ["app", "1", None]}]
)
def test_damaged_statements(path: Path, stated: object) -> None:
    """What METADATA state is a name, a version and the names of projects."""
    path.write_text(json.dumps({**DOCUMENT, "stated": stated}))
    with pytest.raises(Misused, match=r"3\.json is damaged; remove it"):
        record_in(str(path))


def test_a_record_comes_back(path: Path) -> None:
    """What was written is read."""
    files = {"a": ("0" * 64, 1, 1), "b": ("1" * 64, 2, 2)}
    path.write_bytes(record_of(files, Checked({"linux": {"b"}}, {"2" * 64: ["app", "1.0", "lib"]})))
    record, checked = record_in(str(path))
    assert (record, checked.walked, checked.stated) == (files, {"linux": {"b"}}, {"2" * 64: ["app", "1.0", "lib"]})


def test_nothing_is_known(path: Path) -> None:
    """A record that is not there names no file; one of an earlier importer does not say what was checked."""
    assert (record_in(str(path))[0], record_in(str(path))[1].walked) == ({}, {})
    path.write_text(json.dumps(DOCUMENT))
    record, checked = record_in(str(path))
    assert (set(record), checked.walked, checked.stated) == ({"a"}, {}, {})
