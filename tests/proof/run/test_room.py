"""Room for a proof is looked at before the first case, with the numbers of the disk."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import DiskError
from pypi_subset.proof.run import room
from pypi_subset.targets import tag
from tests.support.programs.commands import PYPI_SUBSET, run
from tests.support.programs.mounts import small_disk, unshare
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WINDOWS = tag.parse("windows", "cp312-win_amd64")
LINUX = tag.parse("linux", "cp312-manylinux2014_x86_64")
#: It takes hardly any room as it is, and three million bytes unpacked.
LARGE = make_wheel("large", files={"large/zeros.bin": bytes(3_000_000)})
SMALL = make_wheel("small", requires=["large; sys_platform == 'win32'"])


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset with a large installation for Windows, and a small one for Linux."""
    pins = {"windows": [SMALL, LARGE], "linux": [SMALL]}
    return SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS, LINUX], lines=["small"], pins=pins).write()


def test_sizes_of_installations(subset: SubsetOnDisk) -> None:
    """They are those of the files in the wheels, for each set and target."""
    found = room.installations(subset.paths.site)
    assert 3_000_000 < found["base", "windows"] < 3_010_000
    assert 0 < found["base", "linux"] < 10_000
    assert room.installations(subset.paths.site, ["linux"]) == {("base", "linux"): found["base", "linux"]}


def test_fewer_cases_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the largest installation finds room for, and one at least."""
    monkeypatch.setattr(room, "free", lambda _: 100)
    assert [room.at_a_time(4, {("a", "b"): size}, tmp_path) for size in (1, 25, 30, 90, 200)] == [4, 4, 3, 1, 1]
    assert room.at_a_time(4, {}, tmp_path) == 4


def test_the_line_travels() -> None:
    """The error of the process that proves is that of the process that started it."""
    one = DiskError("there is no room", next_step="make some")
    assert str(room.received(["noise", room.sent(one)])) == str(one)
    assert "room" in str(room.received([]))


@pytest.mark.slow
@pytest.mark.parametrize(("size", "words", "code"), [("2m", ["--processes", "2"], 3), ("8m", ["--processes", "4"], 0)])
def test_a_small_disk(subset: SubsetOnDisk, tmp_path: Path, size: str, words: Sequence[str], code: int) -> None:
    """Too little for the largest set is one line with the numbers; if there is room for some at a time, a line says that."""
    disk = tmp_path / "disk"
    disk.mkdir()
    paths = subset.paths
    places = [f"--{name}={getattr(paths, name)}" for name in ("requirements", "packages", "site")]
    script = f'{small_disk(disk, size)} && exec "$0" "$@"'
    command = [*unshare(), "sh", "-c", script, *PYPI_SUBSET, "verify", "--unisolated", *places, *words]
    done = run(command, tmp_path, TMPDIR=str(disk))
    assert done.returncode == code, done.stderr
    if code:
        assert done.stderr.count("error: ") == 1
        assert f"there is not enough room: verify, for base on windows, needs 3.0 MB in {disk}, where " in done.stderr
        assert not (paths.site / "proof/report.json").exists()
    else:
        assert "note: verify proves 2 of 4 cases at the same time" in done.stderr + done.stdout
    assert sys.platform == "linux"
