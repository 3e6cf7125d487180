"""The list of what is gone, as a file in the packages directory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model.intake.gone import Missing
from pypi_subset.packages import gone_list

if TYPE_CHECKING:
    from pathlib import Path

ONE = Missing(
    project="acme",
    version="2.0",
    filename="acme-2.0-py3-none-any.whl",
    state="gone",
    what="the index does not list it any more",
    since="2026-01-31",
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Sorted, with a version of its form; an empty list is a file too: it says that a run has looked."""
    other = replace(ONE, filename="aaa-1.0-py3-none-any.whl", project="aaa", version="1.0", state="yanked")
    assert gone_list.read(tmp_path) == ()
    assert not gone_list.is_kept(tmp_path)
    gone_list.write(tmp_path, [ONE, other])
    assert gone_list.read(tmp_path) == (other, ONE)
    path = tmp_path / gone_list.FILE
    assert json.loads(path.read_bytes())["schema"] == "1.0"
    before = path.stat().st_mtime_ns
    gone_list.write(tmp_path, [other, ONE])
    assert path.stat().st_mtime_ns == before
    gone_list.write(tmp_path, [])
    assert gone_list.read(tmp_path) == ()
    assert gone_list.is_kept(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema": "1.0", "files": [1]}'])
def test_a_damaged_list_is_an_error(tmp_path: Path, data: bytes) -> None:
    """It is not taken for an empty one."""
    (tmp_path / gone_list.FILE).write_bytes(data)
    with pytest.raises(SubsetError, match="the list of files that are gone is damaged; delete it"):
        gone_list.read(tmp_path)
