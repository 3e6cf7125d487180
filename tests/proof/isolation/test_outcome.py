"""One command from its start to its end: its code, its output, and what holds neither."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.isolation import outcome as module
from pypi_subset.proof.isolation.outcome import outcome
from tests.support.sites.cases import OWN, box_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("isolated", [True, False], ids=["box", "open"])]


def run(folder: Path, code: str, *, isolated: bool, timeout: float = 30) -> module.Outcome:
    """Return how *code* ended."""
    box = replace(box_of(folder), isolated=isolated)
    return outcome(box, [OWN[0].path, "-I", "-B", "-c", code], timeout)


def test_both_streams(tmp_path: Path, isolated: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """What the command wrote to each stream, and its code; a signal is a negative code."""
    code = "import os; os.write(1, b'out' * 99999); os.write(2, b'err' * 99999); os.abort()"
    done = run(tmp_path, code, isolated=isolated)
    assert (done.code, done.why) == (-6, "")
    assert (done.stdout, done.stderr) == (b"out" * 99999, b"err" * 99999)


def test_more_than_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolated: bool) -> None:  # noqa: FBT001
    """A command that writes without end is not read without end."""
    monkeypatch.setattr(module, "MOST", 1 << 20)
    done = run(tmp_path, "while True: print('x' * 1000)", isolated=isolated, timeout=10)
    assert (done.code, done.why) == (None, "did not end within 10 s")
    assert 1 << 20 <= len(done.stdout) <= (1 << 20) + (1 << 16)


def test_a_pipe_that_is_held_open(tmp_path: Path, isolated: bool) -> None:  # noqa: FBT001
    """A process that left the group of the command keeps nobody waiting for the end of its output."""
    code = "import os, time; os.fork() or (os.setsid(), time.sleep(20)); print('x', flush=True)"
    done = run(tmp_path, code, isolated=isolated)
    assert (done.code, done.stdout) == (0, b"x\n")


def test_a_program_that_cannot_be_started(tmp_path: Path, isolated: bool) -> None:  # noqa: FBT001
    """It is an error of the caller's, not of the machine."""
    box = replace(box_of(tmp_path), isolated=isolated)
    with pytest.raises(OSError, match="No such file"):
        outcome(box, ["/absent/program"], 5)
