"""The list of all files that were ever locked."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import FolderError, HashMismatch, LockError
from pypi_subset.locks import memory

if TYPE_CHECKING:
    from pathlib import Path

A, B = "app-1.0-py3-none-any.whl", "lib-2.0-py3-none-any.whl"
KNOWN = {B: "b" * 64, A: "a" * 64}


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Sorted by name, the same bytes for the same files, not written again if it is the same; none is empty."""
    folder = tmp_path / "lock"
    assert memory.read(folder) == {}
    memory.write(folder, KNOWN)
    assert memory.read(folder) == KNOWN
    path = folder / memory.FILE
    assert path.read_text().splitlines()[1:] == [f"{'a' * 64}  {A}", f"{'b' * 64}  {B}"]
    before = path.stat().st_ino
    memory.write(folder, dict(sorted(KNOWN.items())))
    assert path.stat().st_ino == before


def test_sha256sum_reads_it(tmp_path: Path) -> None:
    """The usual tool compares the files of a directory with it."""
    (tmp_path / A).write_bytes(b"x")
    memory.write(tmp_path / "lock", {A: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"})
    done = subprocess.run(
        ["sha256sum", "-c", "lock/hashes.txt"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{A}: OK\n"


@pytest.mark.parametrize(
    "line",
    [
        f"{'a' * 63}  {A}",
        f"{'a' * 64} {A}",
        f"{'a' * 64}  ../../{A}",
        f"{'a' * 64}  {A}  more",
        f"{'c' * 64}  {B}",
        "",
        "\udcff",
    ],
)
def test_damage_is_an_error(tmp_path: Path, line: str) -> None:
    """A line that is none, or a second hash of a file, is never passed over."""
    memory.write(tmp_path, KNOWN)
    with (tmp_path / memory.FILE).open("a", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(f"{line}\n")
    with pytest.raises(LockError, match=r"damaged: this is no line .*; restore it from version control") as raised:
        memory.read(tmp_path)
    assert not line or line not in str(raised.value)


def test_other_bytes_are_an_error() -> None:
    """The error names both hashes and the way out; what is new or the same is none."""
    memory.require_same(KNOWN, {A: "a" * 64, "new-1.0-py3-none-any.whl": "c" * 64})
    with pytest.raises(HashMismatch) as raised:
        memory.require_same(KNOWN, {A: "c" * 64})
    assert str(raised.value) == (
        f"{A} has other bytes than when it was locked: sha256 {'c' * 64} now, {'a' * 64} then; "
        f"find out who changed it; if you trust the new file, run `pypi-subset update --forget {A}`"
    )


def test_names_that_differ_in_case_are_one_file() -> None:
    """Windows and macOS would replace one by the other; the same bytes under another spelling are the same file."""
    twin = A.replace("app", "App")
    memory.require_same(KNOWN, {twin: "a" * 64})
    with pytest.raises(HashMismatch, match=f"{twin} has other bytes than when it was locked as {A}: .*--forget {A}"):
        memory.require_same(KNOWN, {twin: "c" * 64})


@pytest.mark.parametrize("kind", ["pipe", "dangling link"])
def test_what_is_no_file_is_no_empty_list(tmp_path: Path, kind: str) -> None:
    """A list that cannot be read is an error: without it, any bytes would be new."""
    path = tmp_path / memory.FILE
    path.symlink_to(tmp_path / "nowhere") if kind == "dangling link" else os.mkfifo(path)
    with pytest.raises(FolderError):
        memory.read(tmp_path)


def test_forgetting_is_by_name() -> None:
    """What was never locked cannot be forgotten; the nearest name is told."""
    assert memory.without(KNOWN, [A]) == {B: "b" * 64}
    with pytest.raises(LockError, match=f"no file 'app-1.1-py3-none-any.whl' was locked here; did you mean '{A}'"):
        memory.without(KNOWN, ["app-1.1-py3-none-any.whl"])
