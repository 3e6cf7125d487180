"""Ctrl-C: one line and the exit code 130; the second one ends a run at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.programs.commands import PYPI_SUBSET
from tests.support.programs.ending import PATIENCE
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")

TWICE = "interrupted twice: ended at once; run the same command again, which mends what is half done\n"
ONCE = "interrupted: nothing is half done\n"
#: What a program does after the first Ctrl-C → what it prints after the second one.
PHASES = {
    "mends": ("say(); time.sleep(60)", TWICE),
    "has printed its line": ("interrupts.report('nothing is half done'); say(); time.sleep(60)", ONCE),
    "ends its threads": (
        "interrupts.report('nothing is half done'); threading.Thread(target=time.sleep, args=[60]).start(); say()",
        ONCE,
    ),
    # Python's own end has no handler any more.
    "is at its very end": ("interrupts.report('nothing is half done'); last = Last()", ONCE),
}
PROGRAM = """
import sys, threading, time
from pypi_subset.cli.terminal import interrupts

def say(write=sys.stdout.write, flush=sys.stdout.flush):
    write("here\\n")
    flush()

class Last:
    def __del__(self, os=__import__("os"), sleep=time.sleep):
        os.write(1, b"here\\n")
        sleep(2)

interrupts.listen()
try:
    say()
    time.sleep(60)
except KeyboardInterrupt:
    {}
    sys.exit(interrupts.INTERRUPTED)
"""


@pytest.mark.parametrize("phase", PHASES)
def test_a_second_one(phase: str) -> None:
    """It ends the program at once, whatever the program does after the first; one line is printed in all."""
    then, said = PHASES[phase]
    command = [sys.executable, "-c", PROGRAM.format(then)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for _ in range(2):
            assert process.stdout.readline() == "here\n"
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (130, said)


def test_a_program_that_ignores_it_still_does() -> None:
    """A shell lets a command in the background ignore Ctrl-C."""
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from pypi_subset.cli.terminal import interrupts\ninterrupts.listen()\n"
        "for _ in range(3): signal.raise_signal(signal.SIGINT)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("pause", [0.02, 0.7])
def test_a_command_that_waits_for_an_index(workspace: Workspace, pause: float) -> None:
    """Whenever the second one comes, the exit code is 130, and standard error has one line."""
    workspace.write("base.txt", "demo\n")
    workspace.toml({"linux": "cp312-manylinux_2_28_x86_64"})
    asked, over = threading.Event(), threading.Event()

    def hold(_path: str) -> None:
        asked.set()
        over.wait(PATIENCE)

    with (
        Index({"demo": [make_wheel("demo")]}, on_request=hold) as index,
        subprocess.Popen(
            [*PYPI_SUBSET, "mirror", "-q"],
            cwd=workspace.root,
            env={**os.environ, "PIP_INDEX_URL": index.url},
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert asked.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
        over.set()
    assert process.returncode == 130
    assert errors.startswith("interrupted")
    assert errors.count("\n") == 1
