"""Waiting for a command, and ending it."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import BoxFailed
from pypi_subset.proof.isolation import running
from tests.support.sites.cases import OWN, box_of

if TYPE_CHECKING:
    from pathlib import Path

SLEEP: list[str | Path] = [OWN[0].path, "-I", "-c", "import time; time.sleep(60)"]


@pytest.fixture
def nowhere() -> int:
    """Return a descriptor that reads nothing and takes everything."""
    return os.open(os.devnull, os.O_RDWR)


def test_ending_a_box(tmp_path: Path, nowhere: int) -> None:
    """A box that was ended gives no code, and ends at once; ending it twice is no error."""
    started = time.monotonic()
    with box_of(tmp_path).started(SLEEP, (nowhere, nowhere, nowhere)) as box:
        box.end()
        assert box.wait(30) is None
        assert box.why == ""
    assert time.monotonic() - started < 30


def test_a_result_that_came_before_the_end(tmp_path: Path, nowhere: int) -> None:
    """A command that ended by itself keeps its code when the box is ended before anybody asked."""
    with box_of(tmp_path).started(["/bin/false"], (nowhere, nowhere, nowhere)) as box:
        assert isinstance(box, running.InBox)
        while not box._speaks(1, events=0):  # noqa: SLF001 - without reading
            pass
        box.end()
        assert box.wait(5) == 1


def test_a_box_whose_process_1_is_killed(tmp_path: Path, nowhere: int) -> None:
    """What ends a box that was made is the doing of its command, as where memory is short: no error of the machine."""
    with box_of(tmp_path).started(SLEEP, (nowhere, nowhere, nowhere)) as box:
        assert isinstance(box, running.InBox)
        assert box.channel.recv(100) == b"begun"
        box.begun = True
        assert box.launched is not None
        signal.pidfd_send_signal(box.launched, signal.SIGKILL)
        assert box.wait(30) == -signal.SIGKILL


@pytest.mark.slow
def test_a_command_cannot_interrupt_process_1(tmp_path: Path, nowhere: int) -> None:
    """A signal that Python handles, as that of Ctrl-C, does not end the box from inside."""
    code = "import os, signal, time; os.kill(1, signal.SIGINT); time.sleep(0.3)"
    with box_of(tmp_path).started([OWN[0].path, "-I", "-c", code], (nowhere, nowhere, nowhere)) as box:
        assert box.wait(30) == 0


@pytest.mark.parametrize(
    ("message", "error", "words"),
    [
        (b"", BoxFailed, "it ended without a word"),
        (b"refused unshare: EPERM", BoxFailed, "this system refuses it: unshare: EPERM"),
        (b"unstarted No such file: x", OSError, "No such file: x"),
    ],
)
def test_what_the_launcher_says(message: bytes, error: type[Exception], words: str) -> None:
    """A box that failed is an error of the machine, a program that is missing is not; a code is a code."""
    with pytest.raises(error, match=words):
        running._ended(message)  # noqa: SLF001
    assert running._ended(b"ended -9") == -9  # noqa: SLF001
