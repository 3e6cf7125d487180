"""The launcher: one for each process, started when it is needed, and again when it is gone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from pypi_subset.errors import BoxFailed
from pypi_subset.proof.isolation import cgroups, launching
from pypi_subset.proof.isolation.box import Box
from pypi_subset.proof.isolation.outcome import outcome


def launchers() -> set[int]:
    """Return the process ids of this process's launchers."""
    found = set()
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words, status = line.read_bytes().split(b"\0"), (line.parent / "status").read_text()
        except OSError:
            continue
        if os.fsencode(launching.SCRIPT) in words and f"\nPPid:\t{os.getpid()}\n" in status:
            found.add(int(line.parent.name))
    return found


def works(folder: Path) -> bool:
    """Whether a command runs in a box."""
    return outcome(Box(shown=(), folder=folder), ["/bin/true"], 30).code == 0


def test_one_for_all(tmp_path: Path) -> None:
    """Two boxes have the same launcher."""
    assert works(tmp_path)
    before = launchers()
    assert works(tmp_path)
    assert launchers() == before
    assert before


def test_a_launcher_that_was_killed(tmp_path: Path) -> None:
    """The box that needed it is an error of the machine; the next one has a new launcher."""
    assert works(tmp_path)
    for one in launchers():
        os.kill(one, signal.SIGKILL)
    with pytest.raises(BoxFailed, match="a box could not do its work: the launcher"):
        works(tmp_path)
    assert works(tmp_path)


def test_a_box_that_was_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused is said, even if the process that was refused is gone before anything looks for it."""

    def late(process: int) -> int:
        while Path("/proc", str(process)).exists():
            time.sleep(0.01)
        return opened(process)

    opened = os.pidfd_open
    monkeypatch.setattr(os, "pidfd_open", late)
    monkeypatch.setattr(cgroups, "make", lambda *_: tmp_path / "nowhere")
    with pytest.raises(BoxFailed, match=r"this system refuses it: FileNotFoundError.*nowhere"):
        works(tmp_path)


def test_a_forked_process_has_its_own(tmp_path: Path) -> None:
    """A process that was forked does not share the launcher of its parent."""
    assert works(tmp_path)
    child = os.fork()
    if child == 0:
        mine = launchers()
        os._exit(0 if works(tmp_path) and launchers() != mine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_it_ends_with_its_process() -> None:
    """Closing the socket ends the launcher."""
    one, before = launching.Launcher(), launchers()
    one._orders = one._started()  # noqa: SLF001 - without a box
    until = time.monotonic() + 30
    # For a moment the new process still has the name of this one.
    while not (found := launchers() - before) and time.monotonic() < until:
        time.sleep(0.01)
    (new,) = found
    one.close()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if os.waitpid(new, os.WNOHANG)[0] == new:
            return
        time.sleep(0.02)
    pytest.fail("it is still there")
