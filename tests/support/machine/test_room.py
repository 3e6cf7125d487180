"""Free room: what does not fit is one line with the numbers, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import DiskError
from pypi_subset.support.machine.room import Need, existing, free, require_room
from tests.support.programs.mounts import PRELUDE, run_mounted, small_disk

if TYPE_CHECKING:
    from pathlib import Path

#: Tries needs of the directories ``small`` and ``other``: names and bytes.
PROGRAM = f"""{PRELUDE}
from pypi_subset.support.machine.room import Need, require_room
needs = [Need(directory / name, int(size)) for name, size in (one.split("=") for one in sys.argv[2:])]
print(json.dumps([attempt(require_room, needs, "it"), names()]))
"""


def test_what_fits() -> None:
    """Nothing to write needs no file system at all."""
    require_room([], "it")


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        (("small/new/site=40960",), ""),
        (("small/a=40960", "small/b=40960"), "it needs 81.9 kB in {0}/small/a and {0}/small/b, where 65.5 kB are free"),
        (("small/a=70000", "other=1"), "it needs 70.0 kB in {0}/small/a, where 65.5 kB are free; free 4.5 kB there"),
        (
            ("small=70000", "other=40000"),
            "it needs 70.0 kB in {0}/small, where 65.5 kB are free; and 40.0 kB in {0}/other, where 32.8",
        ),
        (("small/a=0", "other=32768"), ""),
    ],
)
def test_needs_of_one_file_system_are_added(tmp_path: Path, needs: tuple[str, ...], said: str) -> None:
    """Two directories on one disk need the sum; the line has each disk that has too little, and nothing is written."""
    for name in ("small", "other"):
        (tmp_path / name).mkdir()
    mounts = f"{small_disk(tmp_path / 'small', '64k')} && {small_disk(tmp_path / 'other', '32k')}"
    error, names = run_mounted(mounts, PROGRAM, tmp_path, *needs)
    assert said.format(tmp_path) in (error or "")
    assert bool(error) == bool(said)
    assert names == ["other", "small"]


def test_the_line_is_an_error_of_the_disk(tmp_path: Path) -> None:
    """Its exit code says that the input is not at fault."""
    with pytest.raises(DiskError, match="there is not enough room") as caught:
        require_room([Need(tmp_path, free(tmp_path) + (1 << 40))], "it")
    assert (caught.value.exit_code, len(caught.value.lines)) == (3, 1)


def test_the_directory_that_exists(tmp_path: Path) -> None:
    """What a run will make is on the file system of the nearest directory above it."""
    (tmp_path / "file").touch()
    assert existing(tmp_path / "file/below") == existing(tmp_path / "a/b") == tmp_path
