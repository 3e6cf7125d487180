"""Directories that one run at a time works in: by any name, with a line that says which run has it."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import DiskError, FolderError
from pypi_subset.support.machine import holding
from tests.support.programs.mounts import PRELUDE, read_only, run_mounted

if TYPE_CHECKING:
    from pathlib import Path

#: What a second run says of the first.
SAID = (
    r"another run is working in this directory: `[^`]+`, process \d+, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d; "
    "wait for it to end"
)


def test_a_folder_is_held_by_one_process(tmp_path: Path) -> None:
    """A second run is refused while the first one works, and gets in once that is killed."""
    code = f"""{PRELUDE}
with holding.exclusive(directory):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "work")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(FolderError, match=SAID):
            holding.exclusive(tmp_path / "work").__enter__()

        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with holding.exclusive(tmp_path / "work"):
        pass


def test_a_file_is_not_held(tmp_path: Path) -> None:
    """Where a file is in the place of the directory, the error names it, and it stays."""
    (tmp_path / "packages").write_text("mine")
    said = "packages: a file is in the place of a directory; move it away"
    with pytest.raises(FolderError, match=said), holding.exclusive(tmp_path / "packages"):
        pass
    assert (tmp_path / "packages").read_text() == "mine"


def test_the_error_names_the_run(tmp_path: Path) -> None:
    """The command and the process id of the run that works are in the line, and no argument of it."""
    code = f"{PRELUDE}\nsys.argv[:] = ['/bin/pypi-subset', 'fetch', '--url', 'https://user:secret@host/']\n"
    code += "with holding.exclusive(directory):\n    print(flush=True)\n    sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(DiskError, match=re.escape(f"`pypi-subset fetch`, process {holder.pid}, since")) as caught:
            holding.exclusive(tmp_path).__enter__()
        assert "secret" not in str(caught.value)
        holder.kill()


def test_a_run_elsewhere_is_named_with_its_host(tmp_path: Path) -> None:
    """On a shared file system the run may be one of another machine."""
    facts = {"command": "pypi-subset mirror", "process": 7, "host": "lab\x1b[31m", "since": "2026-01-02 03:04:05"}
    with holding.exclusive(tmp_path):
        (tmp_path / holding.RUNNING).write_text(json.dumps(facts))
        with pytest.raises(DiskError, match=r"`pypi-subset mirror`, process 7 on lab.*, since 2026") as caught:
            holding.exclusive(tmp_path).__enter__()
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("line", ["", "{", "[]", '{"command": 1}', "\x00"])
def test_a_line_that_says_nothing(tmp_path: Path, line: str) -> None:
    """Where the lock does not say which run has it, the error is about some run."""
    with holding.exclusive(tmp_path):
        (tmp_path / holding.RUNNING).write_text(line)
        with pytest.raises(DiskError, match="another run is working in this directory; wait for it to end"):
            holding.exclusive(tmp_path).__enter__()


@pytest.mark.parametrize("name", ["site", "link", "elsewhere/../site", "other/link"])
def test_a_directory_is_held_under_all_of_its_names(tmp_path: Path, name: str) -> None:
    """A symbolic link, one in the place of a parent, or a way around leads to the same lock, which goes with the block."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/elsewhere").mkdir()
    (tmp_path / "real/link").symlink_to("site")
    (tmp_path / "real/other").symlink_to(".")
    with holding.beside(tmp_path / "real/site"), pytest.raises(DiskError, match=SAID):
        holding.beside(tmp_path / "real" / name).__enter__()
    assert {one.name for one in (tmp_path / "real").iterdir()} == {"elsewhere", "link", "other"}


def test_a_bind_mount_is_no_way_around(tmp_path: Path) -> None:
    """The same directory at another place of the file system has the same lock."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    bind = f"mount --bind {shlex.quote(str(tmp_path / 'here'))} {shlex.quote(str(tmp_path / 'there'))}"
    code = f"{PRELUDE}\nprint(json.dumps(attempt(holding.beside(directory / 'site').__enter__)))"
    with holding.beside(tmp_path / "here/site"):
        assert re.search(SAID, run_mounted(bind, code, tmp_path / "there"))
    assert run_mounted(bind, code, tmp_path / "there") is None


def test_a_directory_that_is_replaced_stays_held(tmp_path: Path) -> None:
    """The new directory of that name is the held one too."""
    site = tmp_path / "site"
    site.mkdir()
    with holding.beside(site):
        site.rename(tmp_path / "old")
        site.mkdir()
        with pytest.raises(DiskError, match=SAID):
            holding.beside(site).__enter__()
    with holding.beside(site):
        pass


def test_neighbours_are_not_held(tmp_path: Path) -> None:
    """Two directories side by side have a lock each."""
    with holding.beside(tmp_path / "one"), holding.beside(tmp_path / "two"):
        pass


def test_what_is_absent_stays_absent(tmp_path: Path) -> None:
    """A run that fails has made no directory above the one that it holds."""
    with pytest.raises(KeyError), holding.beside(tmp_path / "a/b/site"):
        raise KeyError
    assert [*tmp_path.iterdir()] == []


def test_a_lock_that_goes_is_taken_once(tmp_path: Path) -> None:
    """Many processes that wait for a lock which is removed each time never hold it together."""
    code = f"""{PRELUDE}
import os
for _ in range(40):
    while True:
        try:
            with holding.beside(directory / "site"):
                os.mkdir(directory / "alone")
                os.rmdir(directory / "alone")
            break
        except FolderError as error:
            if "another run" not in str(error):
                raise
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [run.communicate()[1] for run in runs] == [""] * 4
    assert [*tmp_path.iterdir()] == []


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """Who may not write beside a site cannot replace it, and holds nothing."""
    code = f"{PRELUDE}\nwith holding.beside(directory / 'site'):\n    print(json.dumps(names()))"
    assert run_mounted(read_only(tmp_path), code, tmp_path) == []


def test_a_lock_follows_no_link(tmp_path: Path) -> None:
    """A link under the name of the lock is an error, and what it leads to stays as it was."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / holding.RUNNING).symlink_to(victim)
    with pytest.raises(FolderError), holding.exclusive(tmp_path):
        pass
    assert victim.read_bytes() == b"precious"


def test_a_lock_is_not_truncated(tmp_path: Path) -> None:
    """A second name of another file keeps its bytes."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / holding.RUNNING).hardlink_to(victim)
    with holding.exclusive(tmp_path):
        assert victim.read_bytes() == b"precious"
    assert victim.read_bytes() == b"precious"
